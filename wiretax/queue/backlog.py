"""The queue itself: bounded, and with a rule for when a batch may leave. It reads no clock, and never waits."""

from __future__ import annotations

from collections import deque
from itertools import islice

from wiretax.queue.arrival import Arrival

# About 20 MB of arrivals. A queue that deep will not be drained within any slice.
MOST_WAITING = 100_000
AT_ONCE = float("-inf")


class Backlog:
    """Arrivals in the order they came."""

    __slots__ = ("_arrivals", "_most")

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._arrivals: deque[Arrival] = deque()
        self._most = most

    def __len__(self) -> int:
        return len(self._arrivals)

    @property
    def is_full(self) -> bool:
        """Whether the bound is reached: what comes now is not to be kept."""
        return len(self._arrivals) >= self._most

    def put(self, arrival: Arrival) -> None:
        """Add one at the end."""
        self._arrivals.append(arrival)

    def leaves_at(self, most: int, linger_s: float) -> float:
        """When the next batch leaves if nothing else arrives: at once where it is full, else a linger after its
        first event arrived. There has to be one."""
        if len(self._arrivals) >= most:
            return AT_ONCE
        return self._arrivals[0].intended_s + linger_s

    def take(self, most: int) -> list[Arrival]:
        """Remove the oldest, ``most`` at most."""
        if len(self._arrivals) <= most:
            taken = list(self._arrivals)
            self._arrivals.clear()
            return taken
        return [self._arrivals.popleft() for _ in range(most)]

    def put_back(self, arrivals: list[Arrival]) -> None:
        """Put arrivals where they were taken from, in their order."""
        self._arrivals.extendleft(reversed(arrivals))

    def intended_s(self, most: int | None = None) -> list[float]:
        """When those that wait were meant to arrive, the oldest first."""
        return [arrival.intended_s for arrival in islice(self._arrivals, most)]
