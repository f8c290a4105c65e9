"""A clock for tests: it jumps to the next moment that a greenlet waits for, as soon as all of them wait."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count

import gevent
from gevent.event import Event


class VirtualClock:
    """Time that begins at 0 and takes no time; ``stop`` it at the end."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._order = count()
        self._timers: list[tuple[float, int, Event]] = []
        self._has_timers = Event()
        self._greenlet = gevent.spawn(self._run)

    def now(self) -> float:
        return self._now_s

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.wait(Event(), seconds)
        else:
            gevent.sleep(0)

    def wait(self, signal: Event, timeout_s: float | None) -> None:
        if signal.is_set() or (timeout_s is not None and timeout_s <= 0):
            return
        woken = Event()

        def wake(_: Event) -> None:
            woken.set()

        signal.rawlink(wake)
        if timeout_s is not None:
            heappush(self._timers, (self._now_s + timeout_s, next(self._order), woken))
            self._has_timers.set()
        try:
            woken.wait()
        finally:
            signal.unlink(wake)

    def pass_busily(self, seconds: float) -> None:
        """Let time pass without letting any other greenlet run."""
        self._now_s += seconds

    def stop(self) -> None:
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            gevent.idle()
            if self._timers:
                at_s, _, woken = heappop(self._timers)
                if not woken.is_set():
                    self._now_s = max(self._now_s, at_s)
                    woken.set()
            else:
                self._has_timers.clear()
                self._has_timers.wait()
