"""What the queues of a running test do over time: arrivals, acknowledgements, depth, backlog and times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.text.labels import event
from wiretax.channels.workload import Workload
from wiretax.wire.histogram import SIZE, Buckets
from wiretax.wire.queue_series import percentile
from wiretax.wire.queue_tally import Kind, QueueTally
from wiretax.wire.slices import Slice

# Slices may be shorter than the time between two samples: a sample covers at least this much of them.
LEAST_S = 0.5
# With fewer events, a percentile would be one of the slowest.
LEAST_EVENTS = {0.5: 20, 0.99: 100}
# The times that are drawn: before the call, and from the intended arrival to the response.
TIMES: tuple[Kind, ...] = ("waiting", "total")
# Passes through the stages of a rate whose boundaries are kept, per workload.
MOST_PASSES = 50
Counted = npt.NDArray[np.int64]


class QueueSample(NamedTuple):
    """What one queue did since the sample before.

    Attributes:
        arrived_per_second: events that came into the queue.
        acknowledged_per_second: events that the server acknowledged.
        depth: the mean number of events that waited in it; None if nobody looked.
        backlog: events that had arrived and were not answered yet, waiting or in a call, at the end.
        wait_p50_s, wait_p99_s: how long events waited for their call (s); None with too few.
        total_p50_s, total_p99_s: from the intended arrival to the response, likewise.
        wait_p50_is_bound and so on: whether the time is a lower bound: an event up to it was never acknowledged.
    """

    arrived_per_second: float
    acknowledged_per_second: float
    depth: float | None
    backlog: float
    wait_p50_s: float | None
    wait_p50_is_bound: bool
    wait_p99_s: float | None
    wait_p99_is_bound: bool
    total_p50_s: float | None
    total_p50_is_bound: bool
    total_p99_s: float | None
    total_p99_is_bound: bool


def _nothing() -> dict[Kind, Counted]:
    return {kind: np.zeros((2, SIZE), dtype=np.int64) for kind in TIMES}


@dataclass(slots=True)
class _Read:
    """How much of a tally has been read."""

    arrived: int = 0
    acknowledged: int = 0
    ended: int = 0
    looks: int = 0
    times: dict[Kind, Counted] = field(default_factory=_nothing)


@dataclass(slots=True)
class _Pass:
    """A slice of a queue, or one pass through the stages of its rate.

    Attributes:
        slice_: the one that was seen first.
        tallies: one; of a rate that changes, one per stage.
        reads: how much of each has been read.
        began_s: when it began, seconds since the epoch.
        read_s: when it was read last.
        unanswered: events that arrived in it, less those that were answered or given up in it.
    """

    slice_: Slice
    tallies: Sequence[QueueTally]
    reads: list[_Read]
    began_s: float
    read_s: float
    unanswered: int = 0

    @property
    def ends_s(self) -> float:
        """When it ends, or ended; unknown before that unless it has stages."""
        of_pass = self.tallies[0].of_pass
        lasts_s = self.slice_.duration_s if of_pass is None else of_pass.stages.seconds
        return self.began_s + (lasts_s or inf)


@dataclass(slots=True)
class _Fresh:
    """What one workload's queue did since its last sample."""

    seconds: float = 0.0
    arrived: int = 0
    acknowledged: int = 0
    depths: list[int] = field(default_factory=list)
    times: dict[Kind, Counted] = field(default_factory=_nothing)

    def add(self, tally: QueueTally, read: _Read) -> int:
        """Add what is new in a tally; how many more events are unanswered."""
        arrived, ended = _arrived(tally), tally.acknowledged + tally.lost + tally.unsent
        grown = (arrived - read.arrived) - (ended - read.ended)
        if ended > read.ended:
            # Converts the times noted since the last sample, which would otherwise be done at the end.
            tally.settle()
            for kind in TIMES:
                histogram = tally.times[kind]
                seen = np.stack([histogram.counts, histogram.censored])
                self.times[kind] += seen - read.times[kind]
                read.times[kind] = seen
        self.depths += [depth for _, depth in tally.depths[read.looks :]]
        self.arrived += arrived - read.arrived
        self.acknowledged += tally.acknowledged - read.acknowledged
        read.arrived, read.acknowledged, read.ended = arrived, tally.acknowledged, ended
        read.looks = len(tally.depths)
        return grown

    def sample(self, backlog: int) -> QueueSample:
        """As rates, a mean and percentiles; ``backlog``: events without an answer by now."""
        depth = sum(self.depths) / len(self.depths) if self.depths else None
        waits, totals = ([*_percentiles(self.times[kind])] for kind in TIMES)
        rates = (max(0, self.arrived) / self.seconds, self.acknowledged / self.seconds)
        return QueueSample(*rates, depth, max(backlog, self.depths[-1] if self.depths else 0), *waits, *totals)


def _percentiles(counted: Counted) -> Iterator[Any]:
    """p50 and p99 (s), each followed by whether it is a lower bound."""
    events = counted.sum()
    filled = np.flatnonzero(counted.any(axis=0))
    buckets = Buckets(filled.astype(np.uint16), *counted[:, filled].astype(np.uint32))
    for share, least in LEAST_EVENTS.items():
        yield from percentile(buckets, share) if events >= least else (None, False)


class LiveQueues:
    """Reads the tallies of open slices in place, each time only what is new in them.

    Attributes:
        workloads: those that have been sampled: ``name``, ``columns``, ``event`` (what they publish), and
            ``stages``: seconds since the test began and the label of each stage, in order.
    """

    def __init__(self, began_s: float, carries: bool = False) -> None:
        """
        Args:
            began_s: when the test began, seconds since the epoch.
            carries: whether a slice takes over the queue of the one before, as the windows of a free run do. In a
                sweep each slice begins with an empty queue, and publishes what is left of it unmeasured.
        """
        self.workloads: dict[str, dict[str, Any]] = {}
        self._began_s = began_s
        self._carries = carries
        # Of slices that have ended, and with the open ones.
        self._carried: dict[str, int] = {}
        self._passes: dict[int, _Pass] = {}
        self._fresh: dict[str, _Fresh] = {}
        self._backlogs: dict[str, int] = {}

    def sample(self, now_s: float, slices: Iterable[Slice]) -> dict[str, QueueSample]:
        """What the queues did since the last sample, by workload; one that did nothing is missing.

        Args:
            now_s: seconds since the epoch.
            slices: those with a queue that may still count; slices that are missing now have ended.
        """
        backlogs: dict[str, int] = {}
        seen = {self._seen(each) for each in slices if each.counts and each.queue is not None}
        for key, each in list(self._passes.items()):
            self._read(each, now_s)
            name, before = each.slice_.workload.name, 0
            if self._carries:
                before = self._carried.get(name, 0) if name not in backlogs else backlogs[name]
            backlogs[name] = before + each.unanswered
            if key not in seen:
                del self._passes[key]
                self._carried[name] = self._carried.get(name, 0) + each.unanswered
        self._backlogs |= backlogs
        ready = {name: fresh for name, fresh in self._fresh.items() if fresh.seconds >= LEAST_S}
        # The rest of a queue that is published after its slice, when no time is measured, is in no sample.
        self._fresh = {name: fresh for name, fresh in self._fresh.items() if name not in ready and fresh.seconds}
        return {name: fresh.sample(self._backlogs[name]) for name, fresh in ready.items()}

    def _seen(self, slice_: Slice) -> int:
        """The key of a slice's pass."""
        assert slice_.queue is not None
        of_pass = slice_.queue.of_pass
        tallies = (slice_.queue,) if of_pass is None else of_pass.tallies
        key = id(tallies[0])
        if key not in self._passes:
            began_s = slice_.started_at
            if of_pass is not None and slice_.stage:
                began_s -= of_pass.stages.ends_s[slice_.stage - 1]
            reads = [_Read() for _ in tallies]
            self._passes[key] = _Pass(slice_, tallies, reads, began_s, began_s)
            self._describe(slice_.workload, self._passes[key])
        return key

    def _describe(self, workload: Workload, pass_: _Pass) -> None:
        columns: dict[Any, Any] = workload.columns()
        known = self.workloads.setdefault(
            workload.name,
            {"name": workload.name, "columns": columns, "event": event(columns), "stages": []},
        )
        of_pass = pass_.tallies[0].of_pass
        if of_pass is not None:
            begins_s = [0.0, *of_pass.stages.ends_s]
            labels = [each.name or f"{'to ' * each.is_ramp}{each.last:,.10g}/s" for each in of_pass.stages]
            offset_s = pass_.began_s - self._began_s
            marks = [
                (round(offset_s + at_s, 2), label) for at_s, label in zip(begins_s, [*labels, ""], strict=True)
            ]
            known["stages"] = [*known["stages"], *marks][-MOST_PASSES * len(marks) :]

    def _read(self, pass_: _Pass, now_s: float) -> None:
        fresh = self._fresh.setdefault(pass_.slice_.workload.name, _Fresh())
        for tally, read in zip(pass_.tallies, pass_.reads, strict=True):
            pass_.unanswered += fresh.add(tally, read)
        until_s = min(now_s, pass_.ends_s)
        fresh.seconds += max(0.0, until_s - pass_.read_s)
        pass_.read_s = max(pass_.read_s, until_s)


def _arrived(tally: QueueTally) -> int:
    """Events that have arrived so far. A source that does not count them as they come is counted by what left the
    queue or made it deeper."""
    if tally.arrived or not tally.depths:
        return tally.arrived
    return tally.acknowledged + tally.lost + tally.depths[-1][1] - tally.depths[0][1]
