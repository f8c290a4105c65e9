"""From a table to workloads: lists multiply, and what a table leaves out has its default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

from wiretax.channels.bodies.payloads import KINDS
from wiretax.channels.profiles import load_profile, profile_names
from wiretax.channels.workload import ATTRIBUTES, LIBRARY, Workload
from wiretax.channels.workload.rate_stages import as_text
from wiretax.load.plan.capacity import Capacity
from wiretax.load.plan.stages import stages_of
from wiretax.toml_errors import unknown_word

# A slice holds at least 200 arrivals, so a lower rate would make slices longer than 20 s.
LEAST_RATE = 10.0
MOST_S = {"linger": 10.0, "rtt": 60.0}

KEYS = {each.key: each for each in ATTRIBUTES if each.key is not None}
WORDS: dict[str, tuple[str, ...]] = {
    **{key: each.words for key, each in KEYS.items() if each.words},
    "payload_kind": tuple(KINDS),
    "client": (*profile_names(), LIBRARY),
}


def refuse_unknown_words(table: Mapping[str, Any]) -> None:
    """Check the values that have to be one of a few words.

    Raises:
        ValueError: at the first that is another.
    """
    for key, words in WORDS.items():
        for value in _listed(table.get(key)):
            unknown = unknown_word(value, words, key)
            if unknown is not None:
                raise ValueError(unknown)


def count(table: Mapping[str, Any]) -> int:
    """How many workloads a table stands for, without making any."""
    return prod(len(_listed(table[key])) for key in KEYS if key in table)


def expand(
    table: Mapping[str, Any], users: int, https: bool | None = None, capacity: Capacity | None = None
) -> Iterator[Workload]:
    """Each workload that a table stands for.

    Args:
        table: values by key, or lists of values; text where a plan has text.
        users: users of the plan, each of which can be a publisher.
        https: whether the given endpoint uses TLS; None if the built-in mock is measured.
        capacity: the search for the workloads' rates; None if they name their rates, or have none.

    Raises:
        ValueError: with the key, what was given and what was expected.
    """
    _refuse_keys(table, https is not None, capacity is not None)
    defaults: dict[str, Any] = {"tls": bool(https)}
    if "rate" in table or "stages" in table or capacity is not None:
        defaults["publishers"] = users
    if capacity is not None and table["api"] == "batch":
        defaults["linger_s"] = capacity.linger_s
    if "stages" in table:
        stages = stages_of(table["stages"])
        defaults |= {"rate": stages.mean, "stages": as_text(stages)}
    for values in product(*(_listed(table[key]) for key in KEYS if key in table)):
        given = dict(zip((key for key in KEYS if key in table), values, strict=True))
        columns = {**defaults, **{KEYS[key].column: _parse(key, value) for key, value in given.items()}}
        client = columns.get("client", Workload.of().transport.client)
        columns.setdefault("connection", load_profile(client).connection)
        workload = Workload.of(**columns)
        if workload.queued or capacity is not None:
            _refuse_queue(workload, given, users)
        if capacity is not None:
            capacity.refuse(workload)
        yield workload


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _parse(key: str, value: Any) -> Any:
    parse = KEYS[key].parse
    if parse is None:
        return value
    try:
        return parse(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _refuse_keys(table: Mapping[str, Any], has_endpoint: bool, searches: bool) -> None:
    """Keys that are missing, or that don't go with each other; ``searches``: the plan searches for the rates."""
    api = table["api"]
    given = next((key for key in ("rate", "stages") if key in table), None)
    if searches and given:
        raise ValueError(f"{given} is what [capacity] searches for; leave out one of the two")
    if "rate" in table and "stages" in table:
        raise ValueError("rate and stages: expected one of them; the first stage of stages has a rate")
    for key, attribute in KEYS.items():
        if table.get(key) == []:
            raise ValueError(f"{key} is an empty list; give it a value or leave it out")
        if key in table and attribute.api not in (None, api):
            raise ValueError(f'{key} goes with api = "{attribute.api}", not with {api!r}; leave it out')
        if key not in table and attribute.api == api:
            raise ValueError(f'api = "{api}" needs {key}')
        if key in table and attribute.of_queue and not given and not searches:
            raise ValueError(f'{key} goes with rate = "500/s" or the like; without a rate there is no queue')
    if "linger" in table and api == "trigger":
        raise ValueError('linger goes with api = "batch": a trigger waits for no second event')
    if "rtt" in table and has_endpoint:
        raise ValueError("rtt needs the built-in mock; remove rtt or the endpoint")


def _refuse_queue(workload: Workload, given: Mapping[str, Any], users: int) -> None:
    """A queue that can't be drained as the table says."""
    api, transport, arrivals = workload.call.api, workload.transport, workload.arrivals
    if api == "multi_trigger" or transport.by_library:
        what = f"api = {api!r}" if api == "multi_trigger" else f"client = {transport.client!r}"
        queue = "rate" if workload.queued else "[capacity]"
        raise ValueError(f'{queue} goes with api = "trigger" or "batch" of a client\'s profile, not with {what}')
    if not 1 <= arrivals.publishers <= users:
        raise ValueError(
            f"publishers = {arrivals.publishers}, expected 1 to {users}, the plan's users: each has a connection"
        )
    if workload.queued and arrivals.rate < LEAST_RATE:
        raise ValueError(f"rate = {given['rate']!r}, expected 10/s or more: a slice has to hold 200 events")
    for key, most in MOST_S.items():
        if key in given and KEYS[key].value(workload) > most:
            raise ValueError(f"{key} = {given[key]!r}, expected 0s to {most:g}s")
