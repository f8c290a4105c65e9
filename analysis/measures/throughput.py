"""Rates, and ratios of rates with their doubt: taken round by round, so that a machine's drift cancels out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.measures.interval import median_interval
from analysis.measures.mode import is_conducted


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio and where it lies with 95 % confidence.

    Attributes:
        estimate: the median over rounds.
        low: the interval's lower end; NaN where there are fewer than 5 rounds.
        high: its upper end.
        rounds: how many rounds were paired.
    """

    estimate: float
    low: float
    high: float
    rounds: int


class Rounds:
    """Message rates of a run, to be compared round by round.

    All gains and ratios of rates come from here, so that a run whose workloads were not sent in turn has none.

    Attributes:
        rates: index round, a column a workload, messages per second; NaN where they can't be compared.
    """

    def __init__(self, slices: pd.DataFrame) -> None:
        """``slices``: ``slices.parquet``."""
        by_round = rates(slices)
        self.rates = by_round if is_conducted(slices) else by_round * np.nan

    def ratio(self, of: str, to: str) -> Ratio:
        """The rate of one workload over another's."""
        return paired_ratio(self.rates[of], self.rates[to])


def rates(slices: pd.DataFrame, count: str = "messages") -> pd.DataFrame:
    """Rates by round.

    Args:
        slices: ``slices.parquet``.
        count: which count to divide by time: "requests", "events" or "messages".

    Returns:
        Index round, a column a workload, values per second; workers' counts add up.
    """
    grouped = slices.groupby(["round", "workload"])
    per_second = grouped[count].sum() / grouped["duration_s"].max()
    return per_second.unstack("workload")


def paired_ratio(of: pd.Series[float], to: pd.Series[float]) -> Ratio:
    """The ratio of two workloads' rates, from the rounds that have both.

    Args:
        of: rates by round of the one.
        to: rates by round of the other.
    """
    pairs = pd.concat([of, to], axis=1).dropna()
    pairs = pairs[(pairs > 0).all(axis=1)]
    return ratio_of((pairs.iloc[:, 0] / pairs.iloc[:, 1]).to_numpy())


def ratio_of(ratios: npt.NDArray[np.float64]) -> Ratio:
    """The ratio that rounds with these ones stand for; unknown where there are none."""
    if not len(ratios):
        return Ratio(np.nan, np.nan, np.nan, 0)
    low, high = median_interval(ratios)
    return Ratio(float(np.median(ratios)), float(low), float(high), len(ratios))
