"""Formats values and limits: exact ones with all their digits, others with three."""

from __future__ import annotations

from analysis.gates.evaluation.result import Case
from analysis.text.numbers import LOWER_BOUND, MISSING, fixed, trimmed

# Files hold seconds and fractions of 1; people read milliseconds and percentages, and the difference of two
# percentages in percentage points.
SHOWN = {
    "s": (1e3, " ms"),
    "share": (1e2, " %"),
    "points": (1e2, " percentage points"),
    "x": (1.0, "x"),
    "1/s": (1.0, "/s"),
}
# Units that are written after a limit, which could be read in another unit otherwise.
NEEDED = ("s", "share", "points", "x")


def figure(value: float | None, unit: str, bare: bool = False, exact: bool = True) -> str:
    """``195.6 B/event``, ``453,602/s``, ``5.72x``, ``0.46 ms``, ``58.65 %``; ``-`` for a missing value.

    Args:
        value: in the unit.
        unit: a metric's, or "points" for the difference of two shares.
        bare: without the unit.
        exact: with all its digits after the point, up to six (a percentage: four); otherwise three (two).
    """
    if value is None:
        return MISSING
    factor, suffix = SHOWN.get(unit, (1.0, " event" if unit == "events" and value == 1 else f" {unit}"))
    digits = 0 if unit == "1/s" else 6 if exact else 3
    if factor == 1e2:
        digits = 4 if exact else 2
    # Events are whole, and medians of them end in a half at most.
    text = (trimmed if exact or unit == "events" else fixed)(value * factor, digits)
    return text if bare else text + suffix


def unit_of(case: Case) -> str:
    """The unit of a case's values."""
    return "points" if case.unit == "share" and case.compare == "difference" else case.unit


def measured(case: Case) -> str:
    """A case's value and its interval: ``5.720x [5.600, 6.690]``, ``>400.000 ms [398.000, ?]`` for a lower bound,
    and ``5.720x [?]`` with too few rounds."""
    exact = case.kind == "deterministic"
    value = figure(case.measured, unit_of(case), exact=exact)
    if exact or case.measured is None:
        return value
    if case.is_lower_bound:
        value = f"{LOWER_BOUND}{value}"
    if case.low is None and case.high is None:
        return f"{value} [?]"
    low, high = (
        "?" if end is None else figure(end, unit_of(case), bare=True, exact=False) for end in (case.low, case.high)
    )
    return f"{value} [{low}, {high}]"


def limit(value: float | None, unit: str) -> str:
    """A limit shown beside a measured value: without its unit, unless it could be read in another unit."""
    return figure(value, unit, bare=unit not in NEEDED)


def span(case: Case) -> str:
    """``at most 190``, ``at least 58 %``, ``190 to 200``."""
    unit = unit_of(case)
    least, most = (limit(end, unit) for end in (case.minimum, case.maximum))
    if case.minimum is not None and case.maximum is not None:
        if case.minimum == case.maximum:
            return f"exactly {least}"
        return f"{figure(case.minimum, unit, bare=True)} to {most}"
    if case.maximum is not None:
        return f"at most {most}"
    return "" if case.minimum is None else f"at least {least}"
