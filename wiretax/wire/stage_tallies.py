"""The tallies of a queue whose rate changes: one per stage, which share the time of the whole slice."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wiretax.channels.workload.rate_stages import RateStages
from wiretax.wire.queue_series import QueueSeries

if TYPE_CHECKING:
    from wiretax.wire.queue_tally import QueueTally


class StageTallies:
    """One pass through the stages. An event belongs to the stage in which it was meant to arrive.

    Attributes:
        stages: the rates.
        tallies: one per stage.
        full: that the queue has reached its bound, which ends the pass; empty if it has not.
    """

    def __init__(self, stages: RateStages, tallies: Sequence[QueueTally]) -> None:
        self.stages = stages
        self.tallies = tallies
        self.full = ""
        self._ends_s = stages.ends_s
        self._origin_s = 0.0
        for tally in tallies:
            tally.of_pass, tally.series = self, QueueSeries(stages.bin_s)

    def begin(self, origin_s: float) -> None:
        """The first stage begins at this moment, seconds on the queue's clock."""
        self._origin_s = origin_s
        for tally in self.tallies:
            assert tally.series is not None
            tally.series.origin_s = origin_s

    def at(self, time_s: float) -> int:
        """The number of the stage of a moment; after the last stage, the last."""
        return min(bisect_left(self._ends_s, time_s - self._origin_s), len(self.tallies) - 1)

    def begins_s(self, number: int) -> float:
        """When a stage begins, seconds on the queue's clock."""
        return self._origin_s + (self._ends_s[number - 1] if number else 0.0)

    def ends_s(self, number: int) -> float:
        """When a stage ends, likewise."""
        return self._origin_s + self._ends_s[number]

    def due(self, number: int, since_s: float, now_s: float) -> int:
        """How many events of a stage have become due since the first that is overdue, by the rate."""
        is_last = number == len(self.tallies) - 1
        begin_s = max(since_s, self.begins_s(number))
        end_s = now_s if is_last else min(now_s, self.ends_s(number))
        if end_s < begin_s:
            return 0
        by_rate = self.stages.events_by(end_s - self._origin_s) - self.stages.events_by(begin_s - self._origin_s)
        # The first one is due for certain.
        return int(by_rate) + (begin_s == since_s)

    def split(self, times_s: Sequence[float]) -> Iterator[tuple[QueueTally, Sequence[float]]]:
        """Ascending times by the tally of their stage."""
        rest = times_s
        while rest:
            number = self.at(rest[0])
            last = number == len(self.tallies) - 1
            count = len(rest) if last else sum(time_s <= self.ends_s(number) for time_s in rest)
            # A time on an edge may round to either side of it.
            count = max(count, 1)
            yield self.tallies[number], rest[:count]
            rest = rest[count:]
