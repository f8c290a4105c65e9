"""Numbers formatted for people."""

from __future__ import annotations

import pytest

from analysis.text.numbers import (
    call_time,
    count,
    duration,
    milliseconds,
    rate,
    short,
    short_percent,
    size,
    three_digits,
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (three_digits(0.0994), "0.0994"),
        (three_digits(0.01), "<0.05"),
        (three_digits(50.44), "50.4"),
        (three_digits(1250.4), "1,250"),
        (short_percent(0.4726), "47 %"),
        (short_percent(0.0519), "5.2 %"),
        (count(1, "connection"), "1 connection"),
        (count(1001, "connection"), "1,001 connections"),
        (milliseconds(0.0624), "62.4"),
        (milliseconds(0.00001), "<0.1"),
        (milliseconds(0.0), "0.0"),
        (milliseconds(29.04), "29,040"),
        (duration(0.04), "40 ms"),
        (duration(0.0624), "62.4 ms"),
        (duration(0.3548), "355 ms"),
        (duration(1.5), "1.5 s"),
        (duration(1234), "1,234 s"),
        (call_time(17.1e-6), "17.1 µs"),
        (call_time(0.0012), "1.2 ms"),
        (size(59.2), "59.2 B"),
        (size(156_097), "156 kB"),
        (size(1.0494e12), "1.05 TB"),
        (rate(500, "event"), "500 events/s"),
        (rate(0.02, "call"), "1.2 calls/min"),
        (rate(1 / 86400, "call"), "1 call/day"),
    ],
)
def test_formats_numbers(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.724, "0.72"), (7.2, "7.20"), (9.999, "10"), (52, "52"), (195.55, "195.6"), (1390, "1,390"), (0, "0")],
)
def test_formats_numbers_as_in_tables(value: float, words: str) -> None:
    assert short(value) == words
