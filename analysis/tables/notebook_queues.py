"""What a page shows of a run's queues: sentences, and the table in full."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

import pandas as pd

from analysis.measures.latency import samples_needed
from analysis.measures.queue_frontier import known, tradeoff
from analysis.tables.queue_table import SHOWN_PERCENTILES, TIMES, arriving, drained
from analysis.text.labels import Row, share
from analysis.text.latency_text import notes, percentile, shown_as
from analysis.text.quantities import duration
from analysis.text.sheet import Cell, Lines, Sheet
from wiretax.runs.reader import Run

TITLES = {"waiting": "Waiting", "wire": "On the wire", "total": "Total"}


def queues_in_brief(run: Run) -> Lines:
    """What batching from a queue saves and costs: a sentence for each rate and round trip."""
    table = tradeoff(run)
    if table.empty:
        return Lines(["No workload of this run takes its events from a queue."])
    return Lines([sentence for _, curve in table.groupby("curve") for sentence in _of_curve(curve, table)])


def _of_curve(curve: pd.DataFrame, table: pd.DataFrame) -> Iterator[str]:
    first = curve.iloc[0].to_dict()
    words = f"At {arriving(first, table)}:"
    for trigger in curve[curve["api"] == "trigger"].to_dict("records"):
        if trigger["is_overloaded"]:
            words += f" the trigger can't keep up and publishes {trigger['events_per_second']:,.0f} events/s;"
        else:
            words += f" {_through(trigger)} by trigger;"
    batches = curve[curve["frontier"] & (curve["api"] == "batch")].sort_values("sent_per_event")
    if len(batches):
        yield f"{words} {_saves(batches.iloc[0].to_dict())}."
        return
    unknown = curve[(curve["api"] == "batch") & ~curve["is_overloaded"] & ~known(curve)]
    if len(unknown):
        verb = "has" if len(unknown) == 1 else "have"
        yield f"{words} {len(unknown)} of its batches {verb} no p99, so none can be named."
        return
    yield f"{words} no batch keeps up and sends fewer bytes."


def _through(row: Row) -> str:
    """In what time 99 % of events are through."""
    if isnan(row["total_p99_s"]):
        return f"p99 needs {samples_needed(0.99):,} events, {row['total_samples']:,} were published"
    least = "at least " if row["total_p99_s_is_lower_bound"] else ""
    return f"99 % of events are through in {least}{duration(row['total_p99_s'])}"


def _saves(row: Row) -> str:
    saving = "" if isnan(row["saving"]) else f"sends {share(row['saving'])} fewer bytes and "
    return f"a {drained(row)}, {saving}has them through in {duration(row['total_p99_s'])}"


def queues(run: Run) -> Sheet:
    """A row a workload: what its calls carry, what an event costs and waits."""
    table = tradeoff(run)
    headers = (
        "Arrivals",
        "Sent as",
        "Keeps up",
        "Events/s",
        "Events a call",
        "Sent B/event",
        "Saving %",
        *(f"{TITLES[kind]} {shown_as(quantile)}, ms" for kind, quantile in TIMES),
        "Deepest queue",
        "Left",
    )
    rows = [] if table.empty else [_row(row, table) for row in table.to_dict("records")]
    return Sheet(headers, rows, words=3, notes=[*notes(table, SHOWN_PERCENTILES, "events")] if rows else [])


def _row(row: Row, table: pd.DataFrame) -> tuple[str | Cell, ...]:
    state = "overloaded" if row["is_overloaded"] else "yes"
    return (
        arriving(row, table),
        Cell(drained(row), small="on the frontier" if row["frontier"] else ""),
        state,
        _figure(row["events_per_second"], 0),
        _figure(row["fill"], 1),
        _figure(row["sent_per_event"], 1),
        "-" if row["api"] == "trigger" else _figure(row["saving"] * 100, 1),
        *(
            percentile(row, f"{kind}_{quantile}", lambda seconds: f"{seconds * 1e3:,.1f}")
            for kind, quantile in TIMES
        ),
        f"{row['depth_max']:,}",
        f"{row['left']:,}",
    )


def _figure(value: float, digits: int) -> str:
    return "-" if isnan(value) else f"{value:,.{digits}f}"
