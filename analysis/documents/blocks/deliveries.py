"""What subscribers received of what was published."""

from __future__ import annotations

from analysis.documents.blocks.attributes import WORKLOAD, attribute_fields
from analysis.documents.blocks.queues import FEW, time_fields
from analysis.documents.shapes import Field, Json, filled_rows, flag, interval, number, rows, whole
from analysis.measures.deliveries import KINDS, QUANTILES, summarise_deliveries
from analysis.measures.delivery_kinds import SETTINGS
from wiretax.runs.reader import Run

WHAT = {
    "waiting": "from an event's intended arrival to its call",
    "wire": "of the call",
    "total": "from an event's intended arrival at the publisher to its arrival at a subscriber",
    "spread": "from the first arrival of a batch to its last",
}
COUNTED = {
    "sent": ("events", "Events that were sent"),
    "acknowledged": ("events", "Events that the server acknowledged"),
    "rejected": ("events", "Events that the server rejected"),
    "failed": ("events", "Events whose call failed before it was sent"),
    "unknown": ("events", "Events whose call got no response"),
    "expected": ("deliveries", "Deliveries that acknowledged events should have"),
    "delivered": ("deliveries", "Expected deliveries that arrived"),
    "lost": ("deliveries", "Expected deliveries that did not arrive"),
    "missed": ("deliveries", "Expected deliveries while the subscriber was not connected"),
    "duplicated": ("deliveries", "Deliveries beyond the first to the same subscriber"),
    "late": (
        "deliveries",
        "Deliveries that arrived after the grace time of their slice, which counts them as lost",
    ),
    "foreign": ("events", "Events on the same channels that this run did not publish"),
    "ambiguous": ("events", "Events that have the same channel, name and data as others of the slice"),
    "out_of_order_publisher": (
        "deliveries",
        "Deliveries that a later event of the same publisher on the same channel had overtaken",
    ),
    "out_of_order_channel": ("deliveries", "Deliveries that a later event on the same channel had overtaken"),
    "unacknowledged_rejected": ("events", "Events that arrived although their call was rejected"),
    "unacknowledged_failed": ("events", "Events that arrived although their call failed"),
    "unacknowledged_unknown": ("events", "Events that arrived although their call got no response"),
    "reconnections": ("connections", "Connections that subscribers opened again"),
}
LAYERS = {
    "frame_header": "headers of WebSocket frames",
    "envelope": "the message around the data",
    "payload": "data of events",
    "encryption": "what encryption adds to the data",
    "tls": "TLS",
    "tcp_ip": "headers of TCP and IP, estimated from segments",
    "cable": "all layers",
}


def _bytes(layer: str, what: str) -> Field:
    return number(
        f"{layer}_bytes_per_delivery",
        "B",
        f"Bytes per delivery: {what}",
        source=layer,
        null="none, or not counted",
    )


FIELDS = (
    WORKLOAD,
    *attribute_fields(SETTINGS),
    whole("rounds", "rounds", "Measured rounds"),
    *(
        whole(
            name if name == "reconnections" else f"{name}_{unit}", unit, meaning, source=name, null="not counted"
        )
        for name, (unit, meaning) in COUNTED.items()
    ),
    flag("adds_up", "Whether each event and each expected delivery is counted once"),
    whole("backlog_max_bytes", "B", "Most bytes that waited in a subscriber's socket", null="not counted"),
    number(
        "subscriber_cpu_cores",
        "cores",
        "Processor time of the subscribers' process per second of publishing",
        source="subscriber_busy",
        null="unknown",
    ),
    *time_fields({kind: WHAT[kind] for kind in KINDS}, QUANTILES, "deliveries"),
    number(
        "after_response_p50_s",
        "s",
        "Median time from the response to the arrival; negative if most arrive first",
        source="after_p50_s",
        null=FEW,
    ),
    number(
        "before_response_share",
        "1",
        "Share of deliveries that arrive before the response",
        source="early",
        null=FEW,
    ),
    *(_bytes(layer, what) for layer, what in LAYERS.items()),
    *interval(
        "delay_ratio",
        "1",
        "Median total delay over that of the trigger of the same arrivals, by round",
        "no such trigger, or not in a queue",
    ),
)
DELIVERIES = rows(
    "deliveries",
    FIELDS,
    "Of a run whose deliveries were counted: a row per workload with subscribers",
    optional=True,
)


def delivery_rows(run: Run) -> list[Json]:
    """A row per workload whose deliveries were counted."""
    return filled_rows(FIELDS, summarise_deliveries(run))
