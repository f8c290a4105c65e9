"""Capacities on the terminal: the rate that each workload carries, what limits it, and its latency up to there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.findings.percentile_notes import notes, percentile, shown_as
from analysis.measures.capacity import QUANTILES, SHARES, levels
from analysis.tables.columns import Column
from analysis.tables.queue_table import alike, apart
from analysis.text.labels import Row, queue_call
from analysis.text.numbers import MISSING, duration, fixed, interval, milliseconds, percent, scaled
from analysis.text.terminal_table import heading, print_fitting

# What a search found is not decided if its interval is wider than the plan asked for.
UNDECIDED = "~"


def bounded(row: Row, name: str, digits: int) -> str:
    """A capacity or a gain with its interval: ``12,340 [11,900, 12,800]``, ``> 25,000`` or ``< 10`` where nothing
    limits the other end, ``-`` if it is unknown."""
    prefix = "" if name == "capacity" else f"{name}_"
    value, text = row[name], fixed(row[name], digits)
    if row[f"{prefix}is_lower_bound"] or row[f"{prefix}is_upper_bound"]:
        return MISSING if value != value else f"{'>' if row[f'{prefix}is_lower_bound'] else '<'} {text}"
    return MISSING if value != value else f"{text} {interval(row[f'{name}_low'], row[f'{name}_high'], digits)}"


def is_undecided(row: Row) -> bool:
    """Whether a search ended before its interval was as narrow as the plan asked for."""
    return not (row["decided"] or row["is_lower_bound"] or row["is_upper_bound"])


CAPACITY = Column("capacity\nevents/s [95 % CI]", lambda row: bounded(row, "capacity", 0))
GAIN = Column("gain\nx [95 % CI]", lambda row: bounded(row, "gain", 2))
COLUMNS = (
    CAPACITY,
    Column("calls/s", lambda row: fixed(row["calls_per_second"], 0), spare=2),
    Column("sent\nkB/s", lambda row: scaled(row["bytes_per_second"], 1e-3, 0), spare=3),
    Column("saturated\nfirst", lambda row: row["limited_by"] or "nothing", spare=1),
    GAIN,
)


def _latency(share: float, name: str, spare: int) -> Column:
    """A percentile of a search at a share of its capacity; its rows are ``levels`` by share."""

    def cell(row: Row) -> str:
        return percentile(row[share], name, _milliseconds)

    return Column(f"{percent(share, 0)}\nms\n{shown_as(name)}", cell, spare)


LATENCIES = tuple(
    # On a narrow terminal the p99 and what lies at the capacity stay longest.
    _latency(share, name, spare=0 if name == "p99" else 1 + 4 * (name == "p999") + place)
    for place, share in enumerate(SHARES)
    for name in QUANTILES
)


def print_capacities(table: pd.DataFrame, console: Console) -> None:
    """Print a table of ``capacity.capacities``, and below it the latency at shares of each capacity."""
    print_fitting(console, lambda columns: _build(table, columns, table.to_dict("records")), COLUMNS)
    console.print()
    at = levels(table)
    if at["p50_s"].notna().any():
        rows = [dict(zip(SHARES, _at_shares(at, name), strict=True)) for name in table["search"]]
        print_fitting(console, lambda columns: _build(table, columns, rows, "latency at"), LATENCIES)
        console.print()


def _at_shares(at: pd.DataFrame, search: str) -> list[dict[Any, Any]]:
    return at[at["search"] == search].to_dict("records")


def _build(
    table: pd.DataFrame, columns: list[Column], rows: Sequence[Mapping[Any, Any]], title: str = "sent as"
) -> Table:
    """A row per search, in a block per group that differs only in the call; the cells are of ``rows``."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    drawn.add_column(title, no_wrap=True)
    for each in columns:
        drawn.add_column(heading(each.title), justify="right", no_wrap=True)
    curve = None
    for search, row in zip(table.to_dict("records"), rows, strict=True):
        if search["curve"] != curve:
            words = apart(search, table)
            if curve is not None:
                drawn.add_row()
            if words:
                drawn.add_row(f"[bold]{escape(', '.join(words))}[/bold]")
            curve = search["curve"]
        mark = UNDECIDED if is_undecided(search) else " "
        drawn.add_row(escape(f"{mark} {queue_call(search)}"), *(each.cell(row) for each in columns))
    return drawn


def _milliseconds(seconds: float) -> str:
    return scaled(seconds, 1e3, 0) if seconds >= 0.1 else milliseconds(seconds)


def remarks(table: pd.DataFrame) -> Iterator[str]:
    """Rows of a table that need an explanation, a line each."""
    for row in table.to_dict("records"):
        name, rate = queue_call(row), f"{fixed(row['capacity'], 0)} events/s"
        if row["is_lower_bound"] and row["is_upper_bound"]:
            yield f"{name}: the generator could not send any probed rate; use a faster machine"
        elif row["is_lower_bound"] and row["limited_by"]:
            yield f"{name}: the generator was the limit; the server carries more than {rate}"
        elif row["is_lower_bound"]:
            yield f"{name}: every probed rate met the target, up to {rate}; raise most in [capacity]"
        elif row["is_upper_bound"]:
            yield f"{name}: no probed rate met the target; raise p99 or lower least in [capacity]"
        elif row["limited_by"] == "connections":
            yield f"{name}: all connections were busy, the server was not; more publishers may carry more"


def legend(table: pd.DataFrame, wanted: Mapping[str, Any]) -> list[str]:
    """How to read the columns, in a few lines.

    Args:
        table: of ``capacity.capacities``.
        wanted: ``capacity.target``.
    """
    lines = [
        alike(table),
        f"capacity: the highest rate that meets the target: p99 of total within {duration(wanted['p99_s'])}, no "
        "event lost, queue",
        "not growing; total: from an event's intended arrival to its call's response",
        "gain: capacity over the trigger's, same target and connections; calls/s, sent: at the capacity",
    ]
    if any(map(is_undecided, table.to_dict("records"))):
        lines.append(
            f"{UNDECIDED}: undecided: interval still wider than ±{percent(wanted['within'], 0)} after "
            f"{duration(wanted['time_s'])}; a longer time narrows it"
        )
    at = levels(table)
    return [*lines, *notes(at[at["p50_s"].notna()], QUANTILES, "events")]
