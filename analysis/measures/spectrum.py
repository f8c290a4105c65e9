"""A latency distribution as a spectrum: percentiles from the tenth to the last one that is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.measures.latency import LEAST_BEYOND, LatencyDistribution

# Percentiles that are always in a spectrum, if there are enough calls.
NAMED = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
# The fastest calls below it would stretch an axis and say little.
FIRST = 0.1
# Points per nine: from 0 to 90 %, from 90 to 99 %, and so on.
PER_NINE = 12
# Standard errors in half of a 95 % interval.
Z = 1.96


def spectrum(latencies: LatencyDistribution) -> pd.DataFrame:
    """Percentiles from 10 on, evenly spaced in nines, up to the last that has ten calls beyond it.

    Args:
        latencies: calls of one workload.

    Returns:
        A row per percentile: ``percentile`` (0 to 100), ``nines`` (-log10 of the share beyond it), ``latency_s``,
        ``is_lower_bound`` (it depends on calls that were never acknowledged), and ``low_s`` and ``high_s``: its
        95 % interval, from the number of calls alone. No rows with fewer than 20 calls.
    """
    samples = latencies.samples
    columns = ["percentile", "nines", "latency_s", "is_lower_bound", "low_s", "high_s"]
    if samples < 2 * LEAST_BEYOND:
        return pd.DataFrame(columns=columns)
    # Rounded down to one that the samples allow.
    last = 1 - LEAST_BEYOND / samples
    end = -np.log10(1 - last)
    steps = 1 - 10 ** -np.arange(-np.log10(1 - FIRST), end, 1 / PER_NINE)
    shares = np.unique(np.round([*steps, *(each for each in NAMED if each <= last), last], 9))
    order = np.argsort(latencies.lows, kind="stable")
    lows, middles = latencies.lows[order], ((latencies.lows + latencies.highs) / 2)[order]
    acknowledged = latencies.counts[order].cumsum()
    ended = acknowledged + latencies.censored[order].cumsum()

    def at(ranks: np.ndarray, counted: np.ndarray) -> np.ndarray:
        return np.searchsorted(counted, ranks.clip(1, samples)).clip(max=len(lows))

    ranks = np.ceil(np.round(shares * samples, 6))
    places, latest = at(ranks, ended), at(ranks, acknowledged)
    error = Z * np.sqrt(samples * shares * (1 - shares))
    least, most = at(np.floor(ranks - error), ended), at(np.ceil(ranks + error), ended)
    known = np.append(lows, np.nan)
    return pd.DataFrame(
        {
            "percentile": shares * 100,
            "nines": -np.log10(1 - shares),
            "latency_s": middles[places],
            "is_lower_bound": known[latest] != known[places],
            "low_s": middles[least],
            "high_s": middles[most],
        },
        columns=columns,
    )
