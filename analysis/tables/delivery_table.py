"""Deliveries on the terminal: what arrived, how late, and what a batch does to that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.findings.percentile_notes import percentile
from analysis.measures.deliveries import summarise_deliveries
from analysis.measures.fan_out import fan_out
from analysis.text.labels import Row, arrival_rate, call, delivery_call, event, event_in_full, second_server
from analysis.text.numbers import MISSING, count, fixed, milliseconds, percent, scaled, with_interval
from analysis.text.terminal_table import fit, heading, print_fitting
from wiretax.runs.mode import OBSERVED
from wiretax.runs.reader import Run

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


WAIT, DELAY, CABLE = (
    DeliveryHeading("wait\nms\np50", 7),
    DeliveryHeading("delay\nx [95 % CI]"),
    DeliveryHeading("cable\nB/deliv.", 3),
)
LAYERS = {
    "frame_header": "frame headers",
    "envelope": "messages without data",
    "payload": "data",
    "encryption": "encryption",
    "protocol": "subscribing and pings",
    "control": "closing",
    "handshake": "handshakes",
}
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
    WAIT,
    DeliveryHeading("call\nms\np50", 8),
    DeliveryHeading("then\nms\np50", 9),
    DELAY,
    CABLE,
)


def print_deliveries(run: Run, console: Console, say: Callable[..., None]) -> None:
    """Print what subscribers received, with its notes; on a narrow terminal, the columns that fit."""
    say()
    table = summarise_deliveries(run)
    print_fitting(console, lambda headings: _build(table, headings), _headings(table))
    say()
    if table["cable"].isna().all():
        say(escape(_shared_bytes(run.meta["delivery"]["totals"])))
    for line in fan_out_lines(fan_out(run)):
        say(escape(line))
    for line in findings(table):
        say(f"[yellow]delivery[/yellow]  {escape(line)}")
    for line in legend(table):
        say(f"[dim]{escape(line)}[/dim]")


def render_deliveries(table: pd.DataFrame, width: int | None = None) -> Table:
    """A table of ``deliveries.summarise_deliveries``.

    Args:
        table: a row per workload.
        width: characters per line; columns that don't fit are left out. None for all.
    """
    return fit(lambda headings: _build(table, headings), _headings(table), width)[0]


def _headings(table: pd.DataFrame) -> list[DeliveryHeading]:
    """The columns that say something: an observed publisher's events have no intended time, for example."""
    empty = {
        WAIT: bool(table["payload_kind"].eq(OBSERVED).all()),
        DELAY: bool(table["delay_ratio"].isna().all()),
        CABLE: bool(table["cable"].isna().all()),
    }
    return [each for each in HEADINGS if not empty.get(each)]


def _shared_bytes(totals: dict[str, int]) -> str:
    """The bytes of subscribers whose connections several kinds of call share."""
    layers = ", ".join(f"{title} {totals[name]:,}" for name, title in LAYERS.items() if totals[name])
    return (
        f"subscribers' connections: {totals['received']:,} B received, {totals['sent']:,} B sent; in "
        f"{totals['messages']:,} deliveries and what else they carried: {layers} B"
    )


def _build(table: pd.DataFrame, headings: list[DeliveryHeading]) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    drawn.add_column("deliveries, sent as", no_wrap=True)
    for each in headings:
        drawn.add_column(heading(each.title), justify="right", no_wrap=True)
    is_observed = bool(table["payload_kind"].eq(OBSERVED).all())
    by = ["rate"] if is_observed else ["rate", *EVENT]
    several = len(table[EVENT].drop_duplicates()) > 1
    for number, (_, rows) in enumerate(table.groupby(by, sort=False)):
        if number:
            drawn.add_row()
        first = rows.iloc[0].to_dict()
        title = arrival_rate(first) if first["rate"] else "as fast as it goes"
        title += f", {event_in_full(first)}" if several else ""
        drawn.add_row(f"[bold]{'observed' if is_observed else escape(title)}[/bold]")
        for row in rows.to_dict("records"):
            cells = dict(zip(HEADINGS, _cells(row), strict=True))
            drawn.add_row(escape(f"  {_called(row)}"), *(cells[each] for each in headings))
    return drawn


def _called(row: Row) -> str:
    return ", ".join([delivery_call(row), *second_server(row)])


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
                f"{who}: {row['ambiguous']:,} events have the same channel, name and data as others; the first to "
                "arrive counts as the first that was sent"
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


def legend(table: pd.DataFrame) -> Iterator[str]:
    """What the columns mean."""
    yield "acknowledged events x subscribers = delivered + lost + missed (published while one was not connected)"
    if table["payload_kind"].eq(OBSERVED).all():
        yield "out of order: after a later event of the same connection; total: from the call to the arrival;"
        yield "call: until its response; then: from the response to the arrival, negative if the event came first"
        return
    yield "out of order: after a later event of the same publisher; total: from the intended time to the arrival;"
    yield "wait: until the call began; call: until its response; then: from the response to the arrival, negative"
    yield "if the event came first; delay: p50 of total over the trigger's, round by round"
