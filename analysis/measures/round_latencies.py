"""One workload's latencies by round: percentiles of thousands of groups of rounds at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from analysis.measures.latency import exactly
from wiretax.runs.files.bucket_numbers import Floats, Indices
from wiretax.runs.files.histograms import Histograms, Integers, RoundRows

Bools = npt.NDArray[np.bool_]
# Numbers of groups times buckets that are in memory at once.
CELLS = 1 << 18


@dataclass(frozen=True, slots=True)
class GroupQuantiles:
    """A percentile of each group of rounds: ``Quantile`` as arrays.

    Attributes:
        seconds: its values.
        is_lower_bound: whether each may be longer, because it depends on calls that were never acknowledged.
    """

    seconds: Floats
    is_lower_bound: Bools


class RoundLatencies:
    """Latencies of a workload, or the times of one kind of a queue's events.

    Attributes:
        samples: calls or events by round, acknowledged or not; rounds without a row are missing.
    """

    def __init__(self, histograms: Histograms, workload: str, kind: str = "") -> None:
        self.samples: dict[int, int] = {}
        self._rows = rows = histograms.of_rounds(workload, kind)
        self._lows, highs = histograms.ends()
        self._middles = (self._lows + highs) / 2
        if rows is None:
            return
        self._has_censored = bool(rows.censored.any())
        firsts = np.cumsum(rows.lengths) - rows.lengths
        calls = np.add.reduceat(rows.counts, firsts, dtype=np.int64)
        if self._has_censored:
            calls += np.add.reduceat(rows.censored, firsts, dtype=np.int64)
        for round_, number in zip(rows.rounds.tolist(), calls.tolist(), strict=True):
            self.samples[round_] = self.samples.get(round_, 0) + number

    def quantiles(self, groups: Sequence[Sequence[int]], wanted: float) -> GroupQuantiles:
        """A percentile of each group, as ``LatencyDistribution.quantiles`` finds it.

        Args:
            groups: groups of different rounds, each with enough samples.
            wanted: from 0 to 1.
        """
        seconds, is_lower_bound = np.zeros(len(groups)), np.zeros(len(groups), dtype=np.bool_)
        if (of := self._rows) is not None and groups:
            of_run, starts = _places(of.rounds, groups), np.cumsum(of.lengths) - of.lengths
            together = max(1, CELLS // len(self._lows))
            for first in range(0, len(groups), together):
                block = slice(first, min(first + together, len(groups)))
                runs = np.flatnonzero((of_run >= block.start) & (of_run < block.stop))
                lengths = of.lengths[runs]
                before = np.cumsum(lengths) - lengths
                rows = np.repeat(starts[runs] - before, lengths) + np.arange(lengths.sum())
                group = np.repeat(of_run[runs] - first, lengths)
                found = self._of(of, rows, group, block.stop - first, exactly(wanted))
                seconds[block], is_lower_bound[block] = found
        return GroupQuantiles(seconds, is_lower_bound)

    def _of(
        self, of: RoundRows, rows: Indices, group: Integers, groups: int, share: Fraction
    ) -> tuple[Floats, Bools]:
        """The same of some rows.

        Args:
            of: all rows.
            rows: the places of these.
            group: of each row the number of its group, from 0.
            groups: the number of groups.
            share: the percentile, from 0 to 1.
        """
        width = len(self._lows)
        cells = group * width + of.buckets[rows]

        def reached(counts: Integers) -> Floats:
            """By group and bucket, the calls in this bucket and those below."""
            return np.bincount(cells, counts[rows], groups * width).reshape(groups, width).cumsum(axis=1)

        ended = acknowledged = reached(of.counts)
        if self._has_censored:
            ended = acknowledged + reached(of.censored)
        samples = ended[:, -1:].astype(np.int64)
        ranks = np.maximum(1, -(-share.numerator * samples // share.denominator))
        # The shortest latency that this share of a group's calls did not exceed; and the same if the calls without
        # an acknowledgement had never ended.
        places = np.count_nonzero(ended < ranks, axis=1)
        latest = np.count_nonzero(acknowledged < ranks, axis=1) if self._has_censored else places
        is_exact = (latest < width) & (self._lows[np.minimum(latest, width - 1)] == self._lows[places])
        return self._middles[places], ~is_exact


def _places(rounds: Integers, groups: Sequence[Sequence[int]]) -> Integers:
    """The place of the group that has each round; -1 if none has it."""
    grouped = np.array([round_ for group in groups for round_ in group])
    places = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group) for group in groups])
    order = np.argsort(grouped)
    at = order[np.searchsorted(grouped, rounds, sorter=order).clip(max=len(grouped) - 1)]
    return np.where(grouped[at] == rounds, places[at], np.int32(-1))
