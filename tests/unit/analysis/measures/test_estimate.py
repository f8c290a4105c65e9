"""Estimates: the interval of a distribution, and of the ratio of two."""

from __future__ import annotations

from math import exp, inf, isnan, log, sqrt

import numpy as np
import pytest

from analysis.measures.estimate import Estimate


def lognormal(median: float, sigma: float, **ends: bool) -> Estimate:
    logs = np.linspace(log(median) - 6 * sigma, log(median) + 6 * sigma, 1501)
    weights = np.exp(-(((logs - log(median)) / sigma) ** 2) / 2)
    return Estimate(logs, weights / weights.sum(), **ends)


def test_the_interval_of_a_known_distribution() -> None:
    found = lognormal(1000.0, 0.02)
    assert found.value == pytest.approx(1000, rel=1e-4)
    assert found.interval() == pytest.approx((1000 * exp(-1.96 * 0.02), 1000 * exp(1.96 * 0.02)), rel=1e-3)
    assert found.interval(0.5) == pytest.approx((1000 * exp(-0.6745 * 0.02), 1000 * exp(0.6745 * 0.02)), rel=1e-3)


def test_the_relative_errors_of_a_ratio_add_up_in_squares() -> None:
    found = lognormal(6000.0, 0.03).over(lognormal(1000.0, 0.04))
    wide = 1.96 * sqrt(0.03**2 + 0.04**2)
    assert found.value == pytest.approx(6, rel=1e-3)
    assert found.interval() == pytest.approx((6 * exp(-wide), 6 * exp(wide)), rel=3e-3)


def test_what_nothing_limits_is_given_by_its_other_end() -> None:
    above, below = lognormal(1000.0, 0.02, no_upper=True), lognormal(1000.0, 0.02, no_lower=True)
    low, high = lognormal(1000.0, 0.02).interval()
    assert (above.value, *above.interval()) == (low, low, inf)
    assert (below.value, *below.interval()) == (high, 0.0, high)
    assert isnan(lognormal(1000.0, 0.02, no_upper=True, no_lower=True).value)


@pytest.mark.parametrize(
    ("own", "by", "no_upper", "no_lower"),
    [
        ("no_upper", "", True, False),
        ("no_lower", "", False, True),
        ("", "no_upper", False, True),
        ("", "no_lower", True, False),
        ("no_upper", "no_upper", True, True),
        ("no_upper", "no_lower", True, False),
    ],
)
def test_a_ratio_of_bounds_is_limited_on_one_side(own: str, by: str, no_upper: bool, no_lower: bool) -> None:
    one, other = (lognormal(1000.0, 0.02, **({each: True} if each else {})) for each in (own, by))
    found = one.over(other)
    assert (found.no_upper, found.no_lower) == (no_upper, no_lower)
