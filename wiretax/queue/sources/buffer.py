"""The queue itself: a bounded buffer from which publishers take arrivals in batches."""

from __future__ import annotations

from collections import deque

from gevent.event import Event as Signal
from gevent.lock import BoundedSemaphore

from wiretax.queue.clock import GEVENT_CLOCK, Clock
from wiretax.queue.sources.arrival import Arrival

AT_ONCE = float("-inf")


class Buffer:
    """Arrivals in the order they came, the oldest first."""

    def __init__(self, bound: int, clock: Clock = GEVENT_CLOCK) -> None:
        """``bound``: how many arrivals it holds at most; those that are put back are always accepted."""
        self._arrivals: deque[Arrival] = deque()
        self._bound = bound
        self._clock = clock
        # One publisher waits for a batch at a time: two that linger over the same arrivals would each get half.
        self._turn = BoundedSemaphore(1)
        self._changed = Signal()
        self._wakes_at = 1
        self._has_space = Signal()
        self._closed = self._lingers = False

    def __len__(self) -> int:
        return len(self._arrivals)

    @property
    def is_full(self) -> bool:
        """Whether the bound is reached."""
        return len(self._arrivals) >= self._bound

    def wait_for_space(self) -> int:
        """Block while it is full; returns how many arrivals there is space for, at least 1."""
        while self.is_full and not self._closed:
            self._has_space.clear()
            self._has_space.wait()
        return max(1, self._bound - len(self._arrivals))

    def put(self, arrival: Arrival) -> None:
        """Add one at the end; blocks while the buffer is full."""
        if self.is_full:
            self.wait_for_space()
        self._arrivals.append(arrival)
        if len(self._arrivals) >= self._wakes_at:
            self._changed.set()

    def put_back(self, arrivals: list[Arrival]) -> None:
        """Return arrivals to where they were taken from, in their order."""
        self._arrivals.extendleft(reversed(arrivals))
        self._changed.set()

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        """Block until the next batch leaves, and remove it; empty once the buffer is closed and empty."""
        with self._turn:
            while True:
                wait_s: float | None = None
                if self._arrivals:
                    wait_s = self.leaves_at(most, linger_s) - self._clock.now()
                    if wait_s <= 0:
                        return self.pop(most)
                elif self._closed:
                    return []
                self._wakes_at = most if self._arrivals else 1
                self._changed.clear()
                self._clock.wait(self._changed, wait_s)

    def leaves_at(self, most: int, linger_s: float) -> float:
        """When the next batch leaves if nothing else arrives: at once if it is full, else a linger after its first
        event arrived. The buffer must not be empty."""
        if len(self._arrivals) >= most or (self._closed and not self._lingers):
            return AT_ONCE
        return self._arrivals[0].intended_s + linger_s

    def pop(self, most: int) -> list[Arrival]:
        """Remove the oldest arrivals, ``most`` at most, without waiting."""
        popped = [self._arrivals.popleft() for _ in range(min(most, len(self._arrivals)))]
        self._has_space.set()
        return popped

    def close(self, lingers: bool = False) -> None:
        """No more arrivals come; the rest can still be taken. ``lingers``: a batch that isn't full still waits for
        its linger, as it did before, rather than leaving at once."""
        self._closed, self._lingers = True, lingers
        self._has_space.set()
        self._changed.set()
