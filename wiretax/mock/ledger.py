"""The mock's own count of what reached it and what it answered: the witness a run is reconciled with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any


class ServerLedger:
    """Totals since the mock started.

    Attributes:
        requests: API requests answered, accepted or not.
        events: events taken.
        messages: events times their channels, as the service bills them.
        request_bytes: bytes received on API connections.
        response_bytes: bytes sent on them.
        connections: API connections opened.
        rejected: requests refused, by reason.
    """

    __slots__ = (
        "connections",
        "events",
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
        }


def together(ledgers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What several mocks counted, added up."""
    rejected: Counter[str] = Counter()
    for ledger in ledgers:
        rejected.update(ledger["rejected"])
    counts = {key: sum(ledger[key] for ledger in ledgers) for key in ledgers[0] if key != "rejected"}
    return {**counts, "rejected": dict(rejected)}


def difference(after: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What a mock counted between two readings of its ledger."""
    rejected = Counter(after["rejected"])
    rejected.subtract(before["rejected"])
    counts = {key: value - before[key] for key, value in after.items() if key != "rejected"}
    return {**counts, "rejected": {reason: count for reason, count in rejected.items() if count}}
