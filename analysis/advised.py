"""Advice as a person reads it on a terminal: the choice, what it was chosen from, and what to mind."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.advice import BUSY, LEAST_LINGER_S, Advice, Option
from analysis.gathering import FILLED, time_to_fill
from analysis.quantity import (
    amount,
    byte_unit,
    count,
    duration,
    figure,
    milliseconds,
    part,
    rate,
    work_time,
)
from analysis.work import Work
from wiretax.channels.workload import Workload

MONTH_S = 30 * 86400
# Less than this share saved is little, and fewer events a call than this have hardly gathered.
LITTLE_SAVED = 0.1
HARDLY_GATHERED = 1.5
# Payloads this many times as large are no measure of each other.
FAR = 4
# What TCP sends on a new or idle connection before an answer: ten segments of Ethernet's (RFC 6928).
FIRST_FLIGHT_BYTES = 10 * 1460
COLUMNS = (
    "linger\nms",
    "events\na call",
    "calls/s",
    "sent\n{}/s",
    "saving\n%",
    "mean\nms",
    "worst\nms",
    "connec-\ntions",
)


def print_advice(advice: Advice, console: Console, measured: str = "") -> None:
    """Print advice: what was asked, the choice, the table, and the reasons and doubts in sentences; and what a run
    measured of it."""
    say = partial(console.print, soft_wrap=not console.is_terminal)
    say(f"[bold]advise[/bold]  {escape(_asked(advice))}")
    say()
    for line in choice(advice):
        say(line)
    say()
    console.print(render(advice))
    say()
    for line in reasons(advice):
        say(escape(line))
    if measured:
        say(escape(measured))
    say(f"[dim]{escape(_legend(advice))}[/dim]")


def _asked(advice: Advice) -> str:
    demand, one = advice.demand, advice.demand.workload
    return (
        f"{rate(demand.rate, 'event')} of {one.payload_bytes:,} B {one.payload_kind} by {one.client}, to "
        f"{demand.endpoint.scheme}://{demand.endpoint.authority}; round trip {duration(demand.rtt_s)}, "
        f"budget {duration(demand.budget_s)}"
    )


def choice(advice: Advice) -> Iterator[str]:
    """The advice in a few lines."""
    best = advice.advised
    if best is None:
        yield (
            f"[bold]Nothing fits.[/bold] A call by itself takes {duration(advice.trigger.worst_s)}, the budget is "
            f"{duration(advice.demand.budget_s)}: allow more, or publish from nearer to the endpoint."
        )
        return
    connections = count(best.connections, "connection")
    if best.batch_size == 1:
        yield f"[bold]Publish by trigger, one event a call[/bold], over {connections}."
    else:
        yield (
            f"[bold]Publish in batches of {best.batch_size}, with a linger of {duration(best.linger_s)}[/bold], "
            f"over {connections}."
        )
    sends = (
        f"It sends {amount(best.bytes_per_s)}/s ({amount(best.bytes_per_s * MONTH_S)} a month) in "
        f"{rate(best.calls_per_s, 'call')}"
    )
    if best.batch_size == 1:
        yield f"{sends}; an event takes {duration(best.worst_s)}."
        return
    trigger = advice.trigger
    fewer_calls = 1 - best.calls_per_s / trigger.calls_per_s
    fewer_bytes = (trigger.bytes_per_s - best.bytes_per_s) * MONTH_S
    yield (
        f"{sends}: {part(advice.saving(best))} fewer bytes and {part(fewer_calls)} fewer calls than by "
        f"trigger, {amount(fewer_bytes)} less a month."
    )
    yield (
        f"An event takes {duration(best.mean_s)} on average and {duration(best.worst_s)} at worst: "
        f"{duration(best.mean_s - trigger.mean_s)} and {duration(best.worst_s - trigger.worst_s)} more than by "
        "trigger."
    )


def render(advice: Advice) -> Table:
    """The options to compare, the choice marked; usual ones fit 80 characters."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("  sent as", no_wrap=True, vertical="bottom")
    # A unit in which tenths still tell the options apart.
    unit, size = byte_unit(advice.trigger.bytes_per_s / 10)
    for title in COLUMNS:
        table.add_column(title.format(unit), justify="right", no_wrap=True)
    for option in advice.shown:
        chosen = option is advice.advised
        call = "trigger" if option.batch_size == 1 else f"batch of {option.batch_size}"
        table.add_row(
            f"{'>' if chosen else ' '} {call}",
            "-" if option.batch_size == 1 else f"{option.linger_s * 1e3:,.0f}",
            f"{option.events_per_call:,.1f}",
            figure(option.calls_per_s),
            f"{option.bytes_per_s / size:,.1f}" if size > 1 else figure(option.bytes_per_s),
            "-" if option.batch_size == 1 else f"{advice.saving(option) * 100:.1f}",
            milliseconds(option.mean_s),
            milliseconds(option.worst_s) + ("" if option.fits else " !"),
            f"{option.connections:,}",
            style="bold" if chosen else None,
        )
    return table


def reasons(advice: Advice) -> Iterator[str]:
    """Why so, and what to mind, a sentence or two a line."""
    if any(not option.fits for option in advice.shown):
        yield "!: over the budget."
    if advice.advised is not None:
        yield from _worth(advice, advice.advised)
        yield from _capacity(advice, advice.advised)
        yield from _on_the_wire(advice, advice.advised)
    yield from _measured(advice.work, advice.demand.workload)


def _worth(advice: Advice, best: Option) -> Iterator[str]:
    """Whether batching is worth it."""
    demand = advice.demand
    if best.batch_size == 1:
        yield f"Batching isn't worth it: {_why_not(advice)}"
        return
    saving = advice.saving(best)
    if best.filled < FILLED:
        full = time_to_fill(demand.rate, best.batch_size)
        yield (
            f"The budget ends the linger before most batches are full: {part(best.filled)} leave full, with "
            f"{best.events_per_call:,.1f} events on average. With {duration(full)} of linger, "
            f"{part(FILLED)} of them would be full; that takes a budget of "
            f"{duration(full + best.worst_s - best.linger_s)}."
        )
    if saving < LITTLE_SAVED and best.events_per_call >= HARDLY_GATHERED:
        yield (
            f"It saves few bytes, {part(saving)}, since the payload is most of what is sent; it is worth it for "
            "the calls, if they are what costs."
        )
    elif saving < LITTLE_SAVED:
        yield (
            f"It is hardly worth it: too few events arrive within the linger, and it saves {part(saving)} "
            "of the bytes."
        )


def _why_not(advice: Advice) -> str:
    demand, trigger = advice.demand, advice.trigger
    batches = [option for option in advice.options[1:] if option.fits]
    if len(advice.options) == 1:
        return "the endpoint takes one event a batch."
    if not batches:
        return (
            f"a call takes {duration(trigger.worst_s)} of the budget of {duration(demand.budget_s)}, which leaves "
            f"less than the {duration(LEAST_LINGER_S)} a linger takes at least."
        )
    best = min(batches, key=lambda option: option.bytes_per_s)
    saving = advice.saving(best)
    saves = f"save {part(saving)} of the bytes" if saving > 0 else f"send {part(-saving)} more bytes"
    if best.events_per_call < HARDLY_GATHERED:
        return (
            f"at {rate(demand.rate, 'event')} too few arrive within the budget. Batches would hold "
            f"{best.events_per_call:.2f} events on average and {saves}."
        )
    return f"the payload is most of what is sent. Batches of {best.batch_size} would {saves}."


def _capacity(advice: Advice, best: Option) -> Iterator[str]:
    """Whether one publisher keeps up, as fast as the measured one."""
    if best.processes > 1:
        yield (
            f"One such publisher can't keep up: the work is {best.processes:,.1f} times what one does. "
            f"{best.processes_needed:,} would, {part(best.processes / best.processes_needed)} busy each."
        )
    elif best.processes > BUSY:
        yield f"One such publisher would be {part(best.processes)} busy; two leave room."
    trigger = advice.trigger
    if best.processes <= BUSY < trigger.processes:
        yield f"By trigger it would take {trigger.processes_needed:,} such publishers; in batches one does it."


def _on_the_wire(advice: Advice, best: Option) -> Iterator[str]:
    demand = advice.demand
    if best.largest_bytes > FIRST_FLIGHT_BYTES:
        yield (
            f"A full call is {best.largest_bytes:,} B. A connection that is new or was idle sends "
            f"{FIRST_FLIGHT_BYTES:,} B before it waits for an answer, so such a call takes further round trips "
            "there, which are not in these times."
        )
    if demand.round_trips > 1:
        yield (
            f"{demand.workload.client} opens a connection for each call, so a call takes {demand.round_trips} "
            "round trips."
        )


def _measured(work: Work, wanted: Workload) -> Iterator[str]:
    """Where the work of a call is from, and what it is worth."""
    if work.workload is None:
        yield (
            "What a call takes beside its round trip is not known and reckoned as 0, as no run tells it. Measure "
            "it with: wiretax run headline"
        )
        return
    one = work.workload
    ways = [f"{one.payload_bytes:,} B {one.payload_kind} by {one.client}"]
    ways += [f"with{'' if one.tls else 'out'} TLS"] if one.tls or wanted.tls else []
    ways += ["a connection a call"] if one.connection == "close" else []
    nearest = "" if one == wanted else ", the nearest it has"
    yield (
        f"Work: {work_time(work.call_s)} a call and {work_time(work.event_s)} an event, measured in {work.run} "
        f"({', '.join(ways)}{nearest}). wiretax's own publisher did it; a library takes more or less."
    )
    ratio = max(one.payload_bytes, wanted.payload_bytes) / min(one.payload_bytes, wanted.payload_bytes)
    if ratio > FAR:
        yield (
            f"Its payload is not near {wanted.payload_bytes:,} B, and the work of an event grows with it: a run "
            "with such a payload tells it better."
        )
    if work.by_round_trips:
        yield "That run waited for round trips, so more than work is in it; one on loopback tells it better."
    elif work.mock is not None:
        yield _of_the_mock(work.mock)


def _of_the_mock(cost: dict[str, Any]) -> str:
    if not (cost["per_request_s"] or cost["per_event_s"]):
        return "Its mock costs nothing: what a real server needs for a call comes on top."
    each = f"{work_time(cost['per_request_s'])} a call and {work_time(cost['per_event_s'])} an event"
    return f"Its mock stood for a server that takes {each}, {cost['servers']} at once; that is in it."


def _legend(advice: Advice) -> str:
    tls = "; TLS adds 22 B a record" if advice.demand.workload.tls else ""
    return (
        f"sent: HTTP's bytes{tls}; a month: 30 days; saving: against the trigger\n"
        "mean, worst: from an event's arrival to its call's answer; events arrive at random, each by itself\n"
        f"linger: fills {part(FILLED)} of batches, or what the budget leaves; connections: {part(BUSY)} busy"
    )
