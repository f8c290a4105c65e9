"""How much the starts of a run differ, ratio by ratio, and how the same time would be divided best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.measures.counts import SliceCounts, counts_of, totals
from analysis.measures.levels import Levels
from analysis.measures.throughput import Rounds, has_comparable_rates
from analysis.measures.two_servers import paired_servers

# As the load generator demands.
LEAST_ROUNDS = 6
MOST_STARTS = 100


@dataclass(frozen=True, slots=True)
class Split:
    """A division of a run's time among starts.

    Attributes:
        starts: how many.
        rounds: of each.
        half_width: of the intervals to expect, as a share of the ratios, on average.
    """

    starts: int
    rounds: int
    half_width: float


def ratio_levels(slices: pd.DataFrame | SliceCounts) -> dict[str, Levels]:
    """The levels of each gain and of each ratio of two servers, by name; empty if one start measured them.

    Args:
        slices: ``slices.parquet``, or its counts.
    """
    counted = counts_of(slices)
    if not counted.starts or not has_comparable_rates(counted):
        return {}
    rounds = Rounds(counted)
    pairs = {name: (name, base) for name, base in counted.triggers.items() if name != base}
    pairs |= {f"{of} over {to}": (of, to) for of, to in paired_servers(totals(counted)).items()}
    found = {name: rounds.ratio(of, to).levels for name, (of, to) in pairs.items()}
    return {name: levels for name, levels in found.items() if levels is not None}


def best_split(levels: Sequence[Levels], starts: Sequence[Mapping[str, Any]]) -> Split | None:
    """The division of the time that a run took which promises the narrowest intervals; None if none was measured.

    Kalibera and Jones weigh what a start costs against what it tells. Here the quantile of Student's t is part of
    that, which makes very few starts costly.

    Args:
        levels: of the run's ratios.
        starts: of ``run.json``.
    """
    rounds = sum(each["rounds"] for each in starts)
    seconds, slices_s = (sum(each[name] for each in starts) for name in ("seconds", "slices_s"))
    if not levels or not rounds or not slices_s:
        return None
    start_s, round_s = (seconds - slices_s) / len(starts), slices_s / rounds
    found = []
    for number in range(2, MOST_STARTS + 1):
        each = int((seconds / number - start_s) / round_s)
        if each >= LEAST_ROUNDS:
            shares = [one.half_width(number, each) / one.estimate for one in levels]
            found.append(Split(number, each, sum(shares) / len(shares)))
    return min(found, key=lambda split: split.half_width, default=None)
