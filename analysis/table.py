"""The summary as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.summary import summarise
from wiretax.runs.reader import Run

Row = dict[Hashable, Any]
BLOCK = ["client", "connection", "payload_kind", "payload_bytes"]


def print_run(run: Run, console: Console) -> None:
    """Print a run: what was measured where, the table, whether to believe it, and where it lies."""
    # On a terminal lines are folded between words; elsewhere they are left whole, to be searched.
    say = partial(console.print, soft_wrap=not console.is_terminal)
    plan, reconcile = run.meta["plan"], run.meta["reconcile"]
    say(
        f"[bold]{escape(plan['name'])}[/bold]  {escape(run.meta['endpoint'])}  {_server(run.meta)}  "
        f"{plan['users']} users, {run.meta['rounds_measured']} rounds"
    )
    say()
    if len(run.slices):
        console.print(render(summarise(run.slices, run.latency), console.width))
        say()
        say(f"[dim]{escape(_legend(run.meta))}[/dim]")
    for warning in run.meta["warnings"]:
        say(f"[yellow]warning[/yellow]  {escape(warning)}")
    for reason in run.meta["invalid_because"]:
        say(f"[red]invalid[/red]  {escape(reason)}")
    if reconcile["agrees"]:
        names = ["model", "sockets"]
        names += [name for name, key in (("kernel", "kernel"), ("mock", "server")) if reconcile[key]]
        witnesses = f"{', '.join(names[:-1])} and {names[-1]}"
        say(
            f"{witnesses} agree to the byte: {reconcile['model']['requests']:,} requests, "
            f"{reconcile['model']['request_bytes']:,} B sent, {reconcile['model']['response_bytes']:,} B received"
        )
    say(f"saved in {escape(str(run.folder))}")


def _legend(meta: dict[str, Any]) -> str:
    """How the columns are to be read, in two lines."""
    busy = meta["busy"]
    shares = f"generator {busy['generator']:.0%}" + (
        "" if busy["mock"] is None else f", mock {busy['mock']:.0%}; a gain is what both save together"
    )
    return (
        "saving and gain: per message, against the trigger of the same payload and client; [95 %] by rounds\n"
        f"times: saturated, {meta['plan']['users']} users; busy, in cores: {shares}"
    )


def _server(meta: dict[str, Any]) -> str:
    if meta["mock"] is None:
        return "(endpoint given)"
    cost = {name: value for name, value in meta["mock"].items() if name != "servers" and value}
    if not cost:
        return "mock that costs nothing"
    words = ", ".join(f"{name.removesuffix('_s')} {value * 1e3:g} ms" for name, value in cost.items())
    return f"mock: {words}, {meta['mock']['servers']} servers"


def render(summary: pd.DataFrame, width: int = 120) -> Table:
    """A table of ``analysis.summary.summarise``: a block a client and payload, sizes in bytes, times in ms.

    Args:
        summary: a row a workload.
        width: characters to a line; where the table is wider, columns are left out, the dearest last.
    """
    columns = list(COLUMNS)
    measure = Console(width=1000)
    while True:
        table = _build(summary, columns)
        spare = [column for column in columns if column.spare]
        if not spare or measure.measure(table).maximum <= width:
            return table
        columns.remove(min(spare, key=lambda column: column.spare))


def _build(summary: pd.DataFrame, columns: list[Column]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("payload", justify="right", no_wrap=True)
    table.add_column("sent as", no_wrap=True)
    for column in columns:
        table.add_column(column.title, justify="right", no_wrap=True)
    several = list(summary["client"].unique()) != ["reference"]
    client = None
    for number, (_, rows) in enumerate(summary.groupby(BLOCK, sort=False)):
        if number:
            table.add_row()
        if several and rows.iloc[0]["client"] != client:
            client = rows.iloc[0]["client"]
            table.add_row("", f"[bold]{client}[/bold]")
        for position, row in enumerate(rows.to_dict("records")):
            payload = f"{row['payload_bytes']:,} B" if position == 0 else ""
            table.add_row(payload, describe(row), *(column.cell(row) for column in columns))
    return table


def describe(row: Row) -> str:
    """A workload's call in words: ``batch of 10``."""
    call = {
        "trigger": "trigger",
        "batch": f"batch of {row['batch_size']}",
        "multi_trigger": f"to {row['channels']} channels",
    }[str(row["api"])]
    return call if row["connection"] == "keep-alive" else f"{call}, {row['connection']}"


def _number(name: str, form: str, factor: float = 1.0) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = float(row[name])
        return "-" if isnan(value) else form.format(value * factor)

    return cell


def _gain(row: Row) -> str:
    gain, low, high = float(row["gain"]), float(row["gain_low"]), float(row["gain_high"])
    if isnan(gain):
        return "-"
    # Under five rounds there is no interval, and the figure is not to be trusted.
    return f"{gain:.2f} [?]" if isnan(low) else f"{gain:.2f} [{low:.2f}, {high:.2f}]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of figures.

    Attributes:
        title: its heading, two lines at most.
        cell: a row's figure as text.
        spare: where room is short the lowest goes first; 0 stays.
    """

    title: str
    cell: Callable[[Row], str]
    spare: int = 0


COLUMNS = (
    Column("events/s", _number("events_per_second", "{:,.0f}")),
    Column("sent\nB/event", _number("sent_per_event", "{:,.1f}")),
    Column("received\nB/event", _number("received_per_event", "{:,.1f}"), spare=2),
    Column("head\nB/call", _number("head_per_request", "{:,.0f}"), spare=3),
    Column("overhead\nx", _number("overhead_factor", "{:,.2f}"), spare=5),
    Column("saving\n%", _number("saving", "{:.1f}", 100)),
    Column("gain\nx [95 %]", _gain),
    Column("p50\nms", _number("p50_s", "{:,.2f}", 1e3), spare=1),
    Column("p99\nms", _number("p99_s", "{:,.2f}", 1e3), spare=4),
)
