"""The levels of a run's ratios, and the best division of its time."""

from __future__ import annotations

import pytest
from started import BATCH, started

from analysis.measures.levels import Levels
from analysis.measures.starts import best_split, ratio_levels
from analysis.measures.summary import summarise


def test_a_gain_is_the_mean_of_its_starts_with_their_interval() -> None:
    made = started([[50] * 6, [60] * 6, [70] * 6])
    row = summarise(made).set_index("workload").loc[BATCH.name]
    # t of two degrees of freedom, times the standard error of 5, 6 and 7.
    reach = 4.302653 / 3**0.5
    assert [row["gain"], row["gain_low"], row["gain_high"]] == pytest.approx([6.0, 6 - reach, 6 + reach])
    assert row["rounds"] == 18
    levels = ratio_levels(made)[BATCH.name]
    assert (levels.between, levels.within, levels.starts) == (1.0, 0.0, 3)


def test_a_run_of_one_start_has_intervals_by_rounds() -> None:
    made = started([[50, 60, 70, 50, 60, 70]])
    assert ratio_levels(made) == {}
    row = summarise(made).set_index("workload").loc[BATCH.name]
    assert [row["gain"], row["gain_low"], row["gain_high"]] == pytest.approx([6.0, 5.0, 7.0], abs=0.1)


def levels(between: float, within: float) -> Levels:
    return Levels(1.0, 0.9, 1.1, 0.8, 1.2, between, within, 3, 60)


def test_what_differs_decides_how_the_time_is_divided() -> None:
    starts = [{"rounds": 20, "seconds": 12.0, "slices_s": 10.0}] * 3  # 0.5 s a round, 2 s a start
    apart = best_split([levels(0.05, 0.001)], starts)
    alike = best_split([levels(0.0, 0.05)], starts)
    assert apart is not None
    assert alike is not None
    # If only starts differ, as many as there can be; each needs 2 s and six rounds.
    assert (apart.starts, apart.rounds) == (7, 6)
    # If only rounds differ, few, but not so few that t is large.
    assert alike.starts < apart.starts
    assert alike.starts * (2 + 0.5 * alike.rounds) <= 36


def test_time_that_is_too_short_has_no_better_division() -> None:
    assert best_split([levels(0.05, 0.05)], [{"rounds": 6, "seconds": 5.0, "slices_s": 3.0}]) is None
    assert best_split([], []) is None
