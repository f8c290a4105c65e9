"""Quantiles of Student's t, beside those of printed tables."""

from __future__ import annotations

import pytest

from analysis.measures.student import student_quantile


@pytest.mark.parametrize(
    ("probability", "freedom", "printed"),
    [
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 3, 3.182),
        (0.975, 4, 2.776),
        (0.975, 9, 2.262),
        (0.975, 30, 2.042),
        (0.975, 99, 1.984),
        (0.95, 7, 1.895),
        (0.995, 4, 4.604),
        (0.995, 5, 4.032),
        (0.5, 3, 0.0),
    ],
)
def test_quantiles_are_those_of_printed_tables(probability: float, freedom: int, printed: float) -> None:
    assert student_quantile(probability, freedom) == pytest.approx(printed, abs=6e-4)
