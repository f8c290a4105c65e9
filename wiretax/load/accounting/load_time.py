"""Processor time and duration of a load, without its pauses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import isnan
from time import perf_counter

from wiretax.load.accounting.local_servers import LocalServers
from wiretax.load.accounting.server_ledgers import Counts
from wiretax.runs.machine import busy_s, crowding


class LoadTime:
    """Starts with ``begin``, ends with ``end``; time spent inside ``paused`` is left out."""

    def __init__(self, servers: LocalServers) -> None:
        """``servers``: those on this machine that report no processor time."""
        self._servers = servers
        self._own_s = self._machine_s = self._servers_s = self._wall_s = 0.0
        self._runs = False

    def begin(self) -> None:
        """The load begins."""
        self._servers_s = -self._servers.cpu_s()
        self._own_s, self._machine_s, self._wall_s = -_own_s(), -busy_s(), -perf_counter()
        self._runs = True

    def end(self) -> None:
        """The load ended; a second call changes nothing."""
        if self._runs:
            self._runs = False
            self._own_s += _own_s()
            self._machine_s += busy_s()
            self._wall_s += perf_counter()
            self._servers_s += self._servers.cpu_s()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the time of this block out."""
        servers_s = self._servers.cpu_s()
        own_s, machine_s, wall_s = _own_s(), busy_s(), perf_counter()
        try:
            yield
        finally:
            self._servers_s -= self._servers.cpu_s(same=True) - servers_s
            self._own_s -= _own_s() - own_s
            self._machine_s -= busy_s() - machine_s
            self._wall_s -= perf_counter() - wall_s

    def shares(
        self, workers_s: float, server: Counts | None, complete: bool, subscribers_s: float = 0.0
    ) -> dict[str, float | None]:
        """How many cores each was busy with; None if a server does not report its processor time.

        If such servers are processes of this machine, also "server", and all processes together as "machine".

        Args:
            workers_s: processor time of workers.
            server: what servers counted; None if they keep no ledger.
            complete: whether generator and servers all run on this machine, so that the rest is others' time.
            subscribers_s: processor time of the process that has the subscribers; 0 without one.
        """
        generator = (self._own_s + workers_s) / self._wall_s
        mock = others = None
        if server is not None:
            mock = server["cpu_s"] / self._wall_s
            if complete:
                known = generator + mock + subscribers_s / self._wall_s
                others = round(max(0.0, self._machine_s / self._wall_s - known), 4)
        busy = {"generator": round(generator, 4), "mock": mock and round(mock, 4), "others": others}
        if subscribers_s:
            busy["subscribers"] = round(subscribers_s / self._wall_s, 4)
        if not isnan(self._servers_s):
            busy["server"] = round(self._servers_s / self._wall_s, 4)
            busy["machine"] = round(self._machine_s / self._wall_s, 4)
        return busy

    def crowded(self, others: float | None) -> str:
        """A warning if other processes used much of the machine; else empty."""
        return (others and crowding(others, self._machine_s / self._wall_s, os.cpu_count() or 1)) or ""


def _own_s() -> float:
    return sum(os.times()[:2])
