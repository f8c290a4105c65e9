"""What a plan would send, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.text.numbers import MISSING, count, fixed
from analysis.text.terminal_table import print_whole
from wiretax.load.sweep.outlook import Outlook, PlannedCall


def print_outlook(outlook: Outlook, console: Console) -> None:
    """Print the table of workloads, and how much of them would be sent."""
    plan = outlook.plan
    where = " and ".join(outlook.urls) or "built-in mock"
    rounds = "a search" if plan.capacity is not None else count(plan.rounds, "round")
    starts = [] if plan.starts == 1 else [count(plan.starts, "start")]
    slices = f"slices of {plan.slice_s * 1e3:g} ms"
    facts = [count(len(plan.workloads), "workload"), rounds, slices, count(plan.users, "user"), *starts]
    console.print(f"[bold]{escape(plan.name)}[/bold]  {escape(where)}  {', '.join(facts)}", soft_wrap=True)
    if left_out := len(plan.selection.left_out):
        console.print(f"left out {count(left_out, 'workload')}  by {escape(str(plan.selection))}", soft_wrap=True)
    console.print()
    print_whole(console, render_outlook(outlook.calls))
    console.print()
    for line in (*_notes(outlook), *_amounts(outlook)):
        console.print(escape(line), soft_wrap=True)


def render_outlook(calls: tuple[PlannedCall, ...]) -> Table:
    """A row per workload: the bytes of a call, and those of an event by layer."""
    names = dict.fromkeys(name for call in calls for name, size in call.layers().items() if _shown(name, calls))
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("workload", no_wrap=True)
    for title in ("events/call", "B/call", "B/event", *names):
        table.add_column(title, justify="right", no_wrap=True)
    for call in calls:
        layers, sizes = call.layers(), call.sizes
        about = "~" if call.varies else ""
        cells = [MISSING] * (2 + len(names))
        if sizes is not None:
            each = [sizes.sent / call.workload.call.batch_size, *(layers[name] for name in names)]
            cells = [f"{about}{sizes.sent:,}", *(f"{about}{_size(size)}" for size in each)]
        table.add_row(escape(call.workload.name), str(call.workload.call.batch_size), *cells)
    return table


def _shown(layer: str, calls: tuple[PlannedCall, ...]) -> bool:
    """Whether a layer has a column; no event of most plans is encrypted."""
    return layer != "encryption" or any(call.workload.payload.encrypted for call in calls)


def _size(size: float) -> str:
    return f"{size:,.0f}" if size == int(size) else fixed(size, 1)


def _notes(outlook: Outlook) -> Iterator[str]:
    yield "HTTP bytes that are sent, exact; per event by layer"
    if not outlook.urls:
        yield "sizes are those for 127.0.0.1 and a port of five digits; --endpoint gives those for your server"
    if any(call.sizes is None for call in outlook.calls):
        yield f"{MISSING}: HTTP/2 compresses heads by what was sent before, so its sizes are known only afterwards"
    if any(call.varies for call in outlook.calls):
        yield "~: the size of one event; the library escapes characters of base64, so encrypted events vary"
    if any(workload.drains for workload in outlook.plan.workloads if workload.call.api == "batch"):
        yield "a batch that is drained from a queue has as many events as wait, at most those of the table"


def _amounts(outlook: Outlook) -> Iterator[str]:
    """The time, and the number of messages."""
    plan, users = outlook.plan, outlook.plan.users
    if plan.capacity is not None:
        yield f"time: up to {_duration(outlook.seconds)}, the [capacity] of the plan, for the search of all rates"
    else:
        yield (
            f"time: {_duration(outlook.seconds)} or more, with the warm-up; a slice lasts at least twenty round "
            "trips, so slow calls make it longer"
        )
    before = "the run" if plan.starts == 1 else "each start"
    yield f"before {before}: {outlook.trial_messages:,} messages, a call of each workload"
    if outlook.limit is None:
        queued = all(workload.drains for workload in plan.workloads)
        many = "arrive" if queued else f"{count(users, 'user')} get answered"
        yield f"messages: as many as {many} in that time; no limit (--max-messages)"
        return
    size = "" if outlook.limit_bytes is None else f", {outlook.limit_bytes / 1e6:,.1f} MB of HTTP"
    yield f"messages: at most {outlook.limit:,} (--max-messages){size}"
    if plan.capacity is None and outlook.planned_messages > outlook.limit:
        yield (
            f"the whole plan sends about {outlook.planned_messages:,} messages or more, so it will stop early; "
            "--only, --rounds or --users send fewer"
        )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
