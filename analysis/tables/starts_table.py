"""How much the starts of a run differ: a line under its table, and a table in notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

import pandas as pd

from analysis.measures.counts import SliceCounts, counts_of, totals
from analysis.measures.levels import Levels
from analysis.measures.starts import best_split, ratio_levels
from analysis.measures.summary import ordered
from analysis.text.numbers import count, fixed, percent
from analysis.text.sheet import Numbers, Sheet, Words
from wiretax.runs.reader import Run

# An advice must promise intervals narrower by this share.
LEAST_GAIN = 0.1


def starts_lines(counted: SliceCounts, meta: dict[str, Any]) -> Iterator[str]:
    """How much gains differ between and within starts, and how the same time would be divided better."""
    levels = ratio_levels(counted)
    if not levels:
        return
    shares = [*zip(*map(_relative, levels.values()), strict=True)]
    between, within = (median(each) for each in shares)
    apart = f"{percent(between)} between starts" if between else "not measurably between starts"
    starts = count(max(each.starts for each in levels.values()), "start")
    gains = f"SD, median of {count(len(levels), 'gain')}"
    yield f"{starts}: gains differ {'by ' if between else ''}{apart}, and by {percent(within)} within ({gains})"
    if advice := better_split(levels, meta):
        yield advice


def better_split(levels: dict[str, Levels], meta: dict[str, Any]) -> str:
    """Which division of the run's time would narrow its intervals, as a sentence; empty if none would by much."""
    measured = meta.get("starts") or []
    best = best_split([*levels.values()], measured)
    if best is None:
        return ""
    expected = sum(one.half_width(one.starts, one.rounds // one.starts) / one.estimate for one in levels.values())
    now = expected / len(levels)
    if best.half_width > (1 - LEAST_GAIN) * now:
        return ""
    split = f"{count(best.starts, 'start')} of {count(best.rounds, 'round')} each"
    widths = f"\u00b1{percent(best.half_width)} instead of \u00b1{percent(now)}"
    return f"best use of the same time: {split}, for intervals of about {widths}"


def starts_sheet(run: Run) -> Sheet:
    """A row per gain: its interval, the range to expect of a new start (``start_gain_low``, ``start_gain_high``),
    and its variation by level (``between``, ``within``: standard deviations as shares of the gain)."""
    counted = counts_of(run.slices)
    rows = [_start_row(name, one) for name, one in _in_table_order(ratio_levels(counted), counted)]
    notes = [
        "Gain: the mean of the starts' medians, with an interval that covers starts that were not measured",
        "A new start: where the median of one more start of as many rounds is expected, in 95 % of cases",
    ]
    return Sheet(pd.DataFrame(rows), SHEET, notes)


SHEET = (
    Words("Workload", lambda row: row["workload"]),
    Numbers(
        "Gain x [95 % CI]",
        lambda row: f"{fixed(row['gain'], 2)} [{fixed(row['gain_low'], 2)}, {fixed(row['gain_high'], 2)}]",
    ),
    Numbers(
        "A new start, x", lambda row: f"{fixed(row['start_gain_low'], 2)} to {fixed(row['start_gain_high'], 2)}"
    ),
    Numbers("SD between starts", lambda row: percent(row["between"])),
    Numbers("SD within a start", lambda row: percent(row["within"])),
    Numbers("Starts", lambda row: str(row["starts"])),
    Numbers("Rounds", lambda row: str(row["rounds"])),
)


def _start_row(workload: str, one: Levels) -> dict[str, Any]:
    between, within = _relative(one)
    return {
        "workload": workload,
        "gain": one.estimate,
        "gain_low": one.low,
        "gain_high": one.high,
        "start_gain_low": one.start_low,
        "start_gain_high": one.start_high,
        "between": between,
        "within": within,
        "starts": one.starts,
        "rounds": one.rounds,
    }


def _in_table_order(levels: dict[str, Levels], counted: SliceCounts) -> list[tuple[str, Levels]]:
    """By workload, as in the run's table; ratios of two servers follow."""
    places = {name: place for place, name in enumerate(ordered(totals(counted))["workload"])}
    return sorted(levels.items(), key=lambda item: places.get(item[0], len(places)))


def _relative(levels: Levels) -> tuple[float, float]:
    """The standard deviations between and within, as shares of the estimate."""
    return levels.between / levels.estimate, levels.within / levels.estimate
