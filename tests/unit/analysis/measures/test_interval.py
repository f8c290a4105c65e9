"""Intervals of medians: their coverage is as stated, for rounds of several distributions."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from analysis.measures.interval import median_interval

RUNS = 1_000
Noise = Callable[[np.random.Generator, int], npt.NDArray[np.float64]]
# Each has the median 0.
NOISES: dict[str, Noise] = {
    "normal": lambda draw, rounds: draw.normal(size=(rounds, RUNS)),
    "heavy-tailed": lambda draw, rounds: draw.standard_t(3, size=(rounds, RUNS)),
    "skewed": lambda draw, rounds: draw.exponential(size=(rounds, RUNS)) - math.log(2),
}


@pytest.mark.parametrize("rounds", [6, 7, 10, 11, 12, 25])
@pytest.mark.parametrize("noise", NOISES)
def test_95_percent_intervals_contain_the_true_value_in_93_to_97_percent_of_1000_runs(
    noise: str, rounds: int
) -> None:
    values = 6.0 + 0.3 * NOISES[noise](np.random.default_rng(rounds), rounds)
    low, high = median_interval(values)
    assert 0.93 <= np.mean((low <= 6.0) & (high >= 6.0)) <= 0.97


def test_a_higher_confidence_holds_too() -> None:
    values = np.random.default_rng(1).normal(size=(20, RUNS))
    low, high = median_interval(values, 0.99)
    assert 0.98 <= np.mean((low <= 0) & (high >= 0)) <= 1.0
    inner, outer = median_interval(values[:, 0]), median_interval(values[:, 0], 0.99)
    assert outer[0] < inner[0] < inner[1] < outer[1]


def test_fewer_than_five_rounds_have_no_interval() -> None:
    assert all(math.isnan(end) for end in median_interval([1.0, 2.0, 3.0, 4.0]))
    low, high = median_interval(np.ones((4, 3)))
    assert np.isnan([low, high]).all()
    assert low.shape == (3,)


def test_the_interval_of_five_rounds_is_their_range() -> None:
    assert median_interval([5.0, 1.0, 3.0, 2.0, 4.0]) == (1.0, 5.0)


def test_the_order_of_rounds_does_not_matter_and_the_ends_are_rounds() -> None:
    values = [5.9, 6.1, 6.0, 6.4, 5.8, 6.2]
    low, high = median_interval(values)
    assert (low, high) == median_interval(sorted(values))
    assert 5.8 <= low < np.median(values) < high <= 6.4


def test_values_that_are_infinite_in_most_rounds_give_infinity_and_not_nan() -> None:
    low, high = median_interval([3.0, *[math.inf] * 9])
    assert (low, high) == (math.inf, math.inf)


def test_of_thousands_of_rounds_it_is_that_of_the_normal_distribution() -> None:
    rounds = 4_001
    low, high = median_interval(np.arange(rounds))
    half = 1.95996 * math.sqrt(rounds) / 2
    assert (low, high) == pytest.approx((2_000 - half, 2_000 + half), abs=0.6)
