"""Advice on a terminal: the choice, the alternatives, and what to consider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.advice.advise import BUSY, LEAST_LINGER_S, Advice, Candidate
from analysis.advice.batching_theory import FILLED
from analysis.advice.reasons import reasons
from analysis.text.numbers import byte_unit, count, duration, milliseconds, rate, short_percent, size, three_digits
from analysis.text.terminal_table import heading, print_whole

MONTH_S = 30 * 86400
# A saving below this share is small; with fewer events per call than this, one below the second share is, too.
LITTLE_SAVED = 0.1
HARDLY_FILLED = 1.5
HARDLY_SAVED = 0.15
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


def print_advice(advice: Advice, console: Console, measured: Iterable[str] = ()) -> None:
    """Print advice: the demand, the choice, the table, the reasons and cautions in sentences, and comparable
    measurements in sentences if runs have any."""
    say = partial(console.print, soft_wrap=not console.is_terminal)
    say(f"[bold]advise[/bold]  {escape(_demand(advice))}")
    say()
    for line in choice(advice):
        say(line)
    say()
    print_whole(console, render_candidates(advice))
    say()
    for line in reasons(advice):
        say(escape(line))
    for line in measured:
        say(escape(line))
    for line in _legend(advice):
        say(f"[dim]{escape(line)}[/dim]")


def _demand(advice: Advice) -> str:
    demand, one = advice.demand, advice.demand.workload
    return (
        f"{rate(demand.rate, 'event')} of {one.payload.bytes:,} B {one.payload.kind} by {one.transport.client}, "
        f"to {demand.endpoint.scheme}://{demand.endpoint.authority}; round trip {duration(demand.rtt_s)}, "
        f"budget {duration(demand.budget_s)}"
    )


def choice(advice: Advice) -> Iterator[str]:
    """The advice in a few lines, whether batching is worth it first."""
    best = advice.advised
    if best is None:
        yield (
            f"[bold]Nothing fits.[/bold] A single call takes {duration(advice.trigger.worst_s)}, the budget is "
            f"{duration(advice.demand.budget_s)}: raise the budget, or publish from closer to the endpoint."
        )
        return
    verdict = _verdict(advice, best)
    if verdict:
        yield f"[bold]{verdict}[/bold]"
    connections = count(best.connections, "connection")
    batches = f"batches of {best.batch_size}, with a linger of {duration(best.linger_s)}"
    if best.batch_size == 1:
        yield f"[bold]Publish by trigger, one event per call[/bold], over {connections}."
    elif _hardly_worth(advice, best):
        yield f"Publish by trigger; or, if the bytes saved are worth the wait, in {batches}, over {connections}."
    else:
        yield f"[bold]Publish in {batches}[/bold], over {connections}."
    who = "In batches it" if _hardly_worth(advice, best) else "It"
    sends = (
        f"{who} sends {size(best.bytes_per_s)}/s ({size(best.bytes_per_s * MONTH_S)} per month) in "
        f"{rate(best.calls_per_s, 'call')}"
    )
    if best.batch_size == 1:
        yield f"{sends}; an event takes {duration(best.worst_s)}."
        return
    trigger = advice.trigger
    fewer_calls = 1 - best.calls_per_s / trigger.calls_per_s
    fewer_bytes = (trigger.bytes_per_s - best.bytes_per_s) * MONTH_S
    yield (
        f"{sends}: {short_percent(advice.saving(best))} fewer bytes and {short_percent(fewer_calls)} fewer calls "
        f"than by trigger, {size(fewer_bytes)} less per month."
    )
    yield (
        f"An event takes {duration(best.mean_s)} on average and {duration(best.worst_s)} at worst: "
        f"{duration(best.mean_s - trigger.mean_s)} and {duration(best.worst_s - trigger.worst_s)} more than by "
        "trigger."
    )


def _verdict(advice: Advice, best: Candidate) -> str:
    """A sentence if batching is not clearly worth it; else empty."""
    if best.batch_size == 1:
        return f"Batching isn't worth it: {_why_not(advice)}"
    saving = short_percent(advice.saving(best))
    if _hardly_worth(advice, best):
        later = duration(best.worst_s - advice.trigger.worst_s)
        return (
            "Batching is hardly worth it: too few events arrive within the linger. It saves "
            f"{saving} of the bytes, and an event is up to {later} later."
        )
    if advice.saving(best) < LITTLE_SAVED:
        return (
            f"Batching saves few bytes, {saving}, since most bytes sent are payload; it is worth it if calls, not "
            "bytes, are expensive."
        )
    return ""


def _hardly_worth(advice: Advice, best: Candidate) -> bool:
    return best.batch_size > 1 and best.events_per_call < HARDLY_FILLED and advice.saving(best) < HARDLY_SAVED


def _why_not(advice: Advice) -> str:
    demand, trigger = advice.demand, advice.trigger
    batches = [option for option in advice.options[1:] if option.fits]
    if len(advice.options) == 1:
        if demand.library:
            return "the client library batches no events of this size."
        return "the endpoint accepts one event per batch."
    if not batches:
        return (
            f"a call takes {duration(trigger.worst_s)} of the budget of {duration(demand.budget_s)}, which leaves "
            f"less than the shortest linger, {duration(LEAST_LINGER_S)}."
        )
    best = min(batches, key=lambda option: option.bytes_per_s)
    saving = advice.saving(best)
    saves = (
        f"save {short_percent(saving)} of the bytes" if saving > 0 else f"send {short_percent(-saving)} more bytes"
    )
    if best.events_per_call < HARDLY_FILLED:
        return (
            f"at {rate(demand.rate, 'event')} too few arrive within the budget. Batches would contain "
            f"{best.events_per_call:.2f} events on average and {saves}."
        )
    return f"most bytes sent are payload. Batches of {best.batch_size} would {saves}."


def render_candidates(advice: Advice) -> Table:
    """The options to compare, with the choice marked; the table usually fits 80 characters."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("  sent as", no_wrap=True, vertical="bottom")
    # A unit in which the options still differ by tenths.
    unit, size = byte_unit(advice.trigger.bytes_per_s / 10)
    for title in COLUMNS:
        table.add_column(heading(title.format(unit)), justify="right", no_wrap=True)
    for option in advice.shown:
        chosen = option is advice.advised
        call = "trigger" if option.batch_size == 1 else f"batch of {option.batch_size}"
        table.add_row(
            f"{'>' if chosen else ' '} {call}",
            "-" if option.batch_size == 1 else f"{option.linger_s * 1e3:,.0f}",
            f"{option.events_per_call:,.1f}",
            three_digits(option.calls_per_s),
            f"{option.bytes_per_s / size:,.1f}" if size > 1 else three_digits(option.bytes_per_s),
            "-" if option.batch_size == 1 else f"{advice.saving(option) * 100:.1f}",
            milliseconds(option.mean_s),
            milliseconds(option.worst_s) + ("" if option.fits else " !"),
            f"{option.connections:,}",
            style="bold" if chosen else None,
        )
    return table


def _legend(advice: Advice) -> list[str]:
    tls = "; TLS adds 22 B per record" if advice.demand.workload.transport.tls else ""
    return [
        f"sent: HTTP bytes{tls}; a month: 30 days; saving: compared with the trigger",
        "mean, worst: from an event's arrival to its call's response; events arrive at random, one at a time",
        f"linger: long enough to fill {short_percent(FILLED)} of batches, if the budget allows; "
        f"connections: {short_percent(BUSY)} busy",
    ]
