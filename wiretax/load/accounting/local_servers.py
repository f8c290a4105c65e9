"""The processor time of servers on this machine that report none themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from math import inf, nan
from time import monotonic

import psutil

from wiretax.wire.connections.target import Target

# For how long the children that were found are taken for all of them: looking for them reads all processes of the
# machine, which takes milliseconds, and a run asks twice after each slice.
FAMILY_S = 1.0


class LocalServers:
    """The processes that listen at the targets' ports."""

    def __init__(self, targets: Sequence[Target]) -> None:
        """Look for them.

        Args:
            targets: servers without a ledger.
        """
        here = all(each.endpoint.is_loopback and each.proxy is None for each in targets)
        ports = {each.peer[1] for each in targets}
        self._processes = _listening(ports) if ports and here else None
        self._family: set[psutil.Process] = set()
        self._family_since_s = -inf

    def cpu_s(self, same: bool = False) -> float:
        """What they and their children have used so far (s), but not a server behind a proxy at the port.

        ``same``: of those children only that were counted the last time, for a difference between the two.

        NaN if one of them is not known: it runs elsewhere, is another user's, or has ended.
        """
        if self._processes is None:
            return nan
        try:
            if same or monotonic() - self._family_since_s < FAMILY_S:
                with suppress(psutil.NoSuchProcess):  # a child has ended
                    return _used_s(self._family)
            self._family = {
                each for process in self._processes for each in (process, *process.children(recursive=True))
            }
            self._family_since_s = monotonic()
            return _used_s(self._family)
        except psutil.Error:
            return nan


def _used_s(processes: Iterable[psutil.Process]) -> float:
    return sum(sum(each.cpu_times()[:4]) for each in processes)


def _listening(ports: set[int]) -> list[psutil.Process] | None:
    """A process for each port; None if one is not known."""
    try:
        found = {
            each.laddr.port: each.pid
            for each in psutil.net_connections("tcp")
            if each.status == psutil.CONN_LISTEN and each.laddr.port in ports and each.pid is not None
        }
        return [psutil.Process(pid) for pid in set(found.values())] if found.keys() == ports else None
    except (psutil.Error, OSError):
        return None
