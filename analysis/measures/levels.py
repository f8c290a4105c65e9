"""Variance by level: between starts of the processes, and between the rounds within a start.

By Kalibera and Jones, "Rigorous benchmarking in reasonable time" (2013): the mean over starts has the variance of
the starts' values divided by their number, so its interval covers starts that were not measured. What a start adds
to its rounds is the variance of the starts' values without the part that comes from few rounds. The value of a
start is the median of its rounds, as in a run of one start, since single rounds may be far off.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, pi, sqrt

import numpy as np
import numpy.typing as npt

from analysis.measures.interval import CONFIDENCE, LEAST_ROUNDS, median_interval
from analysis.measures.student import student_quantile

Floats = npt.NDArray[np.float64]
# The interval of a median with this confidence reaches one standard error to each side.
ONE_SIGMA = 0.6826894921370859
# Variance of a median over that of a mean, of normally distributed values.
OF_MEDIAN = pi / 2


@dataclass(frozen=True, slots=True)
class Levels:
    """A figure that was measured in several starts.

    Attributes:
        estimate: the mean of the starts' medians.
        low: lower end of the interval of the mean over all starts there could be.
        high: its upper end.
        start_low: lower end of the range in which the median of one new start of as many rounds is expected.
        start_high: its upper end.
        between: standard deviation between starts, without the part that comes from few rounds.
        within: standard deviation of a round within its start.
        starts: how many were measured.
        rounds: how many rounds they have together.
    """

    estimate: float
    low: float
    high: float
    start_low: float
    start_high: float
    between: float
    within: float
    starts: int
    rounds: int

    def half_width(self, starts: int, rounds: int, confidence: float = CONFIDENCE) -> float:
        """The expected half-width of the interval.

        Args:
            starts: how many there would be, at least two.
            rounds: of each start.
            confidence: of the interval.
        """
        variance = self.between**2 + OF_MEDIAN * self.within**2 / rounds
        return student_quantile(0.5 + confidence / 2, starts - 1) * sqrt(variance / starts)


def levels_of(values: npt.ArrayLike, starts: npt.ArrayLike, confidence: float = CONFIDENCE) -> Levels | None:
    """The levels of a figure; None if fewer than two starts measured it.

    Args:
        values: one per round.
        starts: of each, the number of its start.
        confidence: of the intervals, from 0 to 1. An infinite value makes both of their ends infinite.
    """
    given, numbers = np.asarray(values, dtype=float), np.asarray(starts)
    by_start = [given[numbers == each] for each in np.unique(numbers)]
    count = len(by_start)
    if count < 2:
        return None
    medians = np.array([np.median(each) for each in by_start])
    if not np.isfinite(medians).all():
        return Levels(float(np.mean(medians)), -inf, inf, -inf, inf, nan, nan, count, len(given))
    # Squared standard errors of the starts' medians, and the same of single rounds.
    known = [(_error(each) ** 2, len(each)) for each in by_start if len(each) >= LEAST_ROUNDS]
    sampling = sum(error for error, _ in known) / max(1, len(known))
    of_round = sum(error * rounds for error, rounds in known) / max(1, len(known))
    observed = float(np.var(medians, ddof=1))
    # Starts can't differ less than not at all: by chance their medians are closer than their rounds allow.
    variance = max(observed, sampling)
    estimate = float(np.mean(medians))
    reach = student_quantile(0.5 + confidence / 2, count - 1)
    half, of_start = reach * sqrt(variance / count), reach * sqrt(variance * (1 + 1 / count))
    return Levels(
        estimate,
        estimate - half,
        estimate + half,
        estimate - of_start,
        estimate + of_start,
        sqrt(max(0.0, observed - sampling)),
        sqrt(of_round / OF_MEDIAN),
        count,
        len(given),
    )


def _error(rounds: Floats) -> float:
    """The standard error of a start's median."""
    low, high = median_interval(rounds, ONE_SIGMA)
    return float(high - low) / 2
