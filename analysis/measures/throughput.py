"""Rates, and ratios of rates with their confidence intervals, round by round, so that a machine's drift cancels
out.

Rates can be compared only if the workloads were sent in turn. A sweep gives each workload a slice in turn, with
all users. In a free run several user classes send side by side and compete for the machine, and an observed
publisher sends at its own pace: a ratio of two of their rates says nothing about the API. ``Run`` adds the mode to
its slices as a column, so that it stays with the frame through filters and merges. Frames without the column are
from a sweep.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.measures.counts import SliceCounts, counts_of
from analysis.measures.interval import blocks, median_interval
from analysis.measures.levels import Levels, levels_of
from wiretax.runs.mode import MODE, Mode


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio and its 95 % confidence interval.

    Attributes:
        estimate: the median over rounds, or over blocks of them if there are many.
        low: the interval's lower end; NaN with fewer than 5 rounds.
        high: its upper end.
        rounds: how many rounds were paired.
        levels: its variance between starts and within; None if one start measured it. Estimate and interval are
            then the starts'.
    """

    estimate: float
    low: float
    high: float
    rounds: int
    levels: Levels | None = None


NO_RATIO = Ratio(np.nan, np.nan, np.nan, 0)
NO_STARTS: Mapping[Any, int] = {}


class Rounds:
    """Message rates of a run, to be compared round by round.

    All gains and ratios of rates come from here. A run whose workloads were not sent in turn has none.

    Attributes:
        rates: index round, a column per workload, messages per second; NaN if they can't be compared.
    """

    def __init__(self, slices: pd.DataFrame | SliceCounts) -> None:
        """``slices``: ``slices.parquet``, or its counts."""
        counted = counts_of(slices)
        by_round = rates(counted)
        self.rates = by_round if has_comparable_rates(counted) else by_round * np.nan
        self._starts = counted.starts

    def ratio(self, of: str, to: str) -> Ratio:
        """The rate of one workload over another's."""
        return paired_ratio(self.rates[of], self.rates[to], self._starts)


def rates(slices: pd.DataFrame | SliceCounts, count: str = "messages") -> pd.DataFrame:
    """Rates by round, at the pace of users between the edges of slices.

    Args:
        slices: ``slices.parquet``, or its counts.
        count: which count to divide by time: "requests", "events" or "messages".

    Returns:
        Index round, a column per workload, values per second; workers' counts add up.
    """
    counted = counts_of(slices)
    by_workload = {}
    for name in sorted(counted.workloads):
        rounds, values = counted.rate_series(name, count)
        by_workload[name] = pd.Series(values, index=rounds)
    return pd.DataFrame(by_workload).rename_axis(index="round", columns="workload").sort_index()


def paired_ratio(of: pd.Series[float], to: pd.Series[float], starts: Mapping[Any, int] = NO_STARTS) -> Ratio:
    """The ratio of two workloads' rates, from the rounds that have both.

    Args:
        of: rates by round of the one.
        to: rates by round of the other.
        starts: the start of each round, if there are several.
    """
    return ratio_by_round(of.dropna().to_dict(), to.dropna().to_dict(), starts)


def ratio_by_round(of: dict[Any, float], to: dict[Any, float], starts: Mapping[Any, int] = NO_STARTS) -> Ratio:
    """The same for plain dictionaries. Rounds with a rate of 0 measured nothing and are left out."""
    rounds = [each for each in of if of[each] > 0 and to.get(each, 0) > 0]
    paired = np.array([of[each] / to[each] for each in rounds])
    levels = levels_of(paired, [starts[each] for each in rounds]) if starts else None
    if levels is None:
        return ratio_of(paired)
    return Ratio(levels.estimate, levels.low, levels.high, levels.rounds, levels)


def ratio_of(ratios: npt.NDArray[np.float64]) -> Ratio:
    """The median of a ratio by round, in the order of rounds, and its interval; unknown without rounds."""
    if not len(ratios):
        return NO_RATIO
    together = blocks(ratios)
    low, high = median_interval(together)
    return Ratio(float(np.median(together)), float(low), float(high), len(ratios))


def mode_of(slices: pd.DataFrame | SliceCounts) -> Mode:
    """How the load of these slices was driven."""
    if isinstance(slices, SliceCounts):
        return slices.mode
    return "sweep" if MODE not in slices or slices.empty else slices[MODE].iloc[0]


def has_comparable_rates(slices: pd.DataFrame | SliceCounts) -> bool:
    """Whether workloads were sent in turn, so that their rates can be compared round by round."""
    return mode_of(slices) == "sweep"


def why_no_gain(slices: pd.DataFrame | SliceCounts) -> str:
    """Why these slices have no gain, and which plan measures one, in a sentence; empty for a sweep."""
    if has_comparable_rates(slices):
        return ""
    return no_gain(mode_of(slices), {each["api"] for each in counts_of(slices).workloads.values()})


def no_gain(mode: Mode, apis: set[Any]) -> str:
    """The same for a mode and the APIs that were used."""
    if mode == "sweep":
        return ""
    plan = "headline" if "multi_trigger" in apis else "quick"
    instead = f"to compare speeds, send the workloads in turn with a plan: wiretax run {plan}"
    if mode == "observe":
        return f"No gain: an observed publisher sends at its own pace; {instead}."
    return f"No gain: the user classes of a free run send side by side and compete; {instead}."
