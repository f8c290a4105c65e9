"""What a page shows of a run's queues: sentences, and the table in full."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

import pandas as pd

from analysis.quantity import duration
from analysis.queue_table import TIMES, arriving, drained
from analysis.sheet import Cell, Lines, Sheet
from analysis.tradeoff import tradeoff
from analysis.wording import Row, share
from wiretax.runs.reader import Run

TITLES = {"waiting": "Waiting", "wire": "On the wire", "total": "Total"}
QUANTILES = {"p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9", "max": "max"}


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
            words += f" 99 % of events are through in {duration(trigger['total_p99_s'])} by trigger;"
    batches = curve[curve["frontier"] & (curve["api"] == "batch")].sort_values("sent_per_event")
    if batches.empty:
        yield f"{words} no batch keeps up and sends fewer bytes."
        return
    yield f"{words} {_saves(batches.iloc[0].to_dict())}."


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
        *(f"{TITLES[kind]} {QUANTILES[quantile]}, ms" for kind, quantile in TIMES),
        "Deepest queue",
        "Left",
    )
    rows = [] if table.empty else [_row(row, table) for row in table.to_dict("records")]
    return Sheet(headers, rows, words=3)


def _row(row: Row, table: pd.DataFrame) -> tuple[str | Cell, ...]:
    state = "overloaded" if row["is_overloaded"] else "yes"
    bound = "> " if row["is_overloaded"] else ""
    return (
        arriving(row, table),
        Cell(drained(row), small="on the frontier" if row["frontier"] else ""),
        state,
        _figure(row["events_per_second"], 0),
        _figure(row["fill"], 1),
        _figure(row["sent_per_event"], 1),
        "-" if row["api"] == "trigger" else _figure(row["saving"] * 100, 1),
        *(
            f"{'' if kind == 'wire' else bound}{_figure(row[f'{kind}_{quantile}_s'] * 1e3, 1)}"
            for kind, quantile in TIMES
        ),
        f"{row['depth_max']:,}",
        f"{row['left']:,}",
    )


def _figure(value: float, digits: int) -> str:
    return "-" if isnan(value) else f"{value:,.{digits}f}"
