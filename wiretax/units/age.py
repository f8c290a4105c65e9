"""Parses ages: 12h, 30d, 8w."""

from __future__ import annotations

import re

UNITS_S = {"h": 3600.0, "d": 86_400.0, "w": 604_800.0}
FORM = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)(h|d|w)")


def parse_age(text: str) -> float:
    """Parse an age; returns seconds.

    Raises:
        ValueError: if it is not an age; the message says what was expected.
    """
    match = FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r} is not an age; write it like 12h, 30d or 8w")
    return float(match[1]) * UNITS_S[match[2]]
