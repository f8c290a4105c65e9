"""One workload's latencies by round: percentiles of thousands of groups of rounds at once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from analysis.measures.latency import Quantile, exactly
from wiretax.runs.bucket_numbers import Floats, Indices
from wiretax.runs.histograms import Histograms, Integers, RoundRows

# Numbers of groups times buckets that are in memory at once.
CELLS = 1 << 20


class RoundLatencies:
    """Latencies of a workload.

    Attributes:
        samples: calls by round, acknowledged or not; rounds without a row are missing.
    """

    def __init__(self, histograms: Histograms, workload: str) -> None:
        self.samples: dict[int, int] = {}
        self._rows = rows = histograms.of_rounds(workload)
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

    def quantiles(self, groups: Sequence[Sequence[int]], wanted: float) -> list[Quantile]:
        """A percentile of each group, as ``LatencyDistribution.quantiles`` finds it.

        Args:
            groups: groups of rounds, each with enough samples.
            wanted: from 0 to 1.
        """
        of = self._rows
        if of is None:
            return []
        number = {round_: place for place, group in enumerate(groups) for round_ in group}
        of_run = np.array([number.get(each, -1) for each in of.rounds.tolist()], dtype=np.int32)
        of_row = np.repeat(of_run, of.lengths)
        together = max(1, CELLS // len(self._lows))
        found: list[Quantile] = []
        for first in range(0, len(groups), together):
            last = min(first + together, len(groups))
            rows = np.flatnonzero((of_row >= first) & (of_row < last))
            found += self._of(of, rows, of_row[rows] - first, last - first, exactly(wanted))
        return found

    def _of(self, of: RoundRows, rows: Indices, group: Integers, groups: int, share: Fraction) -> list[Quantile]:
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
        places = (ended < ranks).sum(axis=1)
        latest = (acknowledged < ranks).sum(axis=1)
        is_exact = (latest < width) & (self._lows[np.minimum(latest, width - 1)] == self._lows[places])
        seconds = self._middles[places].tolist()
        return [Quantile(value, not exact) for value, exact in zip(seconds, is_exact.tolist(), strict=True)]
