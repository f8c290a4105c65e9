"""A run's queues in notebooks and reports: sentences, and the full table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isnan

import pandas as pd

from analysis.findings.percentile_notes import notes, percentile, shown_as
from analysis.measures.latency import samples_needed
from analysis.measures.queues import has_p99, queue_frontier
from analysis.tables.queue_table import SHOWN_PERCENTILES, TIMES, alike, arriving, over
from analysis.text.labels import Row, queue_call
from analysis.text.numbers import MISSING, duration, fixed, percent, scaled
from analysis.text.sheet import Cell, Lines, Numbers, Sheet, Shown, Words
from wiretax.runs.reader import Run

TITLES = {"waiting": "Waiting", "wire": "On the wire", "total": "Total"}


def queues_in_brief(run: Run) -> Lines:
    """A sentence per rate and round trip: what batching saves and what it costs."""
    table = queue_frontier(run)
    if table.empty:
        return Lines(["No workload of this run takes its events from a queue."], is_absent=True)
    return Lines([sentence for _, curve in table.groupby("curve") for sentence in _of_curve(curve, table)])


def _of_curve(curve: pd.DataFrame, table: pd.DataFrame) -> Iterator[str]:
    first = curve.iloc[0].to_dict()
    words = f"At {over(first, table)}:"
    for trigger in curve[curve["api"] == "trigger"].to_dict("records"):
        if trigger["is_overloaded"]:
            words += f" the trigger can't keep up and publishes {fixed(trigger['events_per_second'], 0)} events/s;"
        else:
            words += f" {_through(trigger)} with the trigger;"
    batches = curve[curve["frontier"] & (curve["api"] == "batch")].sort_values("sent_per_event")
    if len(batches):
        yield f"{words} {_saves(batches.iloc[0].to_dict())}."
        return
    unknown = curve[(curve["api"] == "batch") & ~curve["is_overloaded"] & ~has_p99(curve)]
    if len(unknown):
        verb = "has" if len(unknown) == 1 else "have"
        yield f"{words} {len(unknown)} of its batches {verb} no p99, so no batch can be recommended."
        return
    yield f"{words} no batch keeps up and sends fewer bytes."


def _through(row: Row) -> str:
    """The time within which 99 % of events are done."""
    if isnan(row["total_p99_s"]):
        return f"p99 needs {samples_needed(0.99):,} events, but {row['total_samples']:,} were published"
    least = "at least " if row["total_p99_s_is_lower_bound"] else ""
    return f"99 % of events take {least}{duration(row['total_p99_s'])}"


def _saves(row: Row) -> str:
    saving = "" if isnan(row["saving"]) else f"sends {percent(row['saving'])} fewer bytes and "
    return f"a {queue_call(row)}, {saving}takes {duration(row['total_p99_s'])} for 99 % of events"


def queues(run: Run) -> Sheet:
    """A row per workload, as ``queue_frontier`` has them: events per call, bytes per event, and times."""
    table = queue_frontier(run)
    columns: tuple[Shown, ...] = (
        Words("Arrivals", lambda row: arriving(row, table)),
        Words("Sent as", lambda row: Cell(queue_call(row), small="on the frontier" if row["frontier"] else "")),
        Words("Keeps up", lambda row: "overloaded" if row["is_overloaded"] else "yes"),
        Numbers("Events/s", lambda row: fixed(row["events_per_second"], 0)),
        Numbers("Events per call", lambda row: fixed(row["fill"], 1)),
        Numbers("Sent B/event", lambda row: fixed(row["sent_per_event"], 1)),
        Numbers("Saving %", lambda row: MISSING if row["api"] == "trigger" else scaled(row["saving"], 100, 1)),
        *(
            Numbers(f"{TITLES[kind]} {shown_as(quantile)}, ms", _time(f"{kind}_{quantile}"))
            for kind, quantile in TIMES
        ),
        Numbers("Deepest queue", lambda row: f"{row['depth_max']:,}"),
        Numbers("Left", lambda row: f"{row['left']:,}"),
    )
    # The settings that all rows share, such as the round trip, come first.
    notes_ = [alike(table), *notes(table, SHOWN_PERCENTILES, "events")] if len(table) else []
    return Sheet(table, columns, notes_)


def _time(name: str) -> Callable[[Row], str]:
    return lambda row: percentile(row, name, lambda seconds: scaled(seconds, 1e3, 1))
