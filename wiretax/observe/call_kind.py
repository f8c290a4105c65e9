"""Classifies observed exchanges: by workload, by connection use, and by client library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from wiretax.channels.endpoint import Credentials
from wiretax.channels.masking import without_secrets
from wiretax.channels.profiles import Profile, load_profile
from wiretax.channels.profiles.reached import LimitSeen, Reached, limits_seen
from wiretax.channels.request.fingerprint import Recognition, recognise
from wiretax.channels.request.head_lines import HeadLine, head_lines
from wiretax.channels.workload import Api, Habit, Workload
from wiretax.observe.forwarding.exchange import Exchange
from wiretax.runs.mode import OBSERVED, UNKNOWN


def observed_workload(exchange: Exchange, habit: Habit) -> Workload | None:
    """The kind of call; None if the exchange publishes nothing."""
    published = exchange.publication
    if published is None:
        return None
    recognition = recognise(exchange.head)
    return Workload.of(
        api=published.api,
        batch_size=max(1, published.events),
        channels=published.channels,
        payload_bytes=round(published.payload_bytes / max(1, published.events)),
        payload_kind=OBSERVED,
        encrypted=published.encryption_bytes > 0,
        client=recognition.profile if recognition.matches else UNKNOWN,
        connection=habit,
    )


def connection_habit(exchanges: list[Exchange]) -> Habit:
    """ "close" if every call had its own connection. A single call counts by its Connection header."""
    connections = {each.connection for each in exchanges}
    if len(exchanges) == 1:
        return "close" if b"\r\nconnection: close\r\n" in exchanges[0].head.lower() else "keep-alive"
    return "close" if len(connections) == len(exchanges) else "keep-alive"


def lines_by_kind(publications: list[Exchange], app: Credentials) -> dict[str, list[HeadLine]]:
    """The header lines of each kind of call, by the name of its workload.

    Args:
        publications: exchanges that publish.
        app: its secret is hidden in the lines.
    """
    habit = connection_habit(publications)
    heads: dict[str, list[bytes]] = defaultdict(list)
    for exchange in publications:
        workload = observed_workload(exchange, habit)
        if workload is not None and not exchange.withheld:
            heads[workload.name].append(exchange.head)
    return {name: head_lines(own, partial(without_secrets, app=app)) for name, own in heads.items()}


def encoded_twice(publications: list[Exchange]) -> dict[str, dict[str, int]]:
    """By workload, the events whose data was encoded as JSON twice, and the bytes that this added to the data."""
    habit = connection_habit(publications)
    found: dict[str, dict[str, int]] = {}
    for exchange in publications:
        published, workload = exchange.publication, observed_workload(exchange, habit)
        if published is not None and workload is not None and published.encoded_twice and not exchange.withheld:
            sums = found.setdefault(workload.name, {"events": 0, "bytes": 0})
            sums["events"] += published.encoded_twice
            sums["bytes"] += published.encoded_twice_bytes
    return found


def recognised(publications: list[Exchange], app: Credentials) -> list[dict[str, Any]]:
    """The nearest profiles and the differences from them, the most frequent first.

    Args:
        publications: exchanges that publish.
        app: its secret is hidden in the differences.
    """
    groups: dict[tuple[object, ...], tuple[Recognition, list[Exchange]]] = {}
    for exchange in publications:
        recognition = recognise(exchange.head)
        groups.setdefault(recognition.likeness, (recognition, []))[1].append(exchange)
    rows: list[dict[str, Any]] = []
    for recognition, exchanges in sorted(groups.values(), key=lambda group: len(group[1]), reverse=True):
        profile = load_profile(recognition.profile)
        rows.append(
            {
                "profile": recognition.profile,
                "library": profile.library,
                "http_client": profile.http_client,
                "requests": len(exchanges),
                "connection": connection_habit(exchanges) if len(exchanges) > 1 else None,
                "profile_connection": profile.connection,
                "differences": [without_secrets(str(each), app) for each in recognition.differences],
                "limits": [asdict(each) for each in _limits_seen(recognition, profile, exchanges)],
            }
        )
    return rows


def _limits_seen(recognition: Recognition, profile: Profile, exchanges: list[Exchange]) -> Iterator[LimitSeen]:
    """The limits of the library that sent some requests, beside the largest sizes in them; none if another client
    may have sent them."""
    if profile.limits is None or not _is_library(recognition, profile):
        return
    reached: dict[Api, Reached] = {}
    for exchange in exchanges:
        published = exchange.publication
        if published is not None:
            # A trigger of several channels has the limits of a trigger.
            api: Api = "batch" if published.api == "batch" else "trigger"
            reached[api] = reached.get(api, Reached()) | published.reached
    for api, most in reached.items():
        yield from limits_seen(profile.limits, api, most)


def _is_library(recognition: Recognition, profile: Profile) -> bool:
    """Whether requests name the profile's library, or have no difference from it."""
    named = {name.lower() for name, _ in profile.headers if "pusher-library" in name.lower()}
    missing = {each.name.lower() for each in recognition.differences if each.kind == "missing"}
    return recognition.matches or bool(named - missing)
