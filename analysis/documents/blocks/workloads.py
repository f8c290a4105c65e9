"""The table of workloads: a row for each that users send as fast as it is answered, or at Locust's pace."""

from __future__ import annotations

import pandas as pd

from analysis.documents.blocks.attributes import WORKLOAD, attribute_fields
from analysis.documents.shapes import Json, bounded, filled_rows, flag, interval, number, rows, text, whole
from analysis.measures.layers import WORKLOAD as COLUMNS

NO_BASELINE = "it is the baseline, or has none"
UNACKNOWLEDGED = "no event was acknowledged"
FIELDS = (
    WORKLOAD,
    *attribute_fields(COLUMNS),
    text(
        "baseline",
        "Trigger of the same payload, client and connection, with which saving and gain compare",
        null="the run has none",
    ),
    number("events_per_second", "events/s", "Acknowledged events, the median over rounds", null=UNACKNOWLEDGED),
    number(
        "messages_per_second",
        "messages/s",
        "Acknowledged messages (an event to one channel), the median over rounds",
        null=UNACKNOWLEDGED,
    ),
    number(
        "sent_bytes_per_event",
        "B",
        "HTTP bytes sent: request line, headers and body",
        source="sent_per_event",
        null=UNACKNOWLEDGED,
    ),
    number(
        "received_bytes_per_event",
        "B",
        "HTTP bytes received: status line, headers and body",
        source="received_per_event",
        null=UNACKNOWLEDGED,
    ),
    number(
        "cable_bytes_per_event",
        "B",
        "Bytes in both directions with TLS, TCP and IP, handshakes included",
        source="cable_per_event",
        null="no event was acknowledged, or the kernel's counts are missing",
    ),
    number(
        "head_bytes_per_request",
        "B",
        "Bytes of the request line and the headers",
        source="head_per_request",
        null="no request was answered",
    ),
    number("overhead_factor", "1", "HTTP bytes sent per byte of payload", null="no payload"),
    number(
        "saving",
        "1",
        "Share of the baseline's sent bytes per message that is not sent; negative if more are sent",
        null=NO_BASELINE,
    ),
    *interval("gain", "1", "Message rate over the baseline's, by round", "not comparable, or too few rounds"),
    whole("gain_rounds", "rounds", "Rounds that the gain is from", source="rounds"),
    *bounded("p50_s", "Median duration of a call", "too few calls"),
    *bounded("p99_s", "99th percentile of the duration of a call", "too few calls"),
    *bounded("max_s", "Longest call", "no calls"),
    whole("samples", "calls", "Calls that have a duration"),
    whole("failures", "calls", "Calls that failed"),
    number(
        "calls_on_connection", "calls", "Calls per connection, as measured", null="each user kept its connection"
    ),
    flag("server_closes", "Whether the server closed connections that the client would have kept"),
    number(
        "setup_bytes_per_event",
        "B",
        "Estimated bytes that opening and closing connections adds",
        source="setup_per_event",
        null=UNACKNOWLEDGED,
    ),
)
WORKLOADS = rows(
    "workloads", FIELDS, "The table: a row per workload that is not sent from a queue, in the table's order"
)


def workload_rows(summary: pd.DataFrame) -> list[Json]:
    """The rows of a table of ``summary.summarise``."""
    return filled_rows(FIELDS, summary)
