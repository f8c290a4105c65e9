"""The confidence interval of a median over rounds, whatever their distribution is.

The k-th smallest and k-th largest of n values contain the median with a probability that is a sum of binomials
only. Between the two k around the wanted confidence the ends are interpolated (Hettmansperger and Sheather, 1986).
The usual bootstrap, percentiles of resampled medians, contains it too rarely at few rounds: docs/method.md has the
figures.
"""

from __future__ import annotations

from functools import cache
from math import ceil, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
# With fewer values, even the smallest and the largest contain the median too rarely: with four, in 87.5 %.
LEAST_ROUNDS = 5
# Rounds that are averaged where there are enough of them, and how many are enough: ten blocks.
BLOCK = 5
LEAST_FOR_BLOCKS = 50
# Values further from the median than this many square roots of the rounds (twice as many standard deviations) are
# as good as impossible.
_REACH = 15
# About the probability of the first number that is not left out.
_LEFT_OUT = 1e-195


def median_interval(values: npt.ArrayLike, confidence: float = CONFIDENCE) -> tuple[Any, Any]:
    """The confidence interval of a median.

    Args:
        values: a value per round, or an array with a row per round.
        confidence: how often it contains the true median, from 0 to 1. With five rounds, the widest interval
            contains it in 93.75 %.

    Returns:
        Its ends, a number each or an array of columns; NaN with fewer than five rounds.
    """
    return interval_of_sorted(np.sort(np.asarray(values, dtype=float), axis=0), confidence)


def blocks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values of which the median and its interval are to be found: of 50 rounds or more, the mean of each five
    consecutive ones without the lowest and the highest.

    A processor often has two speeds. The median of values around two modes jumps from one to the other, and its
    interval contains both, however many there are. Blocks have one mode. They also keep the interval right if
    consecutive rounds resemble each other, and without its extremes a block does not depend on a single stall.

    Args:
        values: a value per round, in the order of rounds.
    """
    if len(values) < LEAST_FOR_BLOCKS:
        return values
    # Up to four rounds at the end that fill no block are left out.
    whole = np.sort(values[: len(values) // BLOCK * BLOCK].reshape(-1, BLOCK), axis=1)
    means: npt.NDArray[np.float64] = whole[:, 1:-1].mean(axis=1)
    return means


def interval_of_sorted(ordered: npt.NDArray[np.float64], confidence: float = CONFIDENCE) -> tuple[Any, Any]:
    """The same for values that are sorted already, of which only the ends are read."""
    rounds = len(ordered)
    if rounds < LEAST_ROUNDS:
        unknown = np.full(ordered.shape[1:], np.nan)[()]
        return unknown, unknown
    place, inner = _place(rounds, confidence)
    if not inner:
        return ordered[place - 1], ordered[rounds - place]
    # In this form an infinite value next to an infinite one stays infinite.
    low = (1 - inner) * ordered[place - 1] + inner * ordered[place]
    high = (1 - inner) * ordered[rounds - place] + inner * ordered[rounds - place - 1]
    return low, high


@cache
def _place(rounds: int, confidence: float) -> tuple[int, float]:
    """Which of the ordered values is the end, counted from 1, and the weight of the next one inwards."""
    first, tails = _tails(rounds)
    holds = [1 - 2 * tail for tail in tails]
    # Each place further inwards holds the median less often.
    enough = sum(held >= confidence for held in holds)
    if not enough:
        return 1, 0.0
    place = first + enough - 1
    if enough == len(holds):
        return place, 0.0
    step = (holds[enough - 1] - confidence) / (holds[enough - 1] - holds[enough])
    return place, (rounds - place) * step / (place + (rounds - 2 * place) * step)


def _tails(rounds: int) -> tuple[int, list[float]]:
    """A number of values, and the probabilities that fewer values than it, than the next number, ... are below the
    median.

    Numbers so small that their probability is below 1e-190 are left out, so the work grows with the square root of
    the rounds. Up to 48 rounds the result is exact, because all products are whole numbers below 2**53.
    """
    least = max(0, rounds // 2 - ceil(_REACH * sqrt(rounds)))
    # Of many rounds, whole numbers have too many digits: what comes first is guessed, and corrected by the sum.
    probability, fewer, tails = _LEFT_OUT if least else 1 / 2**rounds, 0.0, []
    for below in range(least, rounds // 2):
        fewer += probability
        tails.append(fewer)
        probability = probability * (rounds - below) / (below + 1)
    if least:
        # Of all numbers: the same above the middle as below it, and one or two in the middle.
        total = 2 * fewer + probability * (1 + rounds % 2)
        tails = [tail / total for tail in tails]
    return least + 1, tails
