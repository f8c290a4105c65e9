"""The document of ``wiretax advise --json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from rich.text import Text

from analysis.advice.advice_text import choice
from analysis.advice.advise import Advice, Candidate
from analysis.advice.reasons import reasons
from analysis.documents.heading import WIRETAX
from analysis.documents.shapes import Json, block, filled, flag, number, rows, schema, text, texts, version, whole
from analysis.documents.shapes import choice as one_of
from wiretax import __version__

SCHEMA = 1
INPUT_FIELDS = (
    number("rate_per_second", "events/s", "Rate of events"),
    whole("payload_bytes", "B", "UTF-8 bytes of one event's data"),
    text("payload_kind", "Kind of data"),
    number("rtt_s", "s", "Round-trip time to the endpoint"),
    number("budget_s", "s", "Longest time from an event's arrival to the response"),
    text("client", "Client library that publishes"),
    whole("limit_events", "events", "Events per batch that the endpoint accepts and the library sends"),
    text(
        "limited_by_library", "Why the library sends smaller batches than the endpoint accepts", null="it does not"
    ),
    text("endpoint", "URL of the server without credentials"),
    flag("tls", "Whether it is https"),
    one_of("connection", ("keep-alive", "close"), "Whether a connection carries further calls after a call"),
    text("connection_from", "Option or run that shows what the server does", null="it is an assumption"),
)
COST_FIELDS = (
    text("run", "Run that shows it"),
    number("call_s", "s", "Work per call"),
    number("event_s", "s", "Work per event"),
    whole("largest_batch_events", "events", "Largest batch of that run"),
)
CANDIDATE_FIELDS = (
    one_of("api", ("trigger", "batch"), "Kind of call"),
    whole("batch_size", "events", "Events of a full call; 1 for the trigger"),
    number("linger_s", "s", "Longest time that a batch waits after its first event; 0 for the trigger"),
    flag("fits", "Whether the longest latency is within the budget"),
    number("saving", "1", "Share of the trigger's bytes that is not sent; negative if more are sent"),
    number("filled_share", "1", "Share of calls that leave full", source="filled"),
    number("events_per_call", "events", "Mean number of events of a call"),
    number("calls_per_second", "calls/s", "Calls", source="calls_per_s"),
    number("sent_bytes_per_second", "B/s", "HTTP bytes sent", source="bytes_per_s"),
    whole("largest_call_bytes", "B", "HTTP bytes of a full call", source="largest_bytes"),
    number("latency_mean_s", "s", "Mean time from an event's arrival to the response", source="mean_s"),
    number("latency_worst_s", "s", "Longest time from an event's arrival to the response", source="worst_s"),
    whole("connections", "connections", "Connections needed, 80 % busy"),
    number(
        "publishers_busy",
        "processes",
        "Work in publishers that are 100 % busy; 0 if it is unknown",
        source="processes",
    ),
)
FIELDS = (
    version(SCHEMA),
    WIRETAX,
    block("inputs", INPUT_FIELDS, "The load and the budget that the advice is for"),
    block("work", COST_FIELDS, "Measured work of publisher and server", null="unknown, and counted as 0"),
    block("recommendation", CANDIDATE_FIELDS, "The choice", null="not even a trigger fits the budget"),
    rows(
        "alternatives", CANDIDATE_FIELDS, "Every batch size up to the limit, the trigger and the choice included"
    ),
    texts("summary", "The advice in sentences"),
    texts("reasons", "Reasons and cautions, one or two sentences each"),
    texts("measured", "Comparable measurements of saved runs, a sentence each"),
)


def advice_document(advice: Advice, measured: Sequence[str]) -> Json:
    """Advice, with what comparable measurements of saved runs say, in sentences."""
    demand, cost = advice.demand, advice.cost
    one = demand.workload
    return {
        "schema": SCHEMA,
        "wiretax": __version__,
        "inputs": {
            "rate_per_second": demand.rate,
            "payload_bytes": one.payload.bytes,
            "payload_kind": one.payload.kind,
            "rtt_s": demand.rtt_s,
            "budget_s": demand.budget_s,
            "client": one.transport.client,
            "limit_events": demand.limit,
            "limited_by_library": demand.library or None,
            "endpoint": f"{demand.endpoint.scheme}://{demand.endpoint.authority}",
            "tls": one.transport.tls,
            "connection": "close" if demand.opens else "keep-alive",
            "connection_from": demand.connections.by or None,
        },
        "work": None
        if cost.workload is None
        else filled(COST_FIELDS, {**_fields_of(cost), "largest_batch_events": cost.largest_batch}),
        "recommendation": None if advice.advised is None else _candidate(advice, advice.advised),
        "alternatives": [_candidate(advice, each) for each in advice.options],
        "summary": [Text.from_markup(line).plain for line in choice(advice)],
        "reasons": list(reasons(advice)),
        "measured": list(measured),
    }


def _fields_of(cost: object) -> Json:
    return {name: getattr(cost, name) for name in ("run", "call_s", "event_s")}


def _candidate(advice: Advice, option: Candidate) -> Json:
    api = "trigger" if option.batch_size == 1 else "batch"
    return filled(CANDIDATE_FIELDS, {**asdict(option), "api": api, "saving": advice.saving(option)})


def advice_schema() -> Json:
    """Its JSON Schema."""
    return schema("wiretax advise --json", "A batch size and a linger for a load, with the alternatives", FIELDS)
