"""Rates as people write them."""

from __future__ import annotations

import pytest

from wiretax.units.rate import parse_rate


@pytest.mark.parametrize(
    ("text", "per_s"),
    [("500/s", 500), ("30000/min", 500), ("1800/h", 0.5), ("86400/day", 1), ("0.1/s", 0.1), (" 2/s ", 2)],
)
def test_reads(text: str, per_s: float) -> None:
    assert parse_rate(text) == pytest.approx(per_s)


@pytest.mark.parametrize("text", ["", "500", "500 /s", "-5/s", "1e3/s", "5/ms", "/s", "five/s", "1,000/s"])
def test_refuses_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 500/s"):
        parse_rate(text)


@pytest.mark.parametrize("text", ["0/s", "0.0/day", "1000000001/s", "9" * 400 + "/s"])
def test_refuses_what_is_no_load(text: str) -> None:
    with pytest.raises(ValueError, match="expected more than 0 and at most 1,000,000,000 events per second"):
        parse_rate(text)
