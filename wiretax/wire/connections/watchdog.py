"""Deadlines: one watchdog ends exchanges that take too long, on all connections of a process."""

from __future__ import annotations

from time import perf_counter_ns

import gevent

from wiretax.wire.connections.connection import Connection


class Watchdog:
    """Enforces the deadlines of exchanges on all connections of a process."""

    def __init__(self, timeout_s: float) -> None:
        self._every_s = min(0.5, max(0.01, timeout_s / 20))
        self._connections: list[Connection] = []
        self._greenlet = gevent.spawn(self._watch)

    def add(self, connection: Connection) -> None:
        self._connections.append(connection)

    def remove(self, connection: Connection) -> None:
        self._connections.remove(connection)

    @property
    def connections(self) -> list[Connection]:
        """The connections it watches."""
        return self._connections

    def stop(self) -> None:
        self._greenlet.kill()

    def _watch(self) -> None:
        while True:
            gevent.sleep(self._every_s)
            now_ns = perf_counter_ns()
            for connection in self._connections:
                if connection.is_late(now_ns):
                    connection.time_out()
