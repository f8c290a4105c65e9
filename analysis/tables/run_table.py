"""A run on the terminal: its tables, and what to know before relying on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.findings.cautions import cautions
from analysis.findings.connection_notes import calls_per_connection, closing_notes, connection_notes
from analysis.findings.percentile_notes import OPEN_LOOP, closed_loop, notes
from analysis.measures.capacity import capacities, target
from analysis.measures.clients import CLAIMED_HEAD_BYTES, LEAST_CLIENTS, compare_clients, head_claim
from analysis.measures.connections import MANY_CALLS
from analysis.measures.counts import SliceCounts, counts_of
from analysis.measures.latency import TIMES
from analysis.measures.queues import queue_frontier, without_probes
from analysis.measures.summary import summarise
from analysis.measures.throughput import why_no_gain
from analysis.measures.two_servers import compare_servers
from analysis.models.connection_cost import connection_cost
from analysis.tables import capacity_table
from analysis.tables.capacity_table import print_capacities
from analysis.tables.columns import CALLS, CLIENT_COLUMNS, COLUMNS, SERVER_COLUMNS, Column
from analysis.tables.delivery_table import print_deliveries
from analysis.tables.queue_table import findings, legend, print_queues
from analysis.tables.rate_stage_table import print_rate_stages
from analysis.tables.stage_table import print_stages
from analysis.tables.starts_table import starts_lines
from analysis.text.labels import call, describe, protocol, second_server, transport
from analysis.text.numbers import count, fixed, listed
from analysis.text.setup_text import chosen_by, cpu_in_words, server_in_words
from analysis.text.terminal_table import fit, heading, print_fitting
from wiretax.channels.workload import columns_of
from wiretax.runs.mode import mode_in
from wiretax.runs.reader import Run

BLOCK = ["client", "payload_kind", "payload_bytes"]


def print_run(run: Run, console: Console) -> None:
    """Print a run: what was measured and where, its tables, cautions and warnings, and where it is saved."""
    # Lines are wrapped between words on a terminal only, so that redirected output can be searched.
    say = partial(console.print, soft_wrap=not console.is_terminal)
    plan, against = run.meta["plan"], run.meta.get("against")
    say(
        f"[bold]{escape(plan['name'])}[/bold]  {escape(run.meta['endpoint'])}  {escape(server_in_words(run))}  "
        f"{count(plan['users'], 'user')}, {count(run.meta['rounds_measured'], 'round')}"
    )
    if against:
        say(f"against  {escape(against)}")
    if left_out := len(plan.get("left_out", ())):
        whole = left_out + len(plan["workloads"])
        say(f"left out {left_out} of {count(whole, 'workload')}  {escape(chosen_by(plan))}")
    if plan.get("replay"):
        say(escape(_replayed(plan["replay"])))
    say()
    # Added up once for all that is printed.
    counted = counts_of(run.slices)
    has_gain = _print_workloads(run, counted, console, say) if len(run.slices) else False
    print_stages(run, console)
    if len(run.capacity):
        _print_capacities(run, console, say)
    queues = queue_frontier(run)
    if len(queues):
        print_queues(queues, console)
        say()
        print_rate_stages(run, console)
        for line in connection_notes(without_probes(run.queued, run.capacity)):
            say(escape(line))
        for line in findings(queues):
            say(f"[yellow]queue[/yellow]    {escape(line)}")
        for line in legend(queues):
            say(f"[dim]{escape(line)}[/dim]")
    if len(run.delivery):
        print_deliveries(run, console, say)
    say(f"[dim]{escape(_cpu(run.meta['busy'], has_gain))}[/dim]")
    for caution in cautions(counted, run.meta):
        say(f"[yellow]caution[/yellow]  {escape(str(caution))}")
    for warning in run.meta["warnings"]:
        say(f"[yellow]warning[/yellow]  {escape(warning)}")
    for reason in run.meta["invalid_because"]:
        say(f"[red]invalid[/red]  {escape(reason)}")
    for line in _counted(run.meta):
        say(escape(line))
    say(f"saved in {escape(str(run.folder))}" if run.is_saved else "[red]not saved[/red]")


def _print_workloads(run: Run, counted: SliceCounts, console: Console, say: Callable[..., None]) -> bool:
    """Print the table of workloads with its notes; returns whether it has a gain."""
    summary = summarise(counted, run.latencies)
    side_by_side = summary["client"].nunique() >= LEAST_CLIENTS
    if side_by_side:
        libraries = compare_clients(summary)
        print_fitting(console, lambda columns: _build_clients(libraries, columns), CLIENT_COLUMNS)
    else:
        print_fitting(console, lambda columns: _build(summary, columns), summary_columns(summary))
    say()
    if run.meta.get("against"):
        pairs = compare_servers(counted)
        print_fitting(console, lambda columns: _build(pairs, columns), SERVER_COLUMNS)
        say()
        say(escape(_difference_in_bytes(pairs, run.meta)))
    for line in (*starts_lines(counted, run.meta), *_findings(counted, side_by_side)):
        say(escape(line))
    for line in connection_notes(counted):
        say(escape(line))
    for line in _legend(run.meta, side_by_side, summary):
        say(f"[dim]{escape(line)}[/dim]")
    if why := why_no_gain(counted):
        say(escape(why))
    return bool(summary["gain"].notna().any())


def _print_capacities(run: Run, console: Console, say: Callable[..., None]) -> None:
    """Print what a search for capacities found, with its notes."""
    table = capacities(run)
    print_capacities(table, console)
    for line in closing_notes(run.queued[run.queued["workload"].isin(run.capacity["workload"])]):
        say(escape(line))
    for line in capacity_table.remarks(table):
        say(f"[yellow]capacity[/yellow]  {escape(line)}")
    for line in capacity_table.legend(table, target(run)):
        say(f"[dim]{escape(line)}[/dim]")


def _counted(meta: dict[str, Any]) -> Iterator[str]:
    """How calls ended, unless all were acknowledged, and which byte counts agree."""
    ends, reconcile = meta.get("outcome"), meta["reconcile"]
    if ends and ends["acknowledged"] != ends["sent"]:
        yield (
            f"{ends['sent']:,} calls sent: {ends['acknowledged']:,} acknowledged, {ends['rejected']:,} rejected, "
            f"{ends['failed']:,} failed, {ends['unknown']:,} unknown (no answer: their events may be published)"
        )
    if reconcile["agrees"]:
        names = ["model", "sockets", *(["kernel"] if reconcile["kernel"] else []), *_mocks(reconcile)]
        yield (
            f"{listed(names)} agree to the byte: {reconcile['model']['requests']:,} requests, "
            f"{reconcile['model']['request_bytes']:,} B sent, {reconcile['model']['response_bytes']:,} B received"
        )


def _replayed(replay: dict[str, Any]) -> str:
    """The recorded events that were sent."""
    sizes = replay["payload_bytes"]
    skipped = replay.get("skipped", 0)
    left_out = f"; {count(skipped, 'invalid line')} left out" if skipped else ""
    return (
        f"replay  {replay['name']}: {replay['events']:,} events of {sizes['least']:,} to {sizes['most']:,} B, "
        f"{sizes['mean']:,} B on average; bytes per event are means{left_out}"
    )


def _findings(counted: SliceCounts, side_by_side: bool) -> Iterator[str]:
    """Findings that follow from the table, a line each."""
    claim = head_claim(counted) if side_by_side else None
    if claim is not None:
        yield (
            f"claimed: about {CLAIMED_HEAD_BYTES} B of header per call; measured for a trigger of "
            f"{claim.libraries} official libraries: {fixed(claim.least, 0)} to {fixed(claim.most, 0)} B, mean "
            f"{fixed(claim.mean, 0)} (header fields only: {fixed(claim.least_fields, 0)} to "
            f"{fixed(claim.most_fields, 0)})"
        )
    shared = connection_cost(counted).dropna(subset=["connection_bytes"])
    for _, group in shared.groupby(
        [
            "api",
            "batch_size",
            "channels",
            "client",
            "payload_bytes",
            "encrypted",
            "http",
            "tls",
            "server",
            *columns_of("names"),
        ],
        sort=False,
    ):
        rows = group.to_dict("records")
        first = rows[0]
        points = ", ".join(
            f"{fixed(row['bytes_per_event'], 1)} at {calls_per_connection(row['calls'])}" for row in rows
        )
        what = ", ".join([call(first), *protocol(first), *second_server(first)])
        yield (
            f"{what}: a connection costs {fixed(first['connection_bytes'], 0)} B; "
            f"cable B/event by calls per connection: {points}"
        )


def _mocks(reconcile: dict[str, Any]) -> list[str]:
    """Names of the mocks whose ledgers agree."""
    kept = [f"--{name}'s mock" for name, counts in (reconcile.get("by_server") or {}).items() if counts]
    if len(kept) == 2:
        return ["both mocks"]
    return kept or (["mock"] if reconcile["server"] else [])


def _difference_in_bytes(pairs: pd.DataFrame, meta: dict[str, Any]) -> str:
    """How many bytes more the second server got, and why."""
    apart = pairs["sent"].dropna().round(6)
    if apart.empty:
        return "nothing was acknowledged by both"
    hosts = [urlsplit(meta[name].split(" ")[0]).netloc for name in ("endpoint", "against")]
    least, most = float(apart.min()), float(apart.max())
    if least == most == 0:
        return "both servers got the same number of bytes"
    what = f"{least:+g} B" if least == most else f"{least:+,.1f} to {most:+,.1f} B"
    if least == most == len(hosts[1]) - len(hosts[0]):
        return f"both servers got the same number of bytes except for Host: {hosts[1]} is {what} from {hosts[0]}"
    return f"against got {what} per call compared with endpoint: each call carries its own host, app id and key"


def _legend(meta: dict[str, Any], side_by_side: bool, summary: pd.DataFrame) -> list[str]:
    """How to read the columns, in a few lines."""
    # The table of client libraries has no times.
    is_free = mode_in(meta) == "free"
    across = "starts" if len(meta.get("starts") or ()) > 1 else "rounds"
    times = [closed_loop(meta["plan"]["users"], is_free), OPEN_LOOP, *notes(summary, TIMES)]
    return [
        f"saving and gain: per message, against the trigger of the same payload and client; CI across {across}",
        "sent, received: HTTP bytes; cable: both directions, with TLS, TCP and IP, handshakes included",
        *([] if side_by_side else times),
    ]


def _cpu(busy: dict[str, Any], has_gain: bool) -> str:
    """How busy the processors were, and what a gain includes."""
    used = cpu_in_words({name: busy.get(name) for name in ("generator", "mock", "server")})
    combined = has_gain and busy.get("mock") is not None
    return f"CPU: {used}" + ("; gain combines client and mock savings" if combined else "")


def render_summary(summary: pd.DataFrame, width: int | None = None) -> Table:
    """A table of ``summary.summarise``: a block per client and payload, sizes in bytes, times in ms.

    Args:
        summary: a row per workload.
        width: characters per line; columns that don't fit are left out, least important first. None for all.
    """
    return fit(lambda columns: _build(summary, columns), summary_columns(summary), width)[0]


def summary_columns(summary: pd.DataFrame) -> tuple[Column, ...]:
    """The columns of a table, with calls per connection unless every workload kept its connections."""
    kept = (summary["calls_on_connection"] >= MANY_CALLS).all()
    return COLUMNS if kept else (*COLUMNS, CALLS)


def render_clients(summary: pd.DataFrame, width: int | None = None) -> Table:
    """A table of ``analysis.measures.clients.compare_clients``: a row per library."""
    pairs = compare_clients(summary)
    return fit(lambda columns: _build_clients(pairs, columns), CLIENT_COLUMNS, width)[0]


def _headed(second: str, columns: list[Column]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("payload", justify="right", no_wrap=True)
    table.add_column(second, no_wrap=True)
    for column in columns:
        table.add_column(heading(column.title), justify="right", no_wrap=True)
    return table


def _build_clients(pairs: pd.DataFrame, columns: list[Column]) -> Table:
    table = _headed("client", columns)
    for _, rows in pairs.groupby(["payload_bytes", "payload_kind"], sort=False):
        for position, row in enumerate(rows.to_dict("records")):
            payload = f"{row['payload_bytes']:,} B" if position == 0 else ""
            name = ", ".join([row["client"], *transport(row)])
            table.add_row(payload, escape(name), *(column.cell(row) for column in columns))
    return table


def _build(summary: pd.DataFrame, columns: list[Column]) -> Table:
    table = _headed("sent as", columns)
    several = list(summary["client"].unique()) != ["reference"]
    client = None
    for number, (_, rows) in enumerate(summary.groupby(BLOCK, sort=False)):
        if number:
            table.add_row()
        if several and rows.iloc[0]["client"] != client:
            client = rows.iloc[0]["client"]
            table.add_row("", f"[bold]{escape(client)}[/bold]")
        for position, row in enumerate(rows.to_dict("records")):
            payload = f"{row['payload_bytes']:,} B" if position == 0 else ""
            table.add_row(payload, escape(describe(row)), *(column.cell(row) for column in columns))
    return table
