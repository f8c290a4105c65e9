"""Deliveries on the terminal: what arrived, how late, and what a batch does to that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.findings.percentile_notes import percentile
from analysis.text.labels import Row, arrival_rate, call, event, queue_call, second_server
from analysis.text.numbers import MISSING, count, fixed, milliseconds, percent, scaled, with_interval
from analysis.text.terminal_table import fit, heading, print_fitting

# A connection with more than that still to be read, or a process that needed more of a second for each second of
# publishing: then the subscriber was slow itself.
SLOW_BYTES, BUSY_CORE = 262_144, 0.9
# Columns that are the same for calls with the same events.
EVENT = ["client", "payload_kind", "payload_bytes", "encrypted"]


@dataclass(frozen=True, slots=True)
class DeliveryHeading:
    """A column's heading. On a narrow terminal, columns with the lowest ``spare`` are left out first; 0 stays."""

    title: str
    spare: int = 0


HEADINGS = (
    DeliveryHeading("subscr.\n"),
    DeliveryHeading("acknowl.\nevents"),
    DeliveryHeading("delivered\n"),
    DeliveryHeading("lost\n"),
    DeliveryHeading("twice\n", 5),
    DeliveryHeading("out of\norder", 6),
    DeliveryHeading("total\nms\np50"),
    DeliveryHeading("total\nms\np99"),
    DeliveryHeading("total\nms\nmax", 4),
    DeliveryHeading("wait\nms\np50", 7),
    DeliveryHeading("call\nms\np50", 8),
    DeliveryHeading("then\nms\np50", 9),
    DeliveryHeading("delay\nx [95 % CI]"),
    DeliveryHeading("cable\nB/deliv.", 3),
)


def print_deliveries(table: pd.DataFrame, console: Console) -> None:
    """Print a table of ``deliveries.summarise_deliveries``; on a narrow terminal, the columns that fit."""
    print_fitting(console, lambda headings: _build(table, headings), HEADINGS)


def render_deliveries(table: pd.DataFrame, width: int | None = None) -> Table:
    """A table of ``deliveries.summarise_deliveries``.

    Args:
        table: a row per workload.
        width: characters per line; columns that don't fit are left out. None for all.
    """
    return fit(lambda headings: _build(table, headings), HEADINGS, width)[0]


def _build(table: pd.DataFrame, headings: list[DeliveryHeading]) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    drawn.add_column("deliveries, sent as", no_wrap=True)
    for each in headings:
        drawn.add_column(heading(each.title), justify="right", no_wrap=True)
    for number, (rate, rows) in enumerate(table.groupby("rate", sort=False)):
        if number:
            drawn.add_row()
        title = arrival_rate(rows.iloc[0].to_dict()) if rate else "as fast as it goes"
        drawn.add_row(f"[bold]{title}[/bold]")
        for row in rows.to_dict("records"):
            cells = dict(zip(HEADINGS, _cells(row), strict=True))
            drawn.add_row(escape(f"  {_called(row)}"), *(cells[each] for each in headings))
    return drawn


def _called(row: Row) -> str:
    return ", ".join([queue_call(row) if row["rate"] else call(row), *second_server(row)])


def _cells(row: Row) -> Iterator[str]:
    yield f"{row['subscribers']:,}"
    for name in ("acknowledged", "delivered"):
        yield f"{row[name]:,}"
    yield f"[red]{row['lost']:,}[/red]" if row["lost"] else "0"
    yield f"{row['duplicated']:,}"
    yield f"{row['out_of_order_publisher']:,}"
    for name in ("p50", "p99", "max"):
        yield percentile(row, f"total_{name}", milliseconds)
    yield scaled(row["waiting_p50_s"], 1e3, 1)
    yield scaled(row["wire_p50_s"], 1e3, 1)
    yield scaled(row["after_p50_s"], 1e3, 1)
    ratio = row["delay_ratio"], row["delay_ratio_low"], row["delay_ratio_high"]
    yield MISSING if ratio[0] != ratio[0] else with_interval(*ratio)
    yield fixed(row["cable"], 1)


def findings(table: pd.DataFrame) -> Iterator[str]:
    """What went wrong with deliveries, a line each."""
    for row in table.to_dict("records"):
        who = f"{_called(row)}, {count(row['subscribers'], 'subscriber')}"
        if row["lost"]:
            yield (
                f"{who}: {row['lost']:,} of {row['expected']:,} deliveries of acknowledged events never came "
                f"({percent(row['lost'] / row['expected'], 2)})"
            )
        if row["missed"]:
            yield (
                f"{who}: {row['missed']:,} were published while a subscriber was not connected "
                f"({count(row['reconnections'], 'reconnection')}); they do not count as lost"
            )
        if row["duplicated"]:
            yield f"{who}: {row['duplicated']:,} deliveries came again"
        if row["out_of_order_publisher"]:
            yield f"{who}: {row['out_of_order_publisher']:,} events came after a later one of their publisher"
        for outcome in ("rejected", "failed", "unknown"):
            if row[f"unacknowledged_{outcome}"]:
                events = f"{row[f'unacknowledged_{outcome}']:,} events of {outcome} calls"
                yield f"{who}: {events} were delivered all the same"
        if row["late"]:
            yield f"{who}: {row['late']:,} deliveries came so late that their slice counts them as lost"
        if row["foreign"]:
            yield f"{who}: {row['foreign']:,} events of other publishers came on the same channels"
        if row["ambiguous"]:
            yield (
                f"{who}: {row['ambiguous']:,} events have the same name and data as others; the first to arrive "
                "counts as the first that was sent"
            )
        if row["subscriber_busy"] > BUSY_CORE or row["backlog_max_bytes"] > SLOW_BYTES:
            yield (
                f"{who}: the subscribers could not keep up ({row['subscriber_busy']:.1f} s of work for each "
                f"second of publishing, {row['backlog_max_bytes'] / 1e6:.1f} MB unread): these delays are theirs"
            )


def fan_out_lines(table: pd.DataFrame) -> Iterator[str]:
    """What subscribers do to the rate of publishing and to the bytes, a line for each call."""
    if table.empty or table["rate_ratio"].isna().all():
        return
    several = len(table[EVENT].drop_duplicates()) > 1
    with_some = table[table["subscribers"] > 0]
    for _, rows in with_some.groupby([*EVENT, "api", "batch_size", "channels"], sort=False):
        parts = []
        for row in rows.sort_values("subscribers").to_dict("records"):
            if row["rate_ratio"] == row["rate_ratio"]:
                ratio = with_interval(row["rate_ratio"], row["rate_ratio_low"], row["rate_ratio_high"])
                share = percent(row["publishing_share"], 0)
                parts.append(f"{row['subscribers']:,}: {ratio} of the rate, publishing {share} of all bytes")
        if parts:
            first = rows.iloc[0].to_dict()
            of = f"{event(first)}, " if several else ""
            yield f"with subscribers, {of}{call(first)}: {'; '.join(parts)}"


LEGEND = (
    "acknowledged events x subscribers = delivered + lost + missed (published while one was not connected)",
    "out of order: after a later event of the same publisher; total: from the intended time to the arrival;",
    "wait: until the call began; call: until its response; then: from the response to the arrival, negative if",
    "the event came first; delay: p50 of total over the trigger's, round by round",
)
