"""``wiretax advise``: its options, checked, and the advice printed. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wiretax.channels.endpoint import PLAIN_SERVICE, SERVICE, Endpoint, EndpointError
from wiretax.channels.limits import Limits
from wiretax.terminal import Exit, fail, out

if TYPE_CHECKING:
    from wiretax.channels.workload import Workload

# Each size up to the limit is reckoned.
MOST_LIMIT = 1000
HABITS = ("keep-alive", "close")


class AdviseError(ValueError):
    """An option that can't be used: one line that says what was given, what was expected and what to do."""


def advise(
    rate: Annotated[str, typer.Option(help="Events to publish, like 500/s, 30000/min, 2000/h or 1000000/day.")],
    payload: Annotated[int, typer.Option(help="UTF-8 bytes of one event's data.")],
    rtt: Annotated[str, typer.Option(help="Round-trip time to the endpoint, like 40ms.")],
    budget: Annotated[
        str, typer.Option(help="The longest from an event's arrival to its call's answer, like 100ms.")
    ],
    client: Annotated[str, typer.Option(help="The client library that publishes.")] = "reference",
    kind: Annotated[str, typer.Option(help="The shape of the data.")] = "chat",
    limit: Annotated[int, typer.Option(help="Events a batch the endpoint takes.")] = Limits().batch_size,
    tls: Annotated[
        bool | None, typer.Option("--tls/--no-tls", help="Whether by https; if not said, as the endpoint is.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            envvar="PUSHER_URL",
            show_envvar=True,
            help="Where to, since its name is in each head; nothing is sent. If not said, Pusher's, by https.",
        ),
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option(
            help="Whether the server keeps connections or closes each after a call; if not said, as a run against "
            "it saw, else it is taken to keep them.",
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="The run that says what a call costs in time; else the newest that does.")
    ] = None,
    results: Annotated[Path, typer.Option(help="The folder runs are kept in.")] = Path("results"),
) -> None:
    """From rate, payload, round trip and a latency budget to a batch size and a linger."""
    from analysis.advice.advice_text import print_advice
    from analysis.advice.advise import Demand
    from analysis.advice.advise import advise as advise_on
    from analysis.advice.call_cost import find_call_cost
    from analysis.advice.connections_seen import ASSUMED, Connections, find_seen
    from analysis.advice.measured_queue import find_measured_queue
    from wiretax.runs.reader import RunNotFoundError
    from wiretax.units.duration import parse_duration
    from wiretax.units.rate import parse_rate

    try:
        events_per_s = _read("--rate", rate, parse_rate)
        rtt_s = _read("--rtt", rtt, parse_duration)
        budget_s = _read("--budget", budget, parse_duration)
        if not budget_s:
            raise AdviseError(f"--budget {budget}: expected more than nothing, like 100ms")
        target = _target(endpoint, tls)
        workload = _workload(payload, kind, client, limit, target.scheme == "https")
        cost = find_call_cost(results, run, workload)
        if connection not in (None, *HABITS):
            raise AdviseError(f"--connection {connection}: expected {' or '.join(HABITS)}")
        told = None if connection is None else Connections(connection == "close", f"--connection {connection}")
        seen = told or find_seen(results, run, target) or ASSUMED
        demand = Demand(workload, target, events_per_s, rtt_s, budget_s, limit, seen)
        queue = find_measured_queue(results, run, demand)
    except (AdviseError, EndpointError, RunNotFoundError) as error:
        fail(str(error), Exit.USAGE)
    print_advice(advise_on(demand, cost), out, "" if queue is None else queue.sentence(budget_s))


def _read(option: str, text: str, parse: Callable[[str], float]) -> float:
    try:
        return parse(text)
    except ValueError as error:
        raise AdviseError(f"{option}: {error}") from None


def _target(url: str | None, tls: bool | None) -> Endpoint:
    if not url:
        return PLAIN_SERVICE if tls is False else SERVICE
    given = Endpoint.parse(url)
    if tls is not None and tls != (given.scheme == "https"):
        raise AdviseError(
            f"{'--tls' if tls else '--no-tls'}: the endpoint is {given.scheme}://; leave the option out, or give "
            "another --endpoint (or PUSHER_URL)"
        )
    return given


def _workload(payload: int, kind: str, client: str, limit: int, tls: bool) -> Workload:
    """One event by trigger, as the endpoint takes it, in a batch too."""
    from wiretax.channels.bodies.payloads import KINDS
    from wiretax.channels.profiles import load_profile, profile_names
    from wiretax.channels.validation import object_to
    from wiretax.channels.workload import Workload
    from wiretax.toml_errors import near

    for option, given, known in (("--client", client, profile_names()), ("--kind", kind, tuple(KINDS))):
        if given not in known:
            raise AdviseError(f"{option} {given}: expected one of {', '.join(known)}{near(given, known)}")
    if not 1 <= limit <= MOST_LIMIT:
        raise AdviseError(f"--limit {limit}: expected 1 to {MOST_LIMIT}; Pusher's shared clusters take 10")
    workload = Workload.of(
        payload_bytes=payload,
        payload_kind=kind,
        client=client,
        connection=load_profile(client).connection,
        tls=tls,
    )
    objection = object_to(workload, Limits())
    if objection is not None:
        raise AdviseError(f"--payload {payload}{objection.removeprefix(f'payload_bytes = {payload}')}")
    return workload
