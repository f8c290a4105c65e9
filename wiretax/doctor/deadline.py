"""The time that a step may take, however many waits it consists of."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


class Deadline:
    """A moment that all waits of one step share."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = round(limit_s, 2)
        self._ends_s = monotonic() + limit_s

    def left_s(self, waiting_for: str) -> float:
        """How long the step may go on.

        Raises:
            TimeoutError: no longer; the message says what was waited for.
        """
        left_s = self._ends_s - monotonic()
        if left_s <= 0:
            raise TimeoutError(f"{waiting_for} within {self.limit_s:g} s")
        return left_s

    def bound(self, connection: socket.socket, waiting_for: str) -> None:
        """Let the next call on a socket take what is left.

        Raises:
            TimeoutError: nothing is.
        """
        connection.settimeout(self.left_s(waiting_for))

    def within(self, call: Callable[[], T], waiting_for: str) -> T:
        """Call what can't be given a timeout, in a thread that is left behind if it takes too long.

        Raises:
            TimeoutError: it took too long. Whatever the call raises is raised.
        """
        done: list[T] = []
        failed: list[Exception] = []

        def run() -> None:
            try:
                done.append(call())
            except Exception as error:
                failed.append(error)

        thread = Thread(target=run, daemon=True)
        thread.start()
        thread.join(self.left_s(waiting_for))
        if failed:
            raise failed[0]
        if not done:
            raise TimeoutError(f"{waiting_for} within {self.limit_s:g} s")
        return done[0]
