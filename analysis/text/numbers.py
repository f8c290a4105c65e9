"""Formats numbers for people: counts, bytes, times, rates, ratios, percentages and intervals.

All tables, sentences, figures and pages format their numbers here. A missing value (None or NaN) becomes a dash.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf, isnan

MISSING = "-"
# Marks a lower bound.
LOWER_BOUND = ">"
LEAST_FIGURE = 0.05
BYTES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
PER = (("s", 1.0), ("min", 60.0), ("h", 3600.0), ("day", 86400.0))


def fixed(value: float | None, digits: int) -> str:
    """With a fixed number of digits after the point: ``1,250.0``."""
    return MISSING if value is None or isnan(value) else f"{value:,.{digits}f}"


def scaled(value: float | None, factor: float, digits: int) -> str:
    """A value in a unit that is ``factor`` times smaller: milliseconds with 1e3, percent with 1e2."""
    return MISSING if value is None else fixed(value * factor, digits)


def trimmed(value: float, digits: int) -> str:
    """With up to ``digits`` digits after the point, without trailing zeros: ``195.6``, ``1,390``."""
    text = fixed(value, digits)
    return text.rstrip("0").rstrip(".") if digits else text


def short(value: float) -> str:
    """With about three digits: ``0.72``, ``7.20``, ``195.6``, ``1,390``; whole numbers without a fraction."""
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    rounded = round(value, digits)
    return fixed(value, 0 if rounded == round(value) else digits)


def plain(value: float) -> str:
    """As it was configured, with all its digits: ``2.5``, ``1,000``."""
    return f"{value:,.10g}"


def signed(value: float) -> str:
    """A difference, rounded to a tenth: ``+2``, ``-1.5``, ``0``."""
    if isnan(value):
        return MISSING
    rounded = round(value, 1)
    return f"{rounded:+,g}" if rounded else "0"


def three_digits(value: float) -> str:
    """With three significant digits, or all digits before the point: ``0.25``, ``50.4``, ``1,250``."""
    if value < LEAST_FIGURE:
        return f"<{LEAST_FIGURE}"
    return fixed(value, 0) if value >= 100 else f"{value:.3g}"


def count(number: int, noun: str) -> str:
    """``1 connection``, ``3 connections``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(words: Sequence[str]) -> str:
    """``5, 20 and 50``."""
    *more, last = words
    return f"{', '.join(more)} and {last}" if more else last


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage: ``58.6 %``."""
    return f"{scaled(share, 100, digits)} %"


def short_percent(share: float) -> str:
    """The same, with a digit after the point only if it is small: ``47 %``, ``5.2 %``."""
    return percent(share, 0 if share >= 0.1 else 1)


def multiple(value: float) -> str:
    """A ratio: ``5.72x``."""
    if isinf(value):
        return "without limit"
    return MISSING if isnan(value) else f"{fixed(value, 1 if value >= 10 else 2)}x"


def interval(low: float, high: float, digits: int = 2) -> str:
    """A confidence interval: ``[5.60, 6.69]``; a question mark if there are too few rounds for one."""
    return "[?]" if isnan(low) else f"[{fixed(low, digits)}, {fixed(high, digits)}]"


def with_interval(value: float, low: float, high: float) -> str:
    """A ratio and its interval: ``5.72x [5.60, 6.69]``."""
    return f"{multiple(value)} {interval(low, high)}"


def milliseconds(seconds: float) -> str:
    """A duration in ms, without the unit: ``62.4``, ``1,250``."""
    return "<0.1" if 0 < seconds < 0.00005 else scaled(seconds, 1e3, 0 if seconds >= 1 else 1)


def duration(seconds: float) -> str:
    """A waiting time: ``40 ms``, ``62.4 ms``, ``1.5 s``."""
    if seconds >= 1:
        return f"{fixed(seconds, 0)} s" if seconds >= 100 else f"{seconds:.3g} s"
    if seconds >= 0.1:
        return f"{scaled(seconds, 1e3, 0)} ms"
    return f"{milliseconds(seconds).removesuffix('.0')} ms"


def call_time(seconds: float) -> str:
    """The time that a call or an event takes to process: ``17.1 µs``, ``1.2 ms``."""
    return f"{scaled(seconds, 1e6, 1)} µs" if seconds < 1e-3 else f"{scaled(seconds, 1e3, 1)} ms"


def byte_unit(bytes_: float) -> tuple[str, float]:
    """The largest unit that does not exceed this number of bytes, and the unit's size in bytes."""
    return next(((unit, size) for unit, size in BYTES if bytes_ >= size), ("B", 1.0))


def size(bytes_: float, digits: int | None = None) -> str:
    """``156 kB``, ``1.05 TB``; ``277.4 GB`` with a fixed number of ``digits`` after the point."""
    unit, length = byte_unit(bytes_)
    value = bytes_ / length
    return f"{three_digits(value) if digits is None else fixed(value, digits)} {unit}"


def rate(per_s: float, noun: str) -> str:
    """In the shortest unit in which it is not a tiny fraction: ``50.4 calls/s``, ``1.2 calls/min``."""
    unit, length_s = next(
        ((unit, length_s) for unit, length_s in PER if per_s * length_s >= LEAST_FIGURE), PER[-1]
    )
    number = three_digits(per_s * length_s)
    return f"{number} {noun}{'' if number == '1' else 's'}/{unit}"


def cores(value: float) -> str:
    """Processor use: ``0.95 core``, ``1.20 cores``."""
    return f"{value:.2f} core{'s' if round(value, 2) > 1 else ''}"


def signed_bytes(value: float) -> str:
    """A difference in bytes, to a thousandth: ``+24``, ``-3.5``, ``+0``."""
    text = trimmed(abs(value), 3)
    return f"{'-' if value < 0 and text != '0' else '+'}{text}"
