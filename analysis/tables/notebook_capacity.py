"""A run's capacities in notebooks and reports: sentences, and the tables of the terminal."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

import pandas as pd

from analysis.findings.percentile_notes import notes, percentile, shown_as
from analysis.measures.capacity import QUANTILES, capacities, levels, target
from analysis.tables.capacity_table import COLUMNS, is_undecided, remarks
from analysis.tables.queue_table import apart
from analysis.text.labels import Row, queue_call
from analysis.text.numbers import duration, fixed, interval, multiple, percent, scaled, size
from analysis.text.sheet import Cell, Lines, Numbers, Sheet, Shown, Words
from wiretax.runs.reader import Run

NOTHING = "This run searched for no capacity."


def capacities_in_brief(run: Run) -> Lines:
    """A sentence per search: the rate that it found, and how much more batches carry."""
    table = capacities(run)
    if table.empty:
        return Lines([NOTHING], is_absent=True)
    return Lines([_sentence(row, table, target(run)["p99_s"]) for row in table.to_dict("records")])


def _sentence(row: Row, table: pd.DataFrame, target_s: float) -> str:
    who = ", ".join([queue_call(row), *apart(row, table)])
    if isnan(row["capacity"]):
        return f"{who[0].upper()}{who[1:]}: no probe shows its capacity."
    few = "less than " if row["is_upper_bound"] else "more than " if row["is_lower_bound"] else ""
    ends = "" if few else f" {interval(row['capacity_low'], row['capacity_high'], 0)}"
    words = f"{who[0].upper()}{who[1:]}: {few}{fixed(row['capacity'], 0)} events/s{ends}"
    words += f" with 99 % of events within {duration(target_s)}"
    if not isnan(row["bytes_per_second"]):
        words += f", in {fixed(row['calls_per_second'], 0)} calls/s and {size(row['bytes_per_second'])}/s"
    if not isnan(row["gain"]):
        words += f"; {_gain(row)} the trigger's capacity"
    if row["limited_by"]:
        words += f". The {row['limited_by']} {'were' if row['limited_by'] == 'connections' else 'was'} the limit"
    if is_undecided(row):
        words += ", and the search ended before its interval was as narrow as planned"
    return f"{words}."


def _gain(row: Row) -> str:
    if row["gain_is_lower_bound"] or row["gain_is_upper_bound"]:
        return f"{'more' if row['gain_is_lower_bound'] else 'less'} than {multiple(row['gain'])}"
    return f"{multiple(row['gain'])} {interval(row['gain_low'], row['gain_high'])}"


def capacity(run: Run) -> Sheet:
    """A row per search, as ``capacities`` has them: capacity, calls and bytes per second, what was saturated
    first, and the gain."""
    table = capacities(run)
    titles = (
        "Capacity, events/s [95 % CI]",
        "Calls/s",
        "Sent kB/s",
        "Limited by",
        "Gain x [95 % CI]",
    )
    columns: tuple[Shown, ...] = (
        Words("Sent as", lambda row: _named(row, table, "undecided" if is_undecided(row) else "")),
        *(Numbers(title, each.cell) for title, each in zip(titles, COLUMNS, strict=True)),
        Numbers("Probes", lambda row: f"{row['probes']:,}"),
    )
    return Sheet(table, columns, [*remarks(table)] if len(table) else [])


def latencies(run: Run) -> Sheet:
    """A row per search and share of its capacity, as ``levels`` has them: the latency at that rate."""
    table = capacities(run)
    if table.empty:
        return Sheet(table, ())
    at = levels(table)
    at = at[at["p50_s"].notna()]
    searches = {row["search"]: row for row in table.to_dict("records")}
    columns: tuple[Shown, ...] = (
        Words("Sent as", lambda row: _named(searches[row["search"]], table)),
        Numbers("Share of the capacity", lambda row: percent(row["share"], 0)),
        *(Numbers(f"Total {shown_as(name)}, ms", _time(name)) for name in QUANTILES),
    )
    in_order = at.sort_values("search", key=lambda names: names.map([*searches].index), kind="stable")
    return Sheet(in_order, columns, [*notes(at, QUANTILES, "events")] if len(at) else [])


def _time(name: str) -> Callable[[Row], str]:
    return lambda row: percentile(row, name, lambda seconds: scaled(seconds, 1e3, 1))


def _named(row: Row, table: pd.DataFrame, state: str = "") -> Cell:
    return Cell(queue_call(row), small=", ".join(filter(None, [*apart(row, table), state])))
