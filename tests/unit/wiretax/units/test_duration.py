"""Durations as people write them."""

from __future__ import annotations

import pytest

from wiretax.units.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("1.5s", 1.5), ("2m", 120), ("1h", 3600), ("80us", 8e-5), ("0s", 0), (" 1s ", 1)],
)
def test_reads(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "ms", "-1s", "1 s", "1d", "1e3s", "one"])
def test_refuses_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 250ms"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["9" * 400 + "s", "300000h"])
def test_refuses_what_no_clock_measures(text: str) -> None:
    with pytest.raises(ValueError, match="expected at most 277,778h"):
        parse_duration(text)
