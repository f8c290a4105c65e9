"""Ages as people write them."""

from __future__ import annotations

import pytest

from wiretax.units.age import parse_age


@pytest.mark.parametrize(
    ("text", "hours"), [("12h", 12), ("30d", 720), ("8w", 1344), (" 1.5d ", 36), ("0d", 0), ("99999w", 16_799_832)]
)
def test_an_age(text: str, hours: float) -> None:
    assert parse_age(text) == hours * 3600


@pytest.mark.parametrize("text", ["", "30", "d", "30m", "-1d", "1e3d", "100000d", "٣d", "30d\n1", "x" * 100])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(ValueError, match="is not an age; write it like 12h, 30d or 8w"):
        parse_age(text)
