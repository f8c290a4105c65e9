"""Queues on the terminal: the bytes and the waiting time of each batch size and linger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.findings.percentile_notes import notes, percentile
from analysis.measures.queues import KEPT_UP, QUANTILES, SAME_ARRIVALS
from analysis.text.labels import Row, arrival_rate, queue_call
from analysis.text.numbers import MISSING, count, fixed, milliseconds, percent, plain, scaled
from analysis.text.terminal_table import fit, heading, print_fitting
from wiretax.channels.workload import ATTRIBUTES


@dataclass(frozen=True, slots=True)
class QueueHeading:
    """A column's heading. On a narrow terminal, columns with the lowest ``spare`` are left out first; 0 is
    never."""

    title: str
    spare: int = 0


HEADINGS = (
    QueueHeading("events\n/call"),
    QueueHeading("sent\nB/event"),
    QueueHeading("saving\n%"),
    QueueHeading("wait\nms\np50", 7),
    QueueHeading("wait\nms\np99", 8),
    QueueHeading("wire\nms\np50", 3),
    QueueHeading("wire\nms\np99", 4),
    QueueHeading("total\nms\np50"),
    QueueHeading("total\nms\np90", 2),
    QueueHeading("total\nms\np99"),
    QueueHeading("total\nms\np99.9", 1),
    QueueHeading("total\nms\nmax", 6),
    QueueHeading("queue\nmost", 5),
    QueueHeading("queue\nleft", 9),
)
TIMES = (
    ("waiting", "p50"),
    ("waiting", "p99"),
    ("wire", "p50"),
    ("wire", "p99"),
    ("total", "p50"),
    ("total", "p90"),
    ("total", "p99"),
    ("total", "p999"),
    ("total", "max"),
)


# The percentiles among them, by column.
SHOWN_PERCENTILES = {f"{kind}_{name}": QUANTILES[name] for kind, name in TIMES if QUANTILES[name] < 1}


def print_queues(table: pd.DataFrame, console: Console) -> None:
    """Print a table of ``queues.queue_frontier``; on a terminal that is too narrow, the columns that fit."""
    print_fitting(console, lambda headings: _build(table, headings), HEADINGS)


def render_queues(table: pd.DataFrame, width: int | None = None) -> Table:
    """A table of ``queues.queue_frontier``, with a block per group of workloads with the same arrivals.

    Args:
        table: a row per workload.
        width: characters per line; columns that don't fit are left out. None for all.
    """
    return fit(lambda headings: _build(table, headings), HEADINGS, width)[0]


def _build(table: pd.DataFrame, headings: list[QueueHeading]) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    drawn.add_column("arrivals, sent as", no_wrap=True)
    for each in headings:
        drawn.add_column(heading(each.title), justify="right", no_wrap=True)
    for number, (_, rows) in enumerate(table.groupby("curve", sort=False)):
        if number:
            drawn.add_row()
        drawn.add_row(f"[bold]{escape(arriving(rows.iloc[0].to_dict(), table))}[/bold]")
        for row in rows.to_dict("records"):
            mark = "!" if row["is_overloaded"] else "*" if row["frontier"] and len(rows) > 1 else " "
            cells = dict(zip(HEADINGS, _cells(row), strict=True))
            drawn.add_row(escape(f"{mark} {queue_call(row)}"), *(cells[each] for each in headings))
    return drawn


def arriving(row: Row, table: pd.DataFrame) -> str:
    """The arrivals, with the settings in which blocks differ: ``500/s, round trip 20 ms``."""
    return ", ".join([arrival_rate(row), *apart(row, table)])


def over(row: Row, table: pd.DataFrame) -> str:
    """As ``arriving``, but always with the round trip if there is one."""
    words, trip = arriving(row, table), _setting(row, "rtt_s")
    return f"{words}, {trip}" if row["rtt_s"] > 0 and trip not in words else words


def apart(row: Row, table: pd.DataFrame) -> list[str]:
    """The settings in which blocks differ, the rate of arrivals aside: ``["round trip 20 ms"]``."""
    settings = [name for name in SAME_ARRIVALS if name not in ("rate", "stages")]
    several = [name for name in settings if table[name].nunique(dropna=False) > 1]
    return [*filter(None, (_setting(row, name) for name in several))]


def alike(table: pd.DataFrame) -> str:
    """The settings that all blocks share: ``100 B, chat, reference, arriving at random, 16 publishers``."""
    row = table.iloc[0].to_dict()
    shared = [name for name in SHOWN if table[name].nunique(dropna=False) == 1 and _setting(row, name)]
    shared = [name for name in shared if name not in NAMES or row[name] != NAMES[name].default]
    return ", ".join(_setting(row, name) for name in shared)


ARRIVING = {"constant": "evenly", "poisson": "at random", "burst": "in bursts"}
NAMES = {each.column: each for each in ATTRIBUTES if each.path.startswith("names.")}
SHOWN = ("payload_bytes", "payload_kind", "encrypted", "client", *NAMES, "arrivals", "publishers", "rtt_s")


def _setting(row: Row, name: str) -> str:
    """One setting of a workload; empty if there is nothing to show."""
    value = row[name]
    if name == "payload_bytes":
        return f"{value:,} B"
    if name in NAMES and (label := NAMES[name].label) is not None:
        return label(value)
    if name == "rtt_s":
        return "" if isnan(value) else f"round trip {plain(value * 1e3)} ms"
    if name == "arrivals":
        return f"arriving {ARRIVING[value]}"
    if name == "publishers":
        return count(value, "publisher") if value else ""
    if name == "subscribers":
        return count(value, "subscriber")
    if name == "encrypted":
        return "encrypted" if value else ""
    if name == "tls":
        return "TLS" if value else "no TLS"
    if name == "calls_per_connection":
        return f"{value} calls per connection" if value else "connections kept"
    return str(value)


def _cells(row: Row) -> Iterator[str]:
    yield fixed(row["fill"], 1)
    yield fixed(row["sent_per_event"], 1)
    yield MISSING if row["api"] == "trigger" else scaled(row["saving"], 100, 1)
    for kind, quantile in TIMES:
        yield percentile(row, f"{kind}_{quantile}", _milliseconds)
    yield f"{row['depth_max']:,}"
    yield f"{row['left']:,}"


def _milliseconds(seconds: float) -> str:
    return scaled(seconds, 1e3, 0) if seconds >= 0.1 else milliseconds(seconds)


def findings(table: pd.DataFrame) -> Iterator[str]:
    """Rows of a table that need an explanation, a line each."""
    for row in table[table["is_overloaded"]].to_dict("records"):
        rounds = f"in {row['overloaded'] * row['rounds']:.0f} of {row['rounds']} rounds"
        yield (
            f"overloaded {rounds}: {queue_call(row)} at {arriving(row, table)} publishes "
            f"{fixed(row['events_per_second'], 0)} events/s"
        )
    for row in table[table["kept_up"] < KEPT_UP].to_dict("records"):
        yield (
            f"{queue_call(row)} at {arrival_rate(row)}: this machine generated {fixed(row['reached'], 0)} "
            f"events/s, {percent(row['kept_up'])} of the rate"
        )


def legend(table: pd.DataFrame) -> list[str]:
    """How to read the columns, in a few lines."""
    late = "late_max_s" if table["late_max_s"].notna().any() else "late_p99_s"
    return [
        alike(table),
        "total: from an event's intended arrival to its call's response; wait: until the call began, with",
        "linger and queue; wire: the call; saving: against the trigger of the same arrivals",
        "*: no other sends fewer bytes at a lower p99; !: overloaded, queue still growing",
        *notes(table, SHOWN_PERCENTILES, "events"),
        f"scheduling delay up to {scaled(table[late].max(), 1e3, 1)} ms"
        f"{' (p99)' * (late == 'late_p99_s')}, included in wait",
    ]
