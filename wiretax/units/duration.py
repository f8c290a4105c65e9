"""Parses and formats durations: 250ms, 1.5s, 2m."""

from __future__ import annotations

import re

UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
MOST_S = 1e9
FORM = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")


def parse_duration(text: str) -> float:
    """Parse a duration; returns seconds.

    Raises:
        ValueError: if it is not a duration; the message says what was expected.
    """
    match = FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write it like 250ms, 1.5s or 2m")
    seconds = float(match[1]) * UNITS_S[match[2]]
    if seconds > MOST_S:
        raise ValueError(f"{text[:40]!r}: expected at most {MOST_S / UNITS_S['h']:,.0f}h")
    return seconds


def format_duration(seconds: float) -> str:
    """Format seconds in the largest unit that fits: 250ms, 1.5s."""
    for unit in ("s", "ms", "us"):
        if seconds >= UNITS_S[unit] or unit == "us":
            return f"{seconds / UNITS_S[unit]:g}{unit}"
    raise AssertionError("unreachable")
