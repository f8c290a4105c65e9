"""Percentiles of saved histograms: which are known, and which are lower bounds.

Calls that ended without an acknowledgement are right-censored: an acknowledgement would have taken at least as
long as they lasted. A percentile that depends on how long it would have taken is a lower bound. A percentile with
fewer than ten samples beyond it is not given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, nan

import numpy as np
import numpy.typing as npt
import pandas as pd

from wiretax.runs.files.histograms import Histograms

LEAST_BEYOND = 10
P50_P99 = {"p50": 0.5, "p99": 0.99}
# In a closed loop a user waits for a call that hangs, so such calls are few and lie beyond any percentile; the
# maximum shows them.
TIMES = {**P50_P99, "max": 1.0}
BUCKET = ["bucket_low_s", "bucket_high_s"]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Quantile:
    """One percentile.

    Attributes:
        seconds: its value; NaN with too few samples.
        is_lower_bound: whether it may be longer, because it depends on calls that were never acknowledged.
    """

    seconds: float
    is_lower_bound: bool


@dataclass(frozen=True, slots=True)
class LatencyDistribution:
    """Latencies in buckets.

    Attributes:
        lows: the buckets' lower ends, s, in any order; a bucket may occur more than once.
        highs: their upper ends, s.
        counts: acknowledged calls that took this long.
        censored: calls without an acknowledgement that had lasted this long when they ended.
    """

    lows: npt.NDArray[np.float64]
    highs: npt.NDArray[np.float64]
    counts: Counts
    censored: Counts

    @property
    def samples(self) -> int:
        """All calls, acknowledged or not."""
        return int(self.counts.sum() + self.censored.sum())

    def quantiles(self, wanted: tuple[float, ...]) -> list[Quantile]:
        """Percentiles, each the middle of its bucket, so at most 0.4 % off.

        Args:
            wanted: from 0 to 1; 1 is the maximum.
        """
        samples = self.samples
        if not samples:
            return [Quantile(nan, False)] * len(wanted)
        order = np.argsort(self.lows, kind="stable")
        lows, middles = self.lows[order], ((self.lows + self.highs) / 2)[order]
        acknowledged = self.counts[order].cumsum()
        ended = acknowledged + self.censored[order].cumsum()
        found = []
        for quantile in wanted:
            if samples < samples_needed(quantile):
                found.append(Quantile(nan, False))
                continue
            # The shortest latency that this share of the calls did not exceed.
            rank = max(1, ceil(exactly(quantile) * samples))
            place = int(np.searchsorted(ended, rank))
            # The same if the calls without an acknowledgement had never ended.
            latest = int(np.searchsorted(acknowledged, rank))
            is_exact = latest < len(lows) and lows[latest] == lows[place]
            found.append(Quantile(float(middles[place]), not is_exact))
        return found


def samples_needed(quantile: float) -> int:
    """How many samples a percentile needs, so that ten lie beyond it: 20 for p50, 100 for p90, 1,000 for p99. The
    maximum (1) needs one."""
    return 1 if quantile == 1 else ceil(LEAST_BEYOND / (1 - exactly(quantile)))


def exactly(quantile: float) -> Fraction:
    """A quantile as it is written: in binary, 0.999 of 10,000 would be slightly more than 9,990."""
    return Fraction(repr(float(quantile)))


def column_names(names: Mapping[str, float], prefix: str = "") -> dict[str, tuple[str, str]]:
    """The two columns of each percentile: its value in seconds, and whether that is a lower bound."""
    return {name: (f"{prefix}{name}_s", f"{prefix}{name}_s_is_lower_bound") for name in names}


def percentiles(
    latency: pd.DataFrame | Histograms,
    quantiles: Mapping[str, float] = P50_P99,
    prefix: str = "",
    kind: str = "",
) -> pd.DataFrame:
    """Latency percentiles by workload, over all rounds.

    Args:
        latency: ``latency.parquet`` or ``waits.parquet``, or their histograms.
        quantiles: from 0 to 1, by name.
        prefix: of all columns.
        kind: of waits, "waiting", "wire" or "total".

    Returns:
        A row per workload, indexed by its name: for each percentile ``NAME_s`` (seconds; NaN if fewer than ten
        samples lie beyond it) and ``NAME_s_is_lower_bound``; and ``samples``, the number of calls. Workloads
        without a sample are missing.
    """
    names = column_names(quantiles, prefix)
    titles = [*(title for both in names.values() for title in both), f"{prefix}samples"]
    rows = {}
    for workload, buckets in sorted(histograms_of(latency).sums(kind).items()):
        held = LatencyDistribution(*buckets)
        found = held.quantiles(tuple(quantiles.values()))
        rows[workload] = [*(value for each in found for value in (each.seconds, each.is_lower_bound))]
        rows[workload].append(held.samples)
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=titles).rename_axis(index="workload")
    kinds = {value: float for value, _ in names.values()} | {bound: bool for _, bound in names.values()}
    return frame.astype({**kinds, f"{prefix}samples": int})


def histograms_of(latency: pd.DataFrame | Histograms) -> Histograms:
    """The histograms in the rows of ``latency.parquet`` or ``waits.parquet``."""
    return latency if isinstance(latency, Histograms) else Histograms.of_frame(latency)


def with_censored(latency: pd.DataFrame) -> pd.DataFrame:
    """``latency.parquet`` with all columns; older runs have no ``censored``."""
    return latency if "censored" in latency else latency.assign(censored=0)


def histogram_of(buckets: pd.DataFrame) -> LatencyDistribution:
    """The histogram in rows of ``latency.parquet``; a bucket may occur more than once."""
    buckets = with_censored(buckets)
    return LatencyDistribution(*(buckets[name].to_numpy() for name in (*BUCKET, "count", "censored")))
