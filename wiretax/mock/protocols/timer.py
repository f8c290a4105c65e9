"""Calls at a set time, precise to some tens of microseconds; the event loop's timers tick in milliseconds."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from time import monotonic

CLOCK_MONOTONIC = 1
TFD_NONBLOCK = 0o4000
TFD_TIMER_ABSTIME = 1


class _Itimerspec(ctypes.Structure):
    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class Timer:
    """Runs callbacks at their time of ``time.monotonic()``, by a timerfd on Linux and by the loop elsewhere."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._clock = monotonic
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._fd = -1
        if sys.platform == "linux":
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._fd = self._libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)
            if self._fd < 0:
                raise OSError(ctypes.get_errno(), "timerfd_create")
            loop.add_reader(self._fd, self._expired)

    def call_at(self, moment: float, callback: Callable[[], None]) -> None:
        """Run ``callback`` at ``moment`` (seconds of the clock), or soon if that has passed."""
        heappush(self._waiting, (moment, next(self._order), callback))
        if self._waiting[0][0] == moment:
            self._set(moment)

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
        self._waiting.clear()

    def _set(self, moment: float) -> None:
        if self._fd < 0:
            self._loop.call_later(max(0.0, moment - self._clock()), self._run_due)
            return
        # A value of zero would disarm the timer.
        nanoseconds = max(1, int(moment * 1e9))
        value = _Itimerspec(0, 0, *divmod(nanoseconds, 1_000_000_000))
        self._libc.timerfd_settime(self._fd, TFD_TIMER_ABSTIME, ctypes.byref(value), None)

    def _expired(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return
        self._run_due()

    def _run_due(self) -> None:
        now = self._clock()
        while self._waiting and self._waiting[0][0] <= now:
            heappop(self._waiting)[2]()
        if self._waiting:
            self._set(self._waiting[0][0])
