"""The summary as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
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
    plan, reconcile = run.meta["plan"], run.meta["reconcile"]
    console.print(
        f"[bold]{escape(plan['name'])}[/bold]  {escape(run.meta['endpoint'])}  {_server(run.meta)}  "
        f"{plan['users']} users, saturated  {run.meta['rounds_measured']} rounds",
        soft_wrap=True,
    )
    console.print()
    if len(run.slices):
        console.print(render(summarise(run.slices, run.latency), console.width))
        console.print()
    for warning in run.meta["warnings"]:
        console.print(f"[yellow]warning[/yellow]  {escape(warning)}", soft_wrap=True)
    for reason in run.meta["invalid_because"]:
        console.print(f"[red]invalid[/red]  {escape(reason)}", soft_wrap=True)
    if reconcile["agrees"]:
        witnesses = "model, sockets and mock" if reconcile["server"] else "model and sockets"
        console.print(
            f"{witnesses} agree to the byte: {reconcile['model']['requests']:,} requests, "
            f"{reconcile['model']['request_bytes']:,} B sent, {reconcile['model']['response_bytes']:,} B received",
            soft_wrap=True,
        )
    console.print(f"saved in {escape(str(run.folder))}", soft_wrap=True)


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
        width: characters to a line; columns that others imply are left out of narrow ones.
    """
    shown = [column for column in COLUMNS if width >= column.from_width]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("payload", justify="right", no_wrap=True)
    table.add_column("sent as", no_wrap=True)
    for column in shown:
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
            table.add_row(payload, describe(row), *(column.cell(row) for column in shown))
    return table


def describe(row: Row) -> str:
    """A workload's call in words: ``batch of 10``."""
    call = {
        "trigger": "trigger",
        "batch": f"batch of {row['batch_size']}",
        "multi_trigger": f"1 to {row['channels']} channels",
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
    return f"{gain:.2f}x [?]" if isnan(low) else f"{gain:.2f}x [{low:.2f}, {high:.2f}]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of figures, and the width from which there is room for it."""

    title: str
    cell: Callable[[Row], str]
    from_width: int = 0


COLUMNS = (
    Column("events/s", _number("events_per_second", "{:,.0f}")),
    Column("sent\nB/event", _number("sent_per_event", "{:,.1f}")),
    Column("received\nB/event", _number("received_per_event", "{:,.1f}"), from_width=100),
    Column("head\nB/call", _number("head_per_request", "{:,.0f}"), from_width=90),
    Column("overhead", _number("overhead_factor", "{:,.2f}x")),
    Column("saving", _number("saving", "{:.1%}")),
    Column("gain [95 %]", _gain),
    Column("p50\nms", _number("p50_s", "{:,.2f}", 1e3), from_width=110),
    Column("p99\nms", _number("p99_s", "{:,.2f}", 1e3), from_width=100),
)
