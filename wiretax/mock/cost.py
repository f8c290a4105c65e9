"""The time the mock takes to answer: none, or that of a server of known capacity.

The server is a queue in virtual time. The due time of a response is computed on arrival, so the capacity is
exactly ``servers / (per_request + n * per_event)`` calls per second, without using the processor.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from heapq import heapreplace
from typing import Any


@dataclass(frozen=True, slots=True)
class CostModel:
    """Times in seconds.

    Attributes:
        rtt: network round trip, half of it before the server and half after.
        per_request: server time per call.
        per_event: server time per event in a call.
        servers: number of calls served at the same time.
    """

    rtt: float = 0.0
    per_request: float = 0.0
    per_event: float = 0.0
    servers: int = 1

    @property
    def is_free(self) -> bool:
        """Whether responses are sent immediately."""
        return self.rtt == 0 and self.per_request == 0 and self.per_event == 0

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it; seconds carry ``_s``."""
        values = asdict(self)
        return {"servers": values.pop("servers"), **{f"{name}_s": value for name, value in values.items()}}


class ServerQueue:
    """First come, first served, by the first free server."""

    __slots__ = ("_cost", "_free_at")

    def __init__(self, cost: CostModel) -> None:
        self._cost = cost
        self._free_at = [0.0] * cost.servers

    def due(self, now: float, events: int) -> float:
        """When the response to a call that arrives now is due, on the clock of ``now`` (seconds)."""
        cost = self._cost
        begins = max(now + cost.rtt / 2, self._free_at[0])
        done = begins + cost.per_request + events * cost.per_event
        heapreplace(self._free_at, done)
        return done + cost.rtt / 2
