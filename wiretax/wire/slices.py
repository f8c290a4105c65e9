"""A slice: the time in which one workload is sent, and what was measured in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter_ns, time
from typing import Any

from wiretax.channels.workload import Workload
from wiretax.wire.counters import Snapshot, TcpCounters, TlsCounters, add_counters, subtract_counters
from wiretax.wire.ledger import Tally
from wiretax.wire.queue_tally import QueueTally

# Users start from rest, and need a round trip or so until they are at their pace. A slice lasts twenty or more.
LEAD_IN = 0.1


class Slice:
    """Open while its workload is sent; users check ``open`` before and after each exchange.

    An exchange is measured in the slice it began in if it also ended there; otherwise it is kept in ``boundary``,
    so that no byte is missing from the totals. Its latency counts in either case.

    Users start from rest, and are cut off in the middle of an exchange. So a slice completes about one exchange
    per user fewer than it has time for: little of a long slice, much of a short one, and more if exchanges take
    longer. Rates are therefore those of the window from ``paced_from_ns`` to its end, in which each exchange
    counts by the share of its time that is inside.

    Attributes:
        workload: what is sent.
        round: the number of the pass through the plan, from 0; -1 for the warm-up.
        stage: the number of the stage of the load that it belongs to, from 0; 0 if the load has no stages.
        counts: whether it is part of the results, unlike warm-ups and slices that were cut short.
        open: whether exchanges may begin.
        measured: exchanges that began and ended here.
        boundary: exchanges that began here and ended later.
        tcp: the kernel's counters for all exchanges that began here; None if it keeps none.
        tls: the bytes that TLS added to all exchanges that began here.
        latencies_ns: latencies of acknowledged exchanges since the last ``settle``.
        paced_from_ns: where the window of rates begins, on ``perf_counter_ns``; 0 if rates are those of all of it.
        paced: exchanges inside that window, by their shares.
        started_at: seconds since the epoch.
        closed_ns: when it closed, on ``perf_counter_ns``; 0 until then.
        duration_s: how long it was open; 0 until it is closed.
        paced_s: the length of the window of rates; 0 if there is none.
        queue: how long its events waited, if they arrive in a queue; else None.
        when_closed: functions to call once when it closes.
    """

    __slots__ = (
        "_started_ns",
        "boundary",
        "closed_ns",
        "counts",
        "duration_s",
        "latencies_ns",
        "measured",
        "open",
        "paced",
        "paced_from_ns",
        "paced_s",
        "queue",
        "round",
        "stage",
        "started_at",
        "tcp",
        "tls",
        "when_closed",
        "workload",
    )

    def __init__(self, workload: Workload, round_: int, stage: int = 0, queue: QueueTally | None = None) -> None:
        """``queue``: the tally of its stage, if the slice before it in the same pass has one."""
        self.workload = workload
        self.round = round_
        self.stage = stage
        self.counts = round_ >= 0
        self.open = True
        self.measured = Tally()
        self.boundary = Tally()
        self.latencies_ns: list[int] = []
        self.tcp: TcpCounters | None = TcpCounters()
        self.tls = TlsCounters()
        self.paced_from_ns = 0
        self.paced = 0.0
        self.paced_s = 0.0
        self.started_at = time()
        self.closed_ns = 0
        self.duration_s = 0.0
        self.queue = queue or (QueueTally.of(workload) if workload.queued else None)
        self.when_closed: list[Callable[[], None]] = []
        self._started_ns = perf_counter_ns()

    def will_last(self, seconds: float) -> None:
        """Announce that it will be open for this long, so that its users' pace can be measured."""
        self.paced_from_ns = self._started_ns + round(LEAD_IN * seconds * 1e9)

    def close(self) -> None:
        """From now on, no exchange begins or counts as measured."""
        self.open = False
        self.closed_ns = perf_counter_ns()
        self.duration_s = (self.closed_ns - self._started_ns) / 1e9
        if self.paced_from_ns:
            self.paced_s = max(0.0, (self.closed_ns - self.paced_from_ns) / 1e9)
        for call in self.when_closed:
            call()
        self.when_closed.clear()

    def paced_share(self, began_ns: int, ended_ns: int) -> float:
        """The share of an exchange inside the window of rates.

        Args:
            began_ns: when its user's exchange before it ended, on ``perf_counter_ns``.
            ended_ns: when it ended.
        """
        inside_ns = min(ended_ns, self.closed_ns or ended_ns) - max(began_ns, self.paced_from_ns)
        return max(0, inside_ns) / (ended_ns - began_ns)

    @property
    def steady_requests(self) -> float:
        """The requests for which its duration has room at the pace of its users; those that it completed if their
        pace was not measured."""
        return self.paced / self.paced_s * self.duration_s if self.paced_s else float(self.measured.requests)

    def next_stage(self) -> Slice:
        """Close, and open the slice of the next stage of a rate. What is to happen when this one closes happens
        when the last one does: the queue goes on."""
        assert self.queue is not None
        assert self.queue.of_pass is not None
        number = self.stage + 1
        made = Slice(self.workload, self.round, number, self.queue.of_pass.tallies[number])
        made.counts = self.counts
        made.when_closed, self.when_closed = self.when_closed, []
        self.close()
        return made

    def continues(self, other: Slice) -> bool:
        """Whether it is the other slice, or a later stage of it."""
        of_pass = None if self.queue is None else self.queue.of_pass
        return self is other or (
            of_pass is not None and other.queue is not None and other.queue.of_pass is of_pass
        )

    def add_connection(self, before: Snapshot, after: Snapshot) -> None:
        """Add what one user's connection counted between two snapshots."""
        measured, added = self.measured, subtract_counters(after.connections, before.connections)
        assert added is not None
        measured.connections += added.opened
        measured.closed_by_server += added.closed_by_server
        measured.closed_by_client += added.closed_by_client
        self.tcp = add_counters(self.tcp, subtract_counters(after.tcp, before.tcp))
        self.tls = add_counters(self.tls, subtract_counters(after.tls, before.tls)) or self.tls

    def settle(self) -> list[int]:
        """Move the latencies noted so far into the histogram, and return them (ns)."""
        # Emptied in place, since publishers keep a reference to the list.
        noted = self.latencies_ns.copy()
        self.latencies_ns.clear()
        self.measured.latency.record(noted)
        if self.queue is not None:
            self.queue.settle()
        return noted

    def as_plain(self) -> dict[str, Any]:
        """A settled slice as plain numbers, text and bytes, for a message from a worker to its master."""
        return {
            "workload": self.workload.columns(),
            "round": self.round,
            "stage": self.stage,
            "counts": self.counts,
            "started_at": self.started_at,
            "duration_s": self.duration_s,
            "paced": self.paced,
            "paced_s": self.paced_s,
            "measured": self.measured.as_plain(),
            "boundary": self.boundary.as_plain(),
            "tcp": None if self.tcp is None else list(self.tcp),
            "tls": list(self.tls),
            "queue": None if self.queue is None else self.queue.as_plain(),
        }

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> Slice:
        """The inverse of ``as_plain``; the slice is closed.

        Raises:
            KeyError, TypeError, ValueError: ``plain`` was not made by ``as_plain``.
        """
        slice_ = cls(Workload.of(**plain["workload"]), plain["round"], plain["stage"])
        slice_.open = False
        slice_.counts = plain["counts"]
        slice_.started_at, slice_.duration_s = plain["started_at"], plain["duration_s"]
        slice_.measured, slice_.boundary = Tally.of_plain(plain["measured"]), Tally.of_plain(plain["boundary"])
        slice_.tcp = None if plain["tcp"] is None else TcpCounters(*plain["tcp"])
        slice_.tls = TlsCounters(*plain["tls"])
        slice_.paced, slice_.paced_s = plain["paced"], plain["paced_s"]
        if plain["queue"] is not None or slice_.queue is not None:
            slice_.queue = QueueTally.of_plain(plain["queue"])
            if max(slice_.queue.fills, default=1) > slice_.workload.call.batch_size:
                raise ValueError("a call with more events than its workload's")
        return slice_


def lasted_s(slices: Sequence[Slice]) -> float:
    """How long a slice lasted, given as those of all processes and stages: in each stage the longest counts."""
    longest: dict[int, float] = {}
    for each in slices:
        longest[each.stage] = max(each.duration_s, longest.get(each.stage, 0.0))
    return sum(longest.values())
