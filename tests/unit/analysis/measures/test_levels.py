"""Variance by level: intervals contain the true mean, and a new start, as often as they promise."""

from __future__ import annotations

from math import isinf, isnan

import numpy as np
import pytest

from analysis.measures.interval import median_interval
from analysis.measures.levels import Levels, levels_of

RUNS = 400


def drawn(draw: np.random.Generator, starts: int, rounds: int, between: float, within: float) -> np.ndarray:
    """A row per start, of rounds around 1."""
    of_start = 1 + between * draw.standard_normal((starts, 1))
    return of_start + within * draw.standard_normal((starts, rounds))


@pytest.mark.parametrize("starts", [3, 5, 10])
@pytest.mark.parametrize(("between", "within"), [(0.0, 0.04), (0.01, 0.04), (0.04, 0.04), (0.04, 0.01)])
def test_intervals_contain_the_mean_and_a_new_start(starts: int, between: float, within: float) -> None:
    draw = np.random.default_rng(1)
    mean = new = by_rounds = 0
    for _ in range(RUNS):
        values = drawn(draw, starts, 12, between, within)
        levels = levels_of(values.ravel(), np.repeat(np.arange(starts), 12))
        assert levels is not None
        further = np.median(drawn(draw, 1, 12, between, within))
        low, high = median_interval(values.ravel())
        mean += levels.low <= 1 <= levels.high
        new += levels.start_low <= further <= levels.start_high
        by_rounds += low <= 1 <= high
    # 95 % are promised; three standard errors of 400 runs are 3.3 %.
    assert mean / RUNS >= 0.917
    assert new / RUNS >= 0.917
    # What these intervals are for: those of rounds alone contain the mean too rarely.
    if between >= within:
        assert by_rounds / RUNS < 0.85


@pytest.mark.parametrize(("between", "within"), [(0.03, 0.04), (0.04, 0.01)])
def test_both_variances_are_found(between: float, within: float) -> None:
    draw = np.random.default_rng(2)
    found = [
        levels_of(drawn(draw, 10, 20, between, within).ravel(), np.repeat(np.arange(10), 20)) for _ in range(200)
    ]
    squares = np.mean([(each.between**2, each.within**2) for each in found if each is not None], axis=0)
    assert np.sqrt(squares) == pytest.approx([between, within], rel=0.08)


def test_starts_that_agree_by_chance_are_no_more_certain_than_their_rounds() -> None:
    rounds = [0.90, 0.95, 0.99, 1.01, 1.05, 1.10]
    levels = levels_of(rounds * 3, np.repeat([0, 1, 2], 6))
    assert levels is not None
    assert (levels.estimate, levels.between) == (1.0, 0.0)
    assert levels.low < 0.97
    assert levels.high > 1.03


def test_one_start_has_no_levels() -> None:
    assert levels_of([1.0] * 10, [0] * 10) is None


def test_an_unlimited_value_makes_the_ends_unknown() -> None:
    levels = levels_of([1.0] * 5 + [np.inf] * 5, [0] * 5 + [1] * 5)
    assert levels is not None
    assert isinf(levels.low)
    assert isinf(levels.high)
    assert isnan(levels.between)


def test_the_expected_width_falls_with_starts_and_with_rounds() -> None:
    levels = Levels(1.0, 0.9, 1.1, 0.8, 1.2, 0.02, 0.05, 3, 18)
    assert levels.half_width(3, 20) < levels.half_width(3, 6)
    assert levels.half_width(6, 6) < levels.half_width(3, 6)
