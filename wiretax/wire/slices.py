"""A slice: the time one workload holds, and what was measured in it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns, time
from typing import Any

from wiretax.channels.workload import Workload
from wiretax.wire.counters import Snapshot, TcpCounters, TlsCounters, add_counters, subtract_counters
from wiretax.wire.ledger import Tally
from wiretax.wire.queue_tally import QueueTally


class Slice:
    """Open while its workload is to be sent; users look at ``open`` before each exchange and after it.

    An exchange counts in the rates of the slice it began in if it ended there; otherwise it is kept in
    ``boundary``, so that no byte is missing from the totals. Its latency counts in either case.

    Attributes:
        workload: what is sent.
        round: which pass through the plan, from 0; -1 for the warm-up.
        counts: whether it is part of the results; a warm-up is not, nor a slice that was cut short.
        open: whether exchanges may begin.
        measured: exchanges that began and ended here.
        boundary: exchanges that began here and ended later.
        tcp: the kernel's count of all exchanges that began here; None where it keeps none.
        tls: what TLS added to all exchanges that began here.
        latencies_ns: of acknowledged exchanges, since they were last settled.
        started_at: seconds since the epoch.
        duration_s: how long it was open; 0 until it is closed.
        queue: what its events waited, where they arrive in a queue; else None.
        when_closed: called when it closes, each once.
    """

    __slots__ = (
        "_started_ns",
        "boundary",
        "counts",
        "duration_s",
        "latencies_ns",
        "measured",
        "open",
        "queue",
        "round",
        "started_at",
        "tcp",
        "tls",
        "when_closed",
        "workload",
    )

    def __init__(self, workload: Workload, round_: int) -> None:
        self.workload = workload
        self.round = round_
        self.counts = round_ >= 0
        self.open = True
        self.measured = Tally()
        self.boundary = Tally()
        self.latencies_ns: list[int] = []
        self.tcp: TcpCounters | None = TcpCounters()
        self.tls = TlsCounters()
        self.started_at = time()
        self.duration_s = 0.0
        self.queue = QueueTally() if workload.queued else None
        self.when_closed: list[Callable[[], None]] = []
        self._started_ns = perf_counter_ns()

    def close(self) -> None:
        """No exchange begins or counts from now on."""
        self.open = False
        self.duration_s = (perf_counter_ns() - self._started_ns) / 1e9
        for tell in self.when_closed:
            tell()
        self.when_closed.clear()

    def add_connection(self, before: Snapshot, after: Snapshot) -> None:
        """Add what happened on one user's connection between two snapshots of its counts."""
        measured, added = self.measured, subtract_counters(after.connections, before.connections)
        assert added is not None
        measured.connections += added.opened
        measured.closed_by_server += added.closed_by_server
        measured.closed_by_client += added.closed_by_client
        self.tcp = add_counters(self.tcp, subtract_counters(after.tcp, before.tcp))
        self.tls = add_counters(self.tls, subtract_counters(after.tls, before.tls)) or self.tls

    def settle(self) -> list[int]:
        """Move the latencies noted so far into the histogram; they are returned (ns)."""
        # Emptied in place: publishers hold on to the list.
        noted = self.latencies_ns.copy()
        self.latencies_ns.clear()
        self.measured.latency.record(noted)
        if self.queue is not None:
            self.queue.settle()
        return noted

    def as_plain(self) -> dict[str, Any]:
        """A settled slice as it travels from a worker to its master: numbers, text and bytes alone."""
        return {
            "workload": self.workload.columns(),
            "round": self.round,
            "counts": self.counts,
            "started_at": self.started_at,
            "duration_s": self.duration_s,
            "measured": self.measured.as_plain(),
            "boundary": self.boundary.as_plain(),
            "tcp": None if self.tcp is None else list(self.tcp),
            "tls": list(self.tls),
        }

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> Slice:
        """What ``as_plain`` was made of, closed.

        Raises:
            KeyError, TypeError, ValueError: where it was not made by that.
        """
        slice_ = cls(Workload.of(**plain["workload"]), plain["round"])
        slice_.open = False
        slice_.counts = plain["counts"]
        slice_.started_at, slice_.duration_s = plain["started_at"], plain["duration_s"]
        slice_.measured, slice_.boundary = Tally.of_plain(plain["measured"]), Tally.of_plain(plain["boundary"])
        slice_.tcp = None if plain["tcp"] is None else TcpCounters(*plain["tcp"])
        slice_.tls = TlsCounters(*plain["tls"])
        return slice_
