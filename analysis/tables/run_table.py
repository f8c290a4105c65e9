"""The summary as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.findings.doubts import check
from analysis.measures.clients import CLAIMED_HEAD_BYTES, LEAST_CLIENTS, compare_clients, head_claim
from analysis.measures.connections import MANY_CALLS, calls_in_words, connections_in_words
from analysis.measures.latency import TIMES
from analysis.measures.mode import why_no_gain
from analysis.measures.queue_frontier import tradeoff
from analysis.measures.summary import summarise
from analysis.measures.two_servers import compare_servers
from analysis.models.connection_cost import amortisation
from analysis.models.fitting import fit, print_fitting
from analysis.tables.queue_table import findings, legend, print_queues
from analysis.text.labels import Row, call, carried, describe, interval, sent_to, way
from analysis.text.latency_text import OPEN_LOOP, closed_loop, notes, percentile
from analysis.text.quantities import count
from analysis.text.setup_text import cpu_in_words, server_in_words
from wiretax.runs.mode import mode_in
from wiretax.runs.reader import Run

BLOCK = ["client", "payload_kind", "payload_bytes"]


def print_run(run: Run, console: Console) -> None:
    """Print a run: what was measured where, the table, whether to believe it, and where it lies."""
    # On a terminal lines are folded between words; elsewhere they are left whole, to be searched.
    say = partial(console.print, soft_wrap=not console.is_terminal)
    plan, reconcile = run.meta["plan"], run.meta["reconcile"]
    say(
        f"[bold]{escape(plan['name'])}[/bold]  {escape(run.meta['endpoint'])}  {server_in_words(run)}  "
        f"{count(plan['users'], 'user')}, {count(run.meta['rounds_measured'], 'round')}"
    )
    if run.meta.get("against"):
        say(f"against  {escape(run.meta['against'])}")
    if plan.get("replay"):
        say(escape(_replayed(plan["replay"])))
    say()
    has_gain = False
    if len(run.slices):
        summary = summarise(run.slices, run.latency)
        has_gain = bool(summary["gain"].notna().any())
        side_by_side = summary["client"].nunique() >= LEAST_CLIENTS
        if side_by_side:
            libraries = compare_clients(summary)
            print_fitting(console, lambda columns: _build_clients(libraries, columns), CLIENT_COLUMNS)
        else:
            print_fitting(console, lambda columns: _build(summary, columns), columns_of(summary))
        say()
        if run.meta.get("against"):
            pairs = compare_servers(run.slices)
            print_fitting(console, lambda columns: _build(pairs, columns), SERVER_COLUMNS)
            say()
            say(escape(_bytes_apart(pairs, run.meta)))
        for line in _findings(run.slices, side_by_side):
            say(line)
        for line in connections_in_words(run.slices):
            say(escape(line))
        say(f"[dim]{escape(_legend(run.meta, side_by_side, summary))}[/dim]")
        if why := why_no_gain(run.slices):
            say(escape(why))
    if len(run.queue):
        queues = tradeoff(run)
        print_queues(queues, console)
        say()
        for line in connections_in_words(run.queued):
            say(escape(line))
        for line in findings(queues):
            say(f"[yellow]queue[/yellow]    {escape(line)}")
        say(f"[dim]{escape(legend(queues))}[/dim]")
    say(f"[dim]{escape(_cpu(run.meta['busy'], has_gain))}[/dim]")
    for doubt in check(run.slices, run.meta):
        say(f"[yellow]caution[/yellow]  {escape(str(doubt))}")
    for warning in run.meta["warnings"]:
        say(f"[yellow]warning[/yellow]  {escape(warning)}")
    for reason in run.meta["invalid_because"]:
        say(f"[red]invalid[/red]  {escape(reason)}")
    ends = run.meta.get("outcome")
    if ends and ends["acknowledged"] != ends["sent"]:
        say(
            f"{ends['sent']:,} calls sent: {ends['acknowledged']:,} acknowledged, {ends['rejected']:,} rejected, "
            f"{ends['failed']:,} failed, {ends['unknown']:,} unknown (no answer: their events may be published)"
        )
    if reconcile["agrees"]:
        names = ["model", "sockets"]
        names += ["kernel"] if reconcile["kernel"] else []
        names += _mocks(reconcile)
        witnesses = f"{', '.join(names[:-1])} and {names[-1]}"
        say(
            f"{witnesses} agree to the byte: {reconcile['model']['requests']:,} requests, "
            f"{reconcile['model']['request_bytes']:,} B sent, {reconcile['model']['response_bytes']:,} B received"
        )
    say(f"saved in {escape(str(run.folder))}")


def _replayed(replay: dict[str, Any]) -> str:
    """What was sent in place of drawn events."""
    sizes = replay["payload_bytes"]
    skipped = replay.get("skipped", 0)
    left_out = f"; {skipped:,} invalid line{'' if skipped == 1 else 's'} left out" if skipped else ""
    return (
        f"replay  {replay['name']}: {replay['events']:,} events of {sizes['least']:,} to {sizes['most']:,} B, "
        f"{sizes['mean']:,} B on average; an event's bytes are means{left_out}"
    )


def _findings(slices: pd.DataFrame, side_by_side: bool) -> Iterator[str]:
    """What the table adds up to, a line each."""
    claim = head_claim(slices) if side_by_side else None
    if claim is not None:
        yield (
            f"claimed: about {CLAIMED_HEAD_BYTES} B of header a call; measured, a trigger of {claim.libraries} "
            f"official libraries: {claim.least:,.0f} to {claim.most:,.0f} B, mean {claim.mean:,.0f} "
            f"(header fields alone {claim.least_fields:,.0f} to {claim.most_fields:,.0f})"
        )
    shared = amortisation(slices).dropna(subset=["connection_bytes"])
    for _, group in shared.groupby(
        ["api", "batch_size", "channels", "client", "payload_bytes", "http", "tls", "server"], sort=False
    ):
        rows = group.to_dict("records")
        first = rows[0]
        points = ", ".join(f"{row['bytes_per_event']:,.1f} at {calls_in_words(row['calls'])}" for row in rows)
        what = ", ".join([call(first), *carried(first), *sent_to(first)])
        yield (
            f"{what}: a connection costs {first['connection_bytes']:,.0f} B; "
            f"cable B/event by calls a connection: {points}"
        )


def _mocks(reconcile: dict[str, Any]) -> list[str]:
    """Whose ledgers agree."""
    kept = [f"--{name}'s mock" for name, counts in (reconcile.get("by_server") or {}).items() if counts]
    if len(kept) == 2:
        return ["both mocks"]
    return kept or (["mock"] if reconcile["server"] else [])


def _bytes_apart(pairs: pd.DataFrame, meta: dict[str, Any]) -> str:
    """How much more the second server is sent, and why."""
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


def _legend(meta: dict[str, Any], side_by_side: bool, summary: pd.DataFrame) -> str:
    """How the columns are to be read, in a few lines."""
    # Libraries side by side are shown without their times.
    is_free = mode_in(meta) == "free"
    times = [closed_loop(meta["plan"]["users"], is_free), OPEN_LOOP, *notes(summary, TIMES)]
    return "\n".join(
        [
            "saving and gain: per message, against the trigger of the same payload and client; CI across rounds",
            "sent, received: HTTP bytes; cable: both directions, with TLS, TCP and IP, handshakes included",
            *([] if side_by_side else times),
        ]
    )


def _cpu(busy: dict[str, Any], has_gain: bool) -> str:
    """How busy the processors were, and whose savings a gain is."""
    used = cpu_in_words({name: busy.get(name) for name in ("generator", "mock")})
    combined = has_gain and busy.get("mock") is not None
    return f"CPU: {used}" + ("; gain combines client and mock savings" if combined else "")


def render(summary: pd.DataFrame, width: int | None = None) -> Table:
    """A table of ``summary.summarise``: a block a client and payload, sizes in bytes, times in ms.

    Args:
        summary: a row a workload.
        width: characters to a line; columns that don't fit are left out, the dearest last. None for all of them.
    """
    return fit(lambda columns: _build(summary, columns), columns_of(summary), width)[0]


def columns_of(summary: pd.DataFrame) -> tuple[Column, ...]:
    """The columns of a table: calls per connection only if not all calls of any workload shared one."""
    kept = (summary["calls_on_connection"] >= MANY_CALLS).all()
    return COLUMNS if kept else (*COLUMNS, CALLS)


def render_clients(summary: pd.DataFrame, width: int | None = None) -> Table:
    """A table of ``analysis.measures.clients.compare_clients``: a row a library; ``width`` as in ``render``."""
    pairs = compare_clients(summary)
    return fit(lambda columns: _build_clients(pairs, columns), CLIENT_COLUMNS, width)[0]


def render_servers(pairs: pd.DataFrame, width: int | None = None) -> Table:
    """A table of ``two_servers.compare_servers``: a row a workload; ``width`` as in ``render``."""
    return fit(lambda columns: _build(pairs, columns), SERVER_COLUMNS, width)[0]


def _build_clients(pairs: pd.DataFrame, columns: list[Column]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("payload", justify="right", no_wrap=True)
    table.add_column("client", no_wrap=True)
    for column in columns:
        table.add_column(column.title, justify="right", no_wrap=True)
    for _, rows in pairs.groupby(["payload_bytes", "payload_kind"], sort=False):
        for position, row in enumerate(rows.to_dict("records")):
            payload = f"{row['payload_bytes']:,} B" if position == 0 else ""
            name = ", ".join([row["client"], *way(row)])
            table.add_row(payload, name, *(column.cell(row) for column in columns))
    return table


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


def _number(name: str, form: str, factor: float = 1.0) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = float(row[name])
        return "-" if isnan(value) else form.format(value * factor)

    return cell


def _time(name: str) -> Callable[[Row], str]:
    return lambda row: percentile(row, name, lambda seconds: f"{seconds * 1e3:,.2f}")


def _calls_on_connection(row: Row) -> str:
    return calls_in_words(float(row["calls_on_connection"]))


def _more(name: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = round(float(row[name]), 1)
        return "-" if isnan(value) else f"{value:+,g}" if value else "0"

    return cell


def _ratio(name: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value, low, high = (float(row[each]) for each in (name, f"{name}_low", f"{name}_high"))
        # Under five rounds there is no interval, and the figure is not to be trusted.
        return "-" if isnan(value) else f"{value:.2f} {interval(low, high)}"

    return cell


@dataclass(frozen=True, slots=True)
class Column:
    """One column of figures.

    Attributes:
        title: its heading, three lines at most.
        cell: a row's figure as text.
        spare: where room is short the lowest goes first; 0 stays.
    """

    title: str
    cell: Callable[[Row], str]
    spare: int = 0


COLUMNS = (
    Column("events/s", _number("events_per_second", "{:,.0f}")),
    Column("sent\nB/event", _number("sent_per_event", "{:,.1f}")),
    Column("received\nB/event", _number("received_per_event", "{:,.1f}"), spare=3),
    Column("cable\nB/event", _number("cable_per_event", "{:,.1f}"), spare=5),
    Column("head\nB/call", _number("head_per_request", "{:,.0f}"), spare=4),
    Column("overhead\nx", _number("overhead_factor", "{:,.2f}"), spare=7),
    Column("saving\n%", _number("saving", "{:.1f}", 100)),
    Column("gain\nx [95 % CI]", _ratio("gain")),
    Column("p50\nms", _time("p50"), spare=2),
    Column("p99\nms", _time("p99"), spare=6),
    Column("max\nms", _time("max"), spare=1),
)
CALLS = Column("calls per\nconnection", _calls_on_connection, spare=8)

CLIENT_COLUMNS = (
    Column("head\nB/call\ntrigger", _number("trigger_head", "{:,.0f}")),
    Column("head\nB/call\nbatch", _number("batch_head", "{:,.0f}"), spare=3),
    Column("sent\nB/event\ntrigger", _number("trigger_sent", "{:,.1f}")),
    Column("sent\nB/event\nbatch", _number("batch_sent", "{:,.1f}")),
    Column("saving\n%", _number("saving", "{:.1f}", 100)),
    Column("cable\nB/event\ntrigger", _number("trigger_cable", "{:,.1f}"), spare=1),
    Column("cable\nB/event\nbatch", _number("batch_cable", "{:,.1f}"), spare=2),
    Column("gain\nx [95 % CI]", _ratio("gain")),
)

SERVER_COLUMNS = (
    Column("endpoint\nmessages/s", _number("endpoint_rate", "{:,.0f}")),
    Column("against\nmessages/s", _number("against_rate", "{:,.0f}")),
    Column("against / endpoint\nx [95 % CI]", _ratio("ratio")),
    Column("sent\ndiff B/call", _more("sent"), spare=1),
    Column("received\ndiff B/call", _more("received"), spare=2),
)
