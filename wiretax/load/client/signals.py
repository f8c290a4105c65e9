"""Signals that end a run early: Ctrl-C, SIGTERM, and SIGHUP of a terminal that is closed.

The first one ends the run; what was measured is kept. Any other is ignored until the run is saved: people press
Ctrl-C twice, and it must not cost them the run.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import TracebackType
from typing import Any

import gevent

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """A context in which the first signal after ``end_with`` ends a run. Before it, signals do what they did."""

    def __init__(self) -> None:
        self._end: Callable[[], object] | None = None
        self._handlers: list[Any] = []
        self._before: dict[signal.Signals, Any] = {}

    def end_with(self, end: Callable[[], object]) -> None:
        """From now on the first signal calls ``end``, and all later ones do nothing."""
        self._end = end
        if not self._handlers:
            self._before = {number: signal.getsignal(number) for number in SIGNALS}
            # A command under nohup outlives its terminal.
            if self._before[signal.SIGHUP] == signal.SIG_IGN:
                del self._before[signal.SIGHUP]
            self._handlers = [gevent.signal_handler(number, self._on_signal) for number in self._before]

    def _on_signal(self) -> None:
        if self._end is not None:
            end, self._end = self._end, None
            end()

    def __enter__(self) -> Signals:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for handler in self._handlers:
            handler.cancel()
        # libev leaves the system's default, which would end the process, in place of Python's handlers.
        for number, before in self._before.items():
            signal.signal(number, before)
        self._handlers, self._before = [], {}
