"""A caller for tests of queues, whose calls take virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from virtual_clock import VirtualClock

from wiretax.channels.bodies.events import Event
from wiretax.wire.ledger import Failure
from wiretax.wire.publishers.caller import CallResult

LOST = Failure("lost", 0, "connection reset")


class TimedCaller:
    """A caller whose calls take some time, and fail from some moment on.

    Attributes:
        sent: how many events each call carried.
    """

    def __init__(self, clock: VirtualClock, call_s: float, fails_at_s: float) -> None:
        self.sent: list[int] = []
        self._clock = clock
        self._call_s = call_s
        self._fails_at_s = fails_at_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def call(self, events: Sequence[Event], intended_s: Sequence[float] = ()) -> CallResult:
        self.sent.append(len(events))
        began_s = self._clock.now()
        self._clock.sleep(self._call_s)
        fails = began_s >= self._fails_at_s
        return CallResult(not fails, began_s, self._clock.now(), LOST if fails else None)
