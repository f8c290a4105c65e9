"""The clock that queues wait on. Tests put a virtual one in its place."""

from __future__ import annotations

from time import monotonic
from typing import Protocol

import gevent
from gevent.event import Event


class Clock(Protocol):
    """Seconds that only ever go forward, and two ways to let them pass."""

    def now(self) -> float:
        """The current time, in seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let other greenlets run for that long; 0 lets them have one turn."""
        ...

    def wait(self, signal: Event, timeout_s: float | None) -> None:
        """Block until the signal is set or the timeout is over; None waits without a timeout."""
        ...


class GeventClock:
    """``time.monotonic``, and waiting on gevent's loop."""

    now = staticmethod(monotonic)
    sleep = staticmethod(gevent.sleep)

    def wait(self, signal: Event, timeout_s: float | None) -> None:
        signal.wait(timeout_s)


GEVENT_CLOCK = GeventClock()
