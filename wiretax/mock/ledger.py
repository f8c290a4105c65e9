"""The mock's own count of requests and responses, with which a run is reconciled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

LEDGER_PATH = b"/_wiretax/ledger"  # no app id can collide with it: every API path begins with /apps/


class ServerLedger:
    """Totals since the mock started.

    Attributes:
        requests: complete API requests, accepted or not.
        events: accepted events.
        messages: events times their channels, as the service bills them.
        request_bytes: bytes received on API connections.
        response_bytes: bytes sent on them.
        connections: API connections opened.
        rejected: rejected requests, by reason.
        faults: requests hit by an injected fault, by kind.
    """

    __slots__ = (
        "connections",
        "events",
        "faults",
        "messages",
        "rejected",
        "request_bytes",
        "requests",
        "response_bytes",
    )

    def __init__(self) -> None:
        self.requests = 0
        self.events = 0
        self.messages = 0
        self.request_bytes = 0
        self.response_bytes = 0
        self.connections = 0
        self.rejected: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, as ``server.json`` holds them."""
        return {
            "requests": self.requests,
            "events": self.events,
            "messages": self.messages,
            "request_bytes": self.request_bytes,
            "response_bytes": self.response_bytes,
            "connections": self.connections,
            "rejected": dict(sorted(self.rejected.items())),
            "faults": dict(sorted(self.faults.items())),
        }


def merge_ledgers(ledgers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The sum of what several mocks counted."""
    total: dict[str, Any] = {}
    for ledger in ledgers:
        for key, value in ledger.items():
            total[key] = _add(total[key], value, 1) if key in total else value
    return total


def difference(after: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What a mock counted between two readings of its ledger."""
    # A ledger has no deliveries before the first subscriber.
    return {key: _add(value, before.get(key, {}), -1) for key, value in after.items()}


def _add(value: Any, other: Any, sign: int) -> Any:
    """The sum of two numbers, or of two counts by reason without those that are 0."""
    if not isinstance(value, dict):
        return value + sign * other
    counts = {name: value.get(name, 0) + sign * other.get(name, 0) for name in {**value, **other}}
    return {name: count for name, count in counts.items() if count}
