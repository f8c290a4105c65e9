"""The reasons of advice, and what to mind of it: sentences below its table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis.advice.advise import BUSY, FIRST_FLIGHT_BYTES, Advice, Demand, Option
from analysis.advice.batching_theory import FILLED, time_to_fill
from analysis.advice.call_cost import CallCost
from analysis.text.numbers import call_time, duration, short_percent

# Payloads this many times as large are no measure of each other.
FAR = 4


def reasons(advice: Advice) -> Iterator[str]:
    """Why so, and what to mind, a sentence or two a line."""
    if any(not option.fits for option in advice.shown):
        yield "!: over the budget."
    if advice.advised is not None:
        yield from _unfilled(advice, advice.advised)
        yield from _capacity(advice, advice.advised)
        yield from _on_the_wire(advice, advice.advised)
    yield _of_connections(advice.demand, advice.advised or advice.trigger)
    yield from _measured(advice.cost, advice.demand)
    if advice.advised is not None and 0 < advice.cost.largest_batch < advice.advised.batch_size:
        yield (
            f"The largest batch in that run had {advice.cost.largest_batch:,} events; what a call of "
            f"{advice.advised.batch_size:,} takes is extrapolated."
        )


def _unfilled(advice: Advice, best: Option) -> Iterator[str]:
    """Where the budget ends the linger, what more of it would take."""
    demand = advice.demand
    if best.batch_size > 1 and best.filled < FILLED:
        full = time_to_fill(demand.rate, best.batch_size)
        yield (
            f"The budget ends the linger before most batches are full: {short_percent(best.filled)} leave full, "
            f"with {best.events_per_call:,.1f} events on average. With {duration(full)} of linger, "
            f"{short_percent(FILLED)} of them would be full; that takes a budget of "
            f"{duration(full + best.worst_s - best.linger_s)}."
        )


def _capacity(advice: Advice, best: Option) -> Iterator[str]:
    """Whether one publisher keeps up, as fast as the measured one."""
    if best.processes > 1:
        yield (
            f"One such publisher can't keep up: the work is {best.processes:,.1f} times what one does. "
            f"{best.processes_needed:,} would, {short_percent(best.processes / best.processes_needed)} busy each."
        )
    elif best.processes > BUSY:
        yield f"One such publisher would be {short_percent(best.processes)} busy; two leave room."
    trigger = advice.trigger
    if best.processes <= BUSY < trigger.processes:
        yield f"By trigger it would take {trigger.processes_needed:,} such publishers; in batches one does it."


def _on_the_wire(advice: Advice, best: Option) -> Iterator[str]:
    demand = advice.demand
    if best.largest_bytes > FIRST_FLIGHT_BYTES and not demand.opens:
        yield (
            f"A full call is {best.largest_bytes:,} B. A connection that is new or was idle sends "
            f"{FIRST_FLIGHT_BYTES:,} B before it waits for an answer, so such a call takes further round trips "
            "there, which are not in these times."
        )


def _of_connections(demand: Demand, best: Option) -> str:
    """What becomes of connections, who says so, and what a call takes then."""
    by = demand.connections.by
    if not demand.opens:
        if not by:
            return (
                "That the server keeps connections is assumed; wiretax doctor tells. If it closes each after a "
                "call: --connection close."
            )
        return f"The server keeps connections, as {_source(by)}."
    trips = demand.trips(best.batch_size)
    takes = f"so a call takes {trips} round trips" + (
        " (by TLS 1.3; TLS 1.2 takes one more)" if demand.workload.transport.tls else ""
    )
    if demand.workload.transport.connection == "close":
        return f"{demand.workload.transport.client} opens a connection for each call, {takes}."
    return f"The server closes each connection after a call, as {_source(by)}, {takes}."


def _source(by: str) -> str:
    return f"{by} says" if by.startswith("--") else f"{by} saw"


def _measured(cost: CallCost, demand: Demand) -> Iterator[str]:
    """Where the work of a call is from, and what it is worth."""
    wanted = demand.workload
    if cost.workload is None:
        yield (
            "What a call takes beside its round trip is not known and reckoned as 0, as no run tells it. Measure "
            "it with: wiretax run headline"
        )
        return
    one = cost.workload
    ways = [f"{one.payload.bytes:,} B {one.payload.kind} by {one.transport.client}"]
    ways += [f"with{'' if one.transport.tls else 'out'} TLS"] if one.transport.tls or wanted.transport.tls else []
    ways += ["a connection per call"] if cost.with_connection else []
    nearest = "" if one == wanted else ", the nearest it has"
    yield (
        f"Work: {call_time(cost.call_s)} a call and {call_time(cost.event_s)} an event, measured in {cost.run} "
        f"({', '.join(ways)}{nearest}). wiretax's own publisher did it; a library takes more or less."
    )
    ratio = max(one.payload.bytes, wanted.payload.bytes) / min(one.payload.bytes, wanted.payload.bytes)
    if ratio > FAR:
        yield (
            f"Its payload is not near {wanted.payload.bytes:,} B, and the work of an event grows with it: a run "
            "with such a payload tells it better."
        )
    if demand.opens and not cost.with_connection:
        yield "Its connections were kept, so the work of opening one comes on top."
    if cost.by_round_trips:
        yield "That run waited for round trips, so more than work is in it; one on loopback tells it better."
    elif cost.mock is not None:
        yield _of_the_mock(cost.mock)


def _of_the_mock(cost: dict[str, Any]) -> str:
    if not (cost["per_request_s"] or cost["per_event_s"]):
        return "Its mock costs nothing: what a real server needs for a call comes on top."
    each = f"{call_time(cost['per_request_s'])} a call and {call_time(cost['per_event_s'])} an event"
    return f"Its mock stood for a server that takes {each}, {cost['servers']} at once; that is in it."
