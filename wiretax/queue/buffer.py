"""Arrivals between the greenlet that reads them and the publishers that take them."""

from __future__ import annotations

from collections import deque
from time import monotonic

from gevent.event import Event as Signal
from gevent.lock import BoundedSemaphore

from wiretax.queue.arrival import Arrival


class Buffer:
    """Holds a bounded number of arrivals in order; its reader waits where there is no room."""

    def __init__(self, room: int) -> None:
        """``room``: how many are held at most; those that are given back find room always."""
        self._arrivals: deque[Arrival] = deque()
        self._room = room
        self._wanted = 1
        self._enough = Signal()
        self._has_room = Signal()
        self._has_room.set()
        # One collects at a time: two that linger over the same arrivals would each go with half of them.
        self._turn = BoundedSemaphore(1)
        self._finished = False

    def __len__(self) -> int:
        return len(self._arrivals)

    def put(self, arrival: Arrival) -> None:
        """Add one at the end; blocks while there is no room."""
        while len(self._arrivals) >= self._room and not self._finished:
            self._has_room.clear()
            self._has_room.wait()
        self._arrivals.append(arrival)
        self._tell()

    def room(self) -> int:
        """Block until there is room, and say for how many."""
        while len(self._arrivals) >= self._room and not self._finished:
            self._has_room.clear()
            self._has_room.wait()
        return max(1, self._room - len(self._arrivals))

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        """As ``Source.take``; what is left when no more come is taken without a linger."""
        with self._turn:
            self._wait_for(1, None)
            if not self._arrivals:
                return []
            self._wait_for(most, self._arrivals[0].intended_s + linger_s)
            taken = [self._arrivals.popleft() for _ in range(min(most, len(self._arrivals)))]
        self._has_room.set()
        return taken

    def give_back(self, arrivals: list[Arrival]) -> None:
        """Put arrivals where they were taken from, in their order."""
        self._arrivals.extendleft(reversed(arrivals))
        self._tell()

    def finish(self) -> None:
        """No more come; publishers take what is left."""
        self._finished = True
        self._has_room.set()
        self._enough.set()

    def _wait_for(self, count: int, until_s: float | None) -> None:
        """Block until so many are there, or until a moment on ``monotonic``."""
        while len(self._arrivals) < count and not self._finished:
            left = None if until_s is None else until_s - monotonic()
            if left is not None and left <= 0:
                return
            self._wanted = count
            self._enough.clear()
            self._enough.wait(left)

    def _tell(self) -> None:
        if len(self._arrivals) >= self._wanted:
            self._enough.set()
