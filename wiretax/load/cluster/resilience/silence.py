"""A master that is silent: its connection stays open, and no heartbeat comes.

Locust's worker sends a heartbeat every second, and its master answers each at once. A busy master may be late by a
second or two, and one that writes a run by more, but then no user publishes.
"""

from __future__ import annotations

from collections.abc import Callable

BEAT_S = 1.0
# Far more than a healthy master is late by.
SILENT_BEATS = 10


class Silence:
    """Counts the beats of this worker since it heard its master last.

    It reads no clock: a worker that was stopped itself (SIGSTOP) has not listened meanwhile.
    """

    def __init__(self, publishes: Callable[[], bool]) -> None:
        """``publishes``: whether this worker's users do; at any other time silence does no harm."""
        self._publishes = publishes
        self._beats = 0

    def hear(self) -> None:
        """A heartbeat came."""
        self._beats = 0

    def beat(self) -> bool:
        """Called every ``BEAT_S``: whether the master has been silent for too long."""
        self._beats = self._beats + 1 if self._publishes() else 0
        return self._beats >= SILENT_BEATS
