"""Figures and limits in words: what is exact with all its digits, what is not with those that tell something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.latency_text import LOWER_BOUND

if TYPE_CHECKING:
    from analysis.gates.verdict import Case


def figure(value: float | None, unit: str, bare: bool = False, exact: bool = True) -> str:
    """``195.6 B/event``, ``453,602/s``, ``5.72x``, ``0.46 ms``; ``-`` where there is none.

    Args:
        value: in the unit; seconds come out as milliseconds.
        unit: a metric's.
        bare: without the unit.
        exact: with as many digits after the point as it has, up to six; else with three.
    """
    if value is None:
        return "-"
    digits = 0 if unit == "1/s" else 6 if exact else 3
    shown = {"s": "ms", "1/s": "/s", "x": "x"}.get(unit, unit)
    text = f"{value * 1e3 if unit == 's' else value:,.{digits}f}"
    if exact and digits:
        text = text.rstrip("0").rstrip(".")
    return text if bare else text + ("" if shown in ("/s", "x") else " ") + shown


def measured(case: Case) -> str:
    """A case's value and where it lies: ``5.720x [5.600, 6.690]``; ``>400.000 ms [398.000, ?]`` where it is a
    lower bound, and a question mark alone where rounds are too few."""
    exact = case.kind == "deterministic"
    value = figure(case.measured, case.unit, exact=exact)
    if exact or case.measured is None:
        return value
    if case.is_lower_bound:
        value = f"{LOWER_BOUND}{value}"
    if case.low is None and case.high is None:
        return f"{value} [?]"
    low, high = (
        "?" if end is None else figure(end, case.unit, bare=True, exact=False) for end in (case.low, case.high)
    )
    return f"{value} [{low}, {high}]"


def span(case: Case) -> str:
    """``at most 190``, ``at least 5``, ``190 to 200``."""
    least, most = (figure(end, case.unit, bare=True) for end in (case.minimum, case.maximum))
    if case.minimum is not None and case.maximum is not None:
        return f"exactly {least}" if case.minimum == case.maximum else f"{least} to {most}"
    if case.maximum is not None:
        return f"at most {most}"
    return "" if case.minimum is None else f"at least {least}"
