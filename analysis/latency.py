"""Percentiles out of saved histograms."""

from __future__ import annotations

import numpy as np
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
    merged = latency.groupby(["workload", "bucket_low_s", "bucket_high_s"], as_index=False)["count"].sum()
    return pd.DataFrame(
        {name: _of_one(merged[merged["workload"] == name], quantiles) for name in merged["workload"].unique()},
        index=pd.Index(quantiles, name="quantile"),
    ).T.rename_axis(index="workload")


def _of_one(buckets: pd.DataFrame, quantiles: tuple[float, ...]) -> list[float]:
    ordered = buckets.sort_values("bucket_low_s")
    reached = ordered["count"].cumsum().to_numpy()
    middle = ((ordered["bucket_low_s"] + ordered["bucket_high_s"]) / 2).to_numpy()
    # The smallest latency that at least this share of the exchanges did not exceed.
    ranks = np.maximum(1, np.ceil(np.array(quantiles) * reached[-1]))
    return [float(value) for value in middle[np.searchsorted(reached, ranks)]]
