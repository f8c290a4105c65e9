"""Any text is a value in range or refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.units.duration import parse_duration
from wiretax.units.rate import parse_rate

NUMBERS = st.from_regex(r"\s?[0-9\u0660-\u0669]{1,400}(\.[0-9]{1,30})?", fullmatch=True)


@pytest.mark.parametrize(
    ("parse", "units", "least"),
    [
        (parse_duration, ["us", "ms", "s", "m", "h", "d", ""], 0.0),
        (parse_rate, ["/s", "/min", "/h", "/day", "s"], 1e-300),
    ],
)
@given(data=st.data())
def test_any_text_is_a_finite_number_or_refused(
    data: st.DataObject, parse: Callable[[str], float], units: list[str], least: float
) -> None:
    text = data.draw(st.text() | st.tuples(NUMBERS, st.sampled_from(units)).map("".join))
    try:
        value = parse(text)
    except ValueError as error:
        message = str(error)
    else:
        assert isfinite(value)
        assert value >= least
        message = ""
    assert "\n" not in message
