"""What a request costs the mock: nothing, or the time a server of known capacity would take.

A queue in virtual time: the moment each answer is due is computed on arrival, so that the server has an
exact capacity of ``servers / (per_request + n * per_event)`` calls a second without burning a processor.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from heapq import heapreplace
from typing import Any


@dataclass(frozen=True, slots=True)
class CostModel:
    """Times in seconds.

    Attributes:
        rtt: the network's share of an answer, half of it before the server and half after.
        per_request: a server's time for a call, whatever it holds.
        per_event: a server's time for each event in it.
        servers: calls served at once.
    """

    rtt: float = 0.0
    per_request: float = 0.0
    per_event: float = 0.0
    servers: int = 1

    @property
    def is_free(self) -> bool:
        """Whether answers go out at once."""
        return self.rtt == 0 and self.per_request == 0 and self.per_event == 0

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it; seconds carry ``_s``."""
        values = asdict(self)
        return {"servers": values.pop("servers"), **{f"{name}_s": value for name, value in values.items()}}


class Queue:
    """First come, first served, by the first server that is free."""

    __slots__ = ("_cost", "_free_at")

    def __init__(self, cost: CostModel) -> None:
        self._cost = cost
        self._free_at = [0.0] * cost.servers

    def due(self, now: float, events: int) -> float:
        """When the answer to a call that arrives now is due, on the clock ``now`` is read from (seconds)."""
        cost = self._cost
        begins = max(now + cost.rtt / 2, self._free_at[0])
        done = begins + cost.per_request + events * cost.per_event
        heapreplace(self._free_at, done)
        return done + cost.rtt / 2
