"""Parses rates: 500/s, 30000/min, 2000000/day."""

from __future__ import annotations

import re

UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
FORM = re.compile(r"(\d+(?:\.\d+)?)/(s|min|h|day)")
MOST_PER_S = 1e9


def parse_rate(text: str) -> float:
    """Parse a rate; returns events per second, above 0.

    Raises:
        ValueError: if it is not a rate or out of range; the message says what was expected.
    """
    match = FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a rate; write it like 500/s, 30000/min, 2000/h or 1000000/day")
    rate = float(match[1]) / UNITS_S[match[2]]
    if not 0 < rate <= MOST_PER_S:
        raise ValueError(f"{text!r}: expected more than 0 and at most {MOST_PER_S:,.0f} events per second")
    return rate
