"""The reasons for advice and its limits: sentences below its table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analysis.advice.advise import BUSY, FIRST_FLIGHT_BYTES, Advice, Candidate, Demand
from analysis.advice.batching_theory import FILLED, time_to_fill
from analysis.advice.call_cost import CallCost
from analysis.text.numbers import call_time, duration, short_percent

# Payloads that differ by more than this factor are not comparable.
FAR = 4


def reasons(advice: Advice) -> Iterator[str]:
    """Reasons and cautions, one or two sentences per line."""
    if any(not option.fits for option in advice.shown):
        yield "!: over the budget."
    if advice.demand.library:
        yield f"No larger batches: {advice.demand.library}."
    if advice.advised is not None:
        yield from _unfilled(advice, advice.advised)
        yield from _capacity(advice, advice.advised)
        yield from _on_the_wire(advice, advice.advised)
    yield _of_connections(advice.demand, advice.advised or advice.trigger)
    yield from _measured(advice.cost, advice.demand)
    if advice.advised is not None and 0 < advice.cost.largest_batch < advice.advised.batch_size:
        yield (
            f"The largest batch in that run had {advice.cost.largest_batch:,} events; the time of a call of "
            f"{advice.advised.batch_size:,} is extrapolated."
        )


def _unfilled(advice: Advice, best: Candidate) -> Iterator[str]:
    """If the budget cuts the linger short, the linger and budget for full batches."""
    demand = advice.demand
    if best.batch_size > 1 and best.filled < FILLED:
        full = time_to_fill(demand.rate, best.batch_size)
        yield (
            f"The budget ends the linger before most batches are full: {short_percent(best.filled)} leave full, "
            f"with {best.events_per_call:,.1f} events on average. With {duration(full)} of linger, "
            f"{short_percent(FILLED)} of them would be full; that takes a budget of "
            f"{duration(full + best.worst_s - best.linger_s)}."
        )


def _capacity(advice: Advice, best: Candidate) -> Iterator[str]:
    """Whether one publisher keeps up, as fast as the measured one."""
    if best.processes > 1:
        yield (
            f"One such publisher can't keep up: the work is {best.processes:,.1f} times what one can do. "
            f"{best.processes_needed:,} can, {short_percent(best.processes / best.processes_needed)} busy each."
        )
    elif best.processes > BUSY:
        yield f"One such publisher would be {short_percent(best.processes)} busy; two leave headroom."
    trigger = advice.trigger
    if best.processes <= BUSY < trigger.processes:
        yield f"By trigger, {trigger.processes_needed:,} such publishers are needed; in batches, one."


def _on_the_wire(advice: Advice, best: Candidate) -> Iterator[str]:
    demand = advice.demand
    if best.largest_bytes > FIRST_FLIGHT_BYTES and not demand.opens:
        yield (
            f"A full call is {best.largest_bytes:,} B. A new or idle connection sends "
            f"{FIRST_FLIGHT_BYTES:,} B before it waits for a response, so such a call takes more round "
            "trips on it, which these times exclude."
        )


def _of_connections(demand: Demand, best: Candidate) -> str:
    """Whether the server keeps connections, the source of that, and the round trips of a call."""
    by = demand.connections.by
    if not demand.opens:
        if not by:
            return (
                "The server is assumed to keep connections; check with wiretax doctor. If it closes each one "
                "after a call, use --connection close."
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
    return f"{by} states" if by.startswith("--") else f"{by} showed"


def _measured(cost: CallCost, demand: Demand) -> Iterator[str]:
    """The source of the work per call, and its limits."""
    wanted = demand.workload
    if cost.workload is None:
        yield (
            "The work of a call, beyond its round trip, is unknown and counted as 0, since no saved run shows it. "
            "Measure it with: wiretax run headline"
        )
        return
    one = cost.workload
    ways = [f"{one.payload.bytes:,} B {one.payload.kind} by {one.transport.client}"]
    ways += [f"with{'' if one.transport.tls else 'out'} TLS"] if one.transport.tls or wanted.transport.tls else []
    ways += ["a connection per call"] if cost.with_connection else []
    nearest = "" if one == wanted else ", the nearest in that run"
    yield (
        f"Work: {call_time(cost.call_s)} per call and {call_time(cost.event_s)} per event, measured in {cost.run} "
        f"({', '.join(ways)}{nearest}). wiretax's own publisher did it; a library may take more or less."
    )
    ratio = max(one.payload.bytes, wanted.payload.bytes) / min(one.payload.bytes, wanted.payload.bytes)
    if ratio > FAR:
        yield (
            f"Its payload differs a lot from {wanted.payload.bytes:,} B, and the work per event grows with the "
            "payload: a run with such a payload is a better source."
        )
    if demand.opens and not cost.with_connection:
        yield "It kept its connections, so the work of opening one is not included."
    if cost.by_round_trips:
        yield (
            "That run waited for round trips, so its times include more than work; a run on loopback is a better "
            "source."
        )
    elif cost.mock is not None:
        yield _of_the_mock(cost.mock)


def _of_the_mock(cost: dict[str, Any]) -> str:
    if not (cost["per_request_s"] or cost["per_event_s"]):
        return "Its mock costs nothing: a real server's work per call is not included."
    each = f"{call_time(cost['per_request_s'])} per call and {call_time(cost['per_event_s'])} per event"
    return f"Its mock simulated a server that takes {each}, {cost['servers']} at once; the work includes that."
