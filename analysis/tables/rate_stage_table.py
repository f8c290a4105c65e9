"""Queues whose rate changes: a row for each stage, and the recovery after a spike, in words."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.findings.percentile_notes import notes, percentile
from analysis.measures.latency import P50_P99
from analysis.measures.rate_stages import recoveries, recovery_of, summarise_rate_stages
from analysis.tables.columns import Column
from analysis.text.labels import Row, queue_call
from analysis.text.numbers import duration, fixed, milliseconds, plain, scaled
from analysis.text.sheet import Lines, Numbers, Sheet, Words
from analysis.text.terminal_table import heading, print_fitting
from wiretax.runs.run import Run

PERCENTILES = {f"total_{name}": quantile for name, quantile in P50_P99.items()}
COLUMNS = (
    Column("arriving\n/s", lambda row: fixed(row["arriving"], 0)),
    Column("events\n/s", lambda row: fixed(row["events_per_second"], 0)),
    Column("sent\nB/event", lambda row: fixed(row["sent_per_event"], 1), spare=2),
    Column("total\nms\np50", lambda row: percentile(row, "total_p50", _milliseconds)),
    Column("total\nms\np99", lambda row: percentile(row, "total_p99", _milliseconds)),
    Column("queue\nmost", lambda row: f"{row['depth_max']:,}"),
    Column("queue\nat end", lambda row: f"{row['left']:,}", spare=1),
)


def stage_name(row: Row) -> str:
    """``2 spike``."""
    return f"{row['stage'] + 1} {row['name']}".strip()


def stage_rate(row: Row) -> str:
    """``500/s``, or of a ramp ``500 to 5,000/s``."""
    first, last = plain(row["first"]), plain(row["last"])
    return f"{last}/s" if first == last else f"{first} to {last}/s"


def print_rate_stages(run: Run, console: Console) -> None:
    """Print the stages of each queue whose rate changes; nothing if none does."""
    table = summarise_rate_stages(run)
    if table.empty:
        return
    calls = _calls(run)
    print_fitting(console, lambda columns: _build(table, calls, columns), COLUMNS)
    for line in recovered(run):
        console.print(f"[yellow]spike[/yellow]    {escape(line)}", soft_wrap=not console.is_terminal)
    for line in legend(table):
        console.print(f"[dim]{escape(line)}[/dim]", soft_wrap=True)
    console.print()


def legend(table: pd.DataFrame) -> Iterator[str]:
    """How to read the columns, in a few lines."""
    yield "stages: total is of the events that were meant to arrive in the stage, events/s of the calls in it"
    if (table["overloaded"] > 0).any():
        yield "!: the queue grew in this stage"
    yield from notes(table, PERCENTILES, "events")


def recovered(run: Run) -> Iterator[str]:
    """A sentence for each queue whose rate has a spike: how long it took until all was normal again."""
    found, calls = recoveries(run), _calls(run)
    for workload, rounds in found.groupby("workload", sort=False):
        seconds, is_bound = recovery_of(rounds)
        normal = f"p99 up to {duration(rounds['normal_p99_s'].median())}"
        depth = f"{fixed(rounds['normal_depth'].median(), 0)} events in the queue"
        of_rounds = f", median of {len(rounds)} rounds" * (len(rounds) > 1)
        if is_bound:
            yield (
                f"{calls[str(workload)]} had not recovered at the end, {duration(seconds)} after the spike "
                f"(normal: {normal}, {depth}){of_rounds}; add a longer stage after it"
            )
        elif not seconds:
            yield f"{calls[str(workload)]} was normal right after the spike ({normal}, {depth}){of_rounds}"
        else:
            yield f"{calls[str(workload)]} recovered in {duration(seconds)} (to {normal}, {depth}){of_rounds}"


def rate_stages(run: Run) -> Sheet:
    """A row per queue whose rate changes and stage, as ``summarise_rate_stages`` has them, for notebooks and
    reports."""
    table, calls = summarise_rate_stages(run), _calls(run)
    columns = (
        Words("Sent as", lambda row: calls[row["workload"]]),
        Words("Stage", stage_name),
        Words("Rate", stage_rate),
        Numbers("Seconds", lambda row: plain(row["seconds"])),
        *COLUMNS,
    )
    return Sheet(table, columns, [*notes(table, PERCENTILES, "events")] if len(table) else [])


def spikes_in_brief(run: Run) -> Lines:
    """The same as ``recovered``, for notebooks and reports."""
    return Lines([f"{line[0].upper()}{line[1:]}." for line in recovered(run)])


def _calls(run: Run) -> dict[str, str]:
    rows = run.queue.drop_duplicates("workload").to_dict("records")
    return {row["workload"]: queue_call(row) for row in rows}


def _build(table: pd.DataFrame, calls: dict[str, str], columns: list[Column]) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    drawn.add_column("sent as, stage", no_wrap=True)
    for title in ("rate", "s"):
        drawn.add_column(title, justify="right", no_wrap=True)
    for column in columns:
        drawn.add_column(heading(column.title), justify="right", no_wrap=True)
    for number, (workload, rows) in enumerate(table.groupby("workload", sort=False)):
        if number:
            drawn.add_row()
        drawn.add_row(f"[bold]{escape(calls[str(workload)])}[/bold]")
        for row in rows.to_dict("records"):
            mark = "!" if row["overloaded"] > 0 else " "
            first = (f"{mark} {stage_name(row)}", stage_rate(row), plain(row["seconds"]))
            drawn.add_row(*map(escape, first), *(column.cell(row) for column in columns))
    return drawn


def _milliseconds(seconds: float) -> str:
    return scaled(seconds, 1e3, 0) if seconds >= 0.1 else milliseconds(seconds)
