"""The confidence interval of a median over rounds, whatever their distribution is.

The k-th smallest and k-th largest of n values contain the median with a probability that is a sum of binomials
only. Between the two k around the wanted confidence the ends are interpolated (Hettmansperger and Sheather, 1986).
The usual bootstrap, percentiles of resampled medians, contains it too rarely at few rounds: docs/method.md has the
figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
# With fewer values, even the smallest and the largest contain the median too rarely: with four, in 87.5 %.
LEAST_ROUNDS = 5


def median_interval(values: npt.ArrayLike, confidence: float = CONFIDENCE) -> tuple[Any, Any]:
    """The confidence interval of a median.

    Args:
        values: a value per round, or an array with a row per round.
        confidence: how often it contains the true median, from 0 to 1. With five rounds, the widest interval
            contains it in 93.75 %.

    Returns:
        Its ends, a number each or an array of columns; NaN with fewer than five rounds.
    """
    ordered = np.sort(np.asarray(values, dtype=float), axis=0)
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
    holds = [1 - 2 * tail for tail in _tails(rounds)]
    enough = [place for place, held in enumerate(holds, 1) if held >= confidence]
    if not enough:
        return 1, 0.0
    place = enough[-1]
    if place == len(holds):
        return place, 0.0
    step = (holds[place - 1] - confidence) / (holds[place - 1] - holds[place])
    return place, (rounds - place) * step / (place + (rounds - 2 * place) * step)


def _tails(rounds: int) -> Iterator[float]:
    """The probabilities that fewer than 1, 2, ... of the values are below the median."""
    ways, fewer = 1, 0
    for below in range(rounds // 2):
        fewer += ways
        yield fewer / 2**rounds
        # The next binomial coefficient; the division leaves no remainder.
        ways = ways * (rounds - below) // (below + 1)
