"""Intervals of medians: their coverage is as stated, for rounds of several distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pytest

from analysis.measures.interval import _place, _tails, blocks, median_interval

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


@pytest.mark.parametrize("rounds", [5, 6, 25, 48, 49, 900, 901, 917, 2_000, 2_001])
def test_its_ends_are_those_of_exact_binomial_probabilities(rounds: int) -> None:
    ways = [math.comb(rounds, below) for below in range(rounds // 2)]
    holds = [1 - 2 * Fraction(fewer, 2**rounds) for fewer in accumulate(ways)]
    enough = [place for place, held in enumerate(holds, 1) if held >= Fraction(95, 100)]
    place, inner = _place(rounds, 0.95)
    assert place == (enough[-1] if enough else 1)
    if place < len(holds) and enough:
        held, next_held = holds[place - 1], holds[place]
        step = (held - Fraction(95, 100)) / (held - next_held)
        exact = (rounds - place) * step / (place + (rounds - 2 * place) * step)
        assert inner == pytest.approx(float(exact), rel=1e-9)


def test_four_times_the_rounds_take_twice_the_steps() -> None:
    steps = [len(_tails(rounds)[1]) for rounds in (2_500, 10_000, 40_000)]
    assert steps == [750, 1_500, 3_000]


def two_speeds(draw: np.random.Generator, rounds: int) -> npt.NDArray[np.float64]:
    """Half of the rounds 4.5 % above 1, half below."""
    return 1 + 0.045 * draw.choice([-1, 1], (RUNS, rounds)) + 0.01 * draw.standard_normal((RUNS, rounds))


def alike(draw: np.random.Generator, rounds: int) -> npt.NDArray[np.float64]:
    """Rounds that resemble the one before."""
    noise = draw.standard_normal((RUNS, rounds))
    for place in range(1, rounds):
        noise[:, place] = 0.4 * noise[:, place - 1] + math.sqrt(1 - 0.4**2) * noise[:, place]
    return 1 + 0.05 * noise


def covered(ends: npt.NDArray[np.float64]) -> float:
    return float(np.mean((ends[0] <= 1) & (ends[1] >= 1)))


def test_of_many_rounds_around_two_modes_the_interval_is_half_as_wide_in_blocks() -> None:
    drawn = two_speeds(np.random.default_rng(3), 100)
    single, together = (
        np.array([median_interval(values) for values in each]).T
        for each in (drawn, [blocks(values) for values in drawn])
    )
    assert np.median(together[1] - together[0]) < 0.6 * np.median(single[1] - single[0])
    assert covered(together) > 0.93


def test_blocks_keep_intervals_right_if_consecutive_rounds_are_alike() -> None:
    drawn = alike(np.random.default_rng(4), 100)
    single, together = (
        np.array([median_interval(values) for values in each]).T
        for each in (drawn, [blocks(values) for values in drawn])
    )
    assert covered(single) < 0.88
    assert covered(together) > 0.92


def test_a_stall_in_a_block_does_not_move_it_and_few_rounds_are_no_blocks() -> None:
    values = np.ones(52)
    values[::5] = 100.0
    assert blocks(values).tolist() == [1.0] * 10
    assert blocks(values[:49]).tolist() == values[:49].tolist()
