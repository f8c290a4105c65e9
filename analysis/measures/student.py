"""Quantiles of Student's t-distribution, for whole degrees of freedom."""

from __future__ import annotations

from functools import cache
from math import atan, cos, inf, pi, sin, sqrt


@cache
def student_quantile(probability: float, freedom: int) -> float:
    """The value that t stays below with this probability.

    Args:
        probability: from 0.5 up to, but not including, 1.
        freedom: degrees of freedom, 1 or more.
    """
    low, high = 0.0, 1.0
    while _below(high, freedom) < probability:
        low, high = high, 2 * high
        if high == inf:
            return inf
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _below(middle, freedom) < probability else (low, middle)
    return high


def _below(t: float, freedom: int) -> float:
    """The probability that t is below a positive value (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = atan(t / sqrt(freedom))
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    series = term if freedom > 1 else 0.0
    for place in range(3 if odd else 2, freedom - 1, 2):
        term *= cos(angle) ** 2 * (place - 1) / place
        series += term
    within = 2 / pi * (angle + sin(angle) * series) if odd else sin(angle) * series
    return 0.5 + within / 2
