"""One workload's latencies by round: percentiles of thousands of groups of rounds at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.measures.latency import Quantile, exactly
from wiretax.runs.histograms import Histograms

Ints = npt.NDArray[np.int64]


class RoundLatencies:
    """Latencies of a workload.

    Attributes:
        samples: calls by round, acknowledged or not; rounds without a row are missing.
    """

    def __init__(self, histograms: Histograms, workload: str) -> None:
        rows, (lows, highs) = histograms.of_rounds(workload), histograms.ends()
        self.samples: dict[int, int] = {}
        if rows is None:
            return
        order = np.lexsort((highs, lows))
        self._lows, self._middles = lows[order], ((lows + highs) / 2)[order]
        places = np.empty(len(order), dtype=np.int32)
        places[order] = np.arange(len(order))
        columns = [rows.rounds, places[rows.buckets], rows.counts, rows.censored]
        rounds, buckets, counts, censored = columns
        step = np.diff(rounds)
        if not ((step > 0) | (step == 0) & (np.diff(buckets) >= 0)).all():
            sort = np.lexsort((buckets, rounds))
            rounds, buckets, counts, censored = (each[sort] for each in columns)
        self._buckets, self._counts, self._censored = buckets, counts, censored
        self._rounds, firsts = np.unique(rounds, return_index=True)
        self._lengths = np.diff(firsts, append=len(rounds))
        sums = [np.add.reduceat(each, firsts, dtype=np.int64) for each in (counts, censored)]
        self.samples = dict(zip(self._rounds.tolist(), (sums[0] + sums[1]).tolist(), strict=True))

    def quantiles(self, groups: Sequence[Sequence[int]], wanted: float) -> list[Quantile]:
        """A percentile of each group, as ``LatencyDistribution.quantiles`` finds it.

        Args:
            groups: groups of rounds, each with enough samples.
            wanted: from 0 to 1.
        """
        number = {round_: place for place, group in enumerate(groups) for round_ in group}
        of_round = np.array([number.get(each, -1) for each in self._rounds.tolist()])
        of_row = np.repeat(of_round, self._lengths)
        rows = np.flatnonzero(of_row >= 0)
        if any(len(group) > 1 for group in groups):
            rows = rows[np.lexsort((self._buckets[rows], of_row[rows]))]
        buckets, of_row = self._buckets[rows], of_row[rows]
        acknowledged = np.cumsum(self._counts[rows], dtype=np.int64)
        ended = acknowledged + np.cumsum(self._censored[rows], dtype=np.int64)
        ends = np.searchsorted(of_row, np.arange(len(groups)), "right")
        before = np.concatenate([[0], ends[:-1]])
        base, base_acknowledged = (np.concatenate([[0], each])[before] for each in (ended, acknowledged))
        share = exactly(wanted)
        samples = ended[ends - 1] - base
        ranks = np.maximum(1, -(-share.numerator * samples // share.denominator))
        # The shortest latency that this share of a group's calls did not exceed; and the same if the calls without
        # an acknowledgement had never ended.
        places = np.searchsorted(ended, base + ranks)
        latest = np.searchsorted(acknowledged, base_acknowledged + ranks)
        lows = self._lows[buckets]
        is_exact = (latest < ends) & (lows[np.minimum(latest, len(lows) - 1)] == lows[places])
        seconds = self._middles[buckets[places]].tolist()
        return [Quantile(value, not exact) for value, exact in zip(seconds, is_exact.tolist(), strict=True)]
