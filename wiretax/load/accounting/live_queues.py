"""What the queues of a running test do over time: arrivals, acknowledgements, depth and p99, every few seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.text.labels import describe, event
from wiretax.channels.workload import Workload
from wiretax.wire.histogram import SIZE, Buckets
from wiretax.wire.queue_series import percentile
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice

# Slices may be shorter than the time between two samples: a sample covers at least this much of them.
LEAST_S = 0.5
# With fewer events, the p99 would be the slowest of them.
LEAST_EVENTS = 100
# Passes through the stages of a rate whose boundaries are kept, per workload.
MOST_PASSES = 50
Counted = npt.NDArray[np.int64]
# Arrivals and acknowledgements per second, mean depth, p99 in seconds, and whether that is a lower bound.
QueueSample = tuple[float, float, float | None, float | None, bool]


@dataclass(slots=True)
class _Read:
    """How much of a tally has been read."""

    arrived: int = 0
    acknowledged: int = 0
    ended: int = 0
    looks: int = 0
    total: Counted = field(default_factory=lambda: np.zeros((2, SIZE), dtype=np.int64))


@dataclass(slots=True)
class _Pass:
    """A slice of a queue, or one pass through the stages of its rate.

    Attributes:
        slice_: the one that was seen first.
        tallies: one; of a rate that changes, one per stage.
        reads: how much of each has been read.
        began_s: when it began, seconds since the epoch.
        read_s: when it was read last.
    """

    slice_: Slice
    tallies: Sequence[QueueTally]
    reads: list[_Read]
    began_s: float
    read_s: float

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
    total: Counted = field(default_factory=lambda: np.zeros((2, SIZE), dtype=np.int64))

    def add(self, tally: QueueTally, read: _Read) -> None:
        """Add what is new in a tally."""
        arrived, ended = _arrived(tally), tally.acknowledged + tally.lost + tally.unsent
        if ended > read.ended:
            # Converts the times noted since the last sample, which would otherwise be done at the end.
            tally.settle()
            histogram = tally.times["total"]
            total = np.stack([histogram.counts, histogram.censored])
            self.total += total - read.total
            read.total = total
        self.depths += [depth for _, depth in tally.depths[read.looks :]]
        self.arrived += arrived - read.arrived
        self.acknowledged += tally.acknowledged - read.acknowledged
        read.arrived, read.acknowledged, read.ended = arrived, tally.acknowledged, ended
        read.looks = len(tally.depths)

    def sample(self) -> QueueSample:
        """As rates, a mean and a percentile."""
        p99_s, is_bound = None, False
        if self.total.sum() >= LEAST_EVENTS:
            filled = np.flatnonzero(self.total.any(axis=0))
            counts, censored = self.total[:, filled].astype(np.uint32)
            p99_s, is_bound = percentile(Buckets(filled.astype(np.uint16), counts, censored), 0.99)
        depth = sum(self.depths) / len(self.depths) if self.depths else None
        return max(0, self.arrived) / self.seconds, self.acknowledged / self.seconds, depth, p99_s, is_bound


class LiveQueues:
    """Reads the tallies of open slices in place, each time only what is new in them.

    Attributes:
        workloads: those that have been sampled, for the page: name, how they are sent, what they publish, and
            ``stages``: seconds since the test began and the label of each stage, in order.
    """

    def __init__(self, began_s: float) -> None:
        """``began_s``: when the test began, seconds since the epoch."""
        self.workloads: dict[str, dict[str, Any]] = {}
        self._began_s = began_s
        self._passes: dict[int, _Pass] = {}
        self._fresh: dict[str, _Fresh] = {}

    def sample(self, now_s: float, slices: Iterable[Slice]) -> dict[str, QueueSample]:
        """What the queues did since the last sample, by workload; one that did nothing is missing.

        Args:
            now_s: seconds since the epoch.
            slices: those with a queue that may still count; slices that are missing now have ended.
        """
        seen = {self._seen(each) for each in slices if each.counts and each.queue is not None}
        for key, each in list(self._passes.items()):
            self._read(each, now_s)
            if key not in seen:
                del self._passes[key]
        ready = {name: fresh for name, fresh in self._fresh.items() if fresh.seconds >= LEAST_S}
        # The rest of a queue that is published after its slice, when no time is measured, is in no sample.
        self._fresh = {name: fresh for name, fresh in self._fresh.items() if name not in ready and fresh.seconds}
        return {name: fresh.sample() for name, fresh in ready.items()}

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
            {"name": workload.name, "sent_as": describe(columns), "event": event(columns), "stages": []},
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
            fresh.add(tally, read)
        until_s = min(now_s, pass_.ends_s)
        fresh.seconds += max(0.0, until_s - pass_.read_s)
        pass_.read_s = max(pass_.read_s, until_s)


def _arrived(tally: QueueTally) -> int:
    """Events that have arrived so far. A source that does not count them as they come is counted by what left the
    queue or made it deeper."""
    if tally.arrived or not tally.depths:
        return tally.arrived
    return tally.acknowledged + tally.lost + tally.depths[-1][1] - tally.depths[0][1]
