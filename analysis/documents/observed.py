"""The document of ``wiretax observe --json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.documents.blocks.attributes import attribute_fields
from analysis.documents.blocks.deliveries import DELIVERIES, delivery_rows
from analysis.documents.heading import CORES, FIELDS, SCHEMA, heading
from analysis.documents.shapes import Json, block, filled_rows, flag, number, rows, schema, text, texts, whole
from analysis.tables.observed_table import KIND, by_kind
from wiretax import __version__
from wiretax.runs.reader import Run

NO_EVENTS = "no event was acknowledged"
KIND_FIELDS = (
    *attribute_fields(KIND),
    whole("requests", "requests", "Requests of this kind"),
    whole("events", "events", "Events that were acknowledged"),
    whole("failures", "requests", "Requests that failed"),
    number(
        "head_bytes_per_call",
        "B",
        "Bytes of the request line and the headers",
        source="head_per_call",
        null="no request was answered",
    ),
    number(
        "body_bytes_per_call", "B", "Bytes of the body", source="body_per_call", null="no request was answered"
    ),
    number("sent_bytes_per_event", "B", "HTTP bytes sent", source="sent_per_event", null=NO_EVENTS),
    number("received_bytes_per_event", "B", "HTTP bytes received", source="received_per_event", null=NO_EVENTS),
    number("overhead_factor", "1", "HTTP bytes sent per byte of payload", null="no payload was acknowledged"),
)
OTHER_FIELDS = (
    text("call", "What the call is"),
    whole("requests", "requests", "Requests of this kind"),
    whole("failures", "requests", "Requests that failed"),
    whole("request_head_bytes", "B", "Bytes of all request lines and headers"),
    whole("request_body_bytes", "B", "Bytes of all request bodies"),
    whole("response_head_bytes", "B", "Bytes of all status lines and response headers"),
    whole("response_body_bytes", "B", "Bytes of all response bodies"),
)
LIBRARY_FIELDS = (
    text("profile", "Name of the nearest client profile"),
    text("library", "Library and version of the profile"),
    text("http_client", "HTTP client of the profile"),
    whole("requests", "requests", "Requests that are nearest to it"),
    flag("matches", "Whether they have no difference from it"),
    texts("differences", "A line per difference"),
)
TWICE_FIELDS = (
    whole("events", "events", "Events whose data was encoded as JSON twice"),
    whole("added_bytes", "B", "Bytes that this added to the data"),
)
COMMAND_FIELDS = (
    texts("command", "The observed command, without secrets", null="nothing was published"),
    whole("command_exit_code", "1", "Its exit code; 128 plus the signal's number if a signal ended it"),
    whole("connections", "connections", "Connections that it opened"),
)
PUBLISHED = (
    rows("kinds", KIND_FIELDS, "The table: a row per kind of call, whatever its payload"),
    rows("other_calls", OTHER_FIELDS, "A row per kind of call that publishes nothing"),
    rows("libraries", LIBRARY_FIELDS, "The client libraries that the requests match, or are nearest to"),
    block("encoded_twice", TWICE_FIELDS, "Data that was encoded as JSON twice", optional=True),
    DELIVERIES,
)
TO_CHECK = texts(
    "to_check",
    "What to check, in this order, if nothing was published and no connection was opened",
    optional=True,
)


def observed_document(run: Run, exit_code: int, problem: str = "") -> Json:
    """The figures of an observed run; the arguments are those of ``run.run_document``."""
    seen = run.meta["observed"]
    twice = (seen.get("encoded_twice") or {}).values()
    document = {
        **heading(run, exit_code, problem),
        "command": list(run.meta["plan"]["command"]),
        "command_exit_code": seen["exit_code"],
        "connections": seen["connections"],
        "kinds": filled_rows(KIND_FIELDS, by_kind(run.slices)),
        "other_calls": list(seen["other_calls"]),
        "libraries": [
            {
                **{name: each[name] for name in ("profile", "library", "http_client", "requests")},
                "matches": not each["differences"],
                "differences": list(each["differences"]),
            }
            for each in seen["recognised"]
        ],
    }
    if twice:
        events, added = (sum(each[name] for each in twice) for name in ("events", "bytes"))
        document["encoded_twice"] = {"events": events, "added_bytes": added}
    if deliveries := delivery_rows(run):
        document["deliveries"] = deliveries
    return document


def unpublished_document(
    reason: str,
    to_check: Sequence[str],
    exit_code: int,
    command_exit_code: int,
    connections: int,
    interrupted: bool,
) -> Json:
    """The document if nothing was published, so that there is no run."""
    unknown = ("run", "folder", "not_saved_because", "started", "finished", "endpoint", "against", "users")
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "wiretax": __version__,
        **dict.fromkeys(unknown),
        "mode": "observe",
        "plan": "observe",
        "labels": {},
        "source": {},
        "rounds": 0,
        "valid": False,
        "invalid_because": [reason],
        "interrupted": interrupted,
        "warnings": [],
        "exit_code": exit_code,
        "calls": None,
        "byte_counts_agree": None,
        "cpu_cores": dict.fromkeys(CORES),
        "failures": [],
        "command": None,
        "command_exit_code": command_exit_code,
        "connections": connections,
        "kinds": [],
        "other_calls": [],
        "libraries": [],
        "to_check": list(to_check),
    }
    return found


def observed_schema() -> Json:
    """Its JSON Schema."""
    return schema(
        "wiretax observe --json",
        "What an observed publisher sent: the run, the cost of its calls, and the libraries that they match",
        (*FIELDS, *COMMAND_FIELDS, *PUBLISHED, TO_CHECK),
    )
