"""Percentiles out of saved histograms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd


def percentiles(latency: pd.DataFrame, quantiles: tuple[float, ...] = (0.5, 0.99)) -> pd.DataFrame:
    """Latency percentiles over all rounds.

    Args:
        latency: ``latency.parquet``.
        quantiles: which, from 0 to 1.

    Returns:
        A row a workload, indexed by its name; a column a quantile, in seconds: the middle of the bucket in which
        it falls, so at most 0.4 % off. Workloads without an acknowledged exchange are missing.
    """
    if "censored" in latency:
        # Calls without an acknowledgement took at least as long as they were waited for.
        latency = latency.assign(count=latency["count"] + latency["censored"])
    merged = latency.groupby(["workload", "bucket_low_s", "bucket_high_s"], as_index=False)["count"].sum()
    return pd.DataFrame(
        {name: _of_one(merged[merged["workload"] == name], quantiles) for name in merged["workload"].unique()},
        index=pd.Index(quantiles, name="quantile"),
    ).T.rename_axis(index="workload")


def _of_one(buckets: pd.DataFrame, quantiles: tuple[float, ...]) -> list[float]:
    lows, highs, counts = (buckets[name].to_numpy() for name in ("bucket_low_s", "bucket_high_s", "count"))
    return of_histogram(lows, highs, counts, quantiles)


def of_histogram(
    lows: npt.NDArray[np.float64],
    highs: npt.NDArray[np.float64],
    counts: npt.NDArray[np.int64],
    quantiles: tuple[float, ...],
) -> list[float]:
    """Percentiles of one histogram (s), each the middle of its bucket.

    Args:
        lows: the buckets' lower ends, in any order; a bucket may come more than once.
        highs: their upper ends.
        counts: how many fell into each; at least one in all.
        quantiles: which, from 0 to 1.
    """
    order = np.argsort(lows)
    reached = counts[order].cumsum()
    middle = ((lows + highs) / 2)[order]
    # The smallest latency that at least this share of the exchanges did not exceed.
    ranks = np.maximum(1, np.ceil(np.array(quantiles) * reached[-1]))
    return [float(value) for value in middle[np.searchsorted(reached, ranks)]]
