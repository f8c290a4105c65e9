"""The files of a run and their columns. Later versions may add columns, and keep these.

Source: DESIGN "results/<run>/". Sizes are bytes, durations seconds (``_s``). A column that could not be
measured is null. ``round`` counts from 0; text counts rounds from 1.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from wiretax.channels.workload import ATTRIBUTES, IN_FILES, Attribute

TYPES = {str: pa.string(), int: pa.int32(), float: pa.float64(), bool: pa.bool_()}


def _columns(attributes: Iterable[Attribute]) -> list[tuple[str, pa.DataType]]:
    """The columns of a workload's attributes."""
    return [(each.column, TYPES[each.plain_type]) for each in attributes]


WORKLOAD_COLUMNS = [("workload", pa.string()), *_columns(each for each in IN_FILES if not each.of_queue)]

# More columns of a workload whose events arrive in a queue; a rate of 0 means that they don't.
QUEUE_COLUMNS = _columns(each for each in IN_FILES if each.of_queue)

# Segments after the last reading of the kernel's counters, by the model of ``wiretax.wire.connections.closing``,
# and their data; and the IP and TCP headers of all segments, these included.
CLOSING_COLUMNS = [
    ("close_segments_out", pa.int64()),
    ("close_segments_in", pa.int64()),
    ("close_received_bytes", pa.int64()),
    ("tcp_ip_sent_bytes", pa.int64()),
    ("tcp_ip_received_bytes", pa.int64()),
]

# ``stage``: the number of the stage of a free run, which ``plan`` of ``run.json`` lists, or of a rate, which the
# column ``stages`` lists; else 0.
SLICES = pa.schema(
    [
        ("round", pa.int32()),
        ("stage", pa.int32()),
        ("worker", pa.int32()),
        *WORKLOAD_COLUMNS,
        *QUEUE_COLUMNS,
        ("users", pa.int32()),
        ("started_s", pa.float64()),
        ("duration_s", pa.float64()),
        ("steady_requests", pa.float64()),
        ("requests", pa.int64()),
        ("events", pa.int64()),
        ("messages", pa.int64()),
        ("failures", pa.int64()),
        ("request_line_bytes", pa.int64()),
        ("auth_query_bytes", pa.int64()),
        ("header_bytes", pa.int64()),
        ("body_bytes", pa.int64()),
        ("payload_total_bytes", pa.int64()),
        ("encryption_bytes", pa.int64()),
        ("framing_sent_bytes", pa.int64()),
        ("response_head_bytes", pa.int64()),
        ("response_body_bytes", pa.int64()),
        ("framing_received_bytes", pa.int64()),
        ("unfinished_requests", pa.int64()),
        ("unknown_requests", pa.int64()),
        ("unfinished_sent_bytes", pa.int64()),
        ("unfinished_received_bytes", pa.int64()),
        ("connections", pa.int64()),
        ("closed_by_server", pa.int64()),
        ("closed_by_client", pa.int64()),
        ("tcp_sent_bytes", pa.int64()),
        ("tcp_received_bytes", pa.int64()),
        ("tcp_retransmitted_bytes", pa.int64()),
        ("segments_out", pa.int64()),
        ("segments_in", pa.int64()),
        *CLOSING_COLUMNS,
        ("tls_sent_bytes", pa.int64()),
        ("tls_received_bytes", pa.int64()),
        ("tls_handshake_sent_bytes", pa.int64()),
        ("tls_handshake_received_bytes", pa.int64()),
        ("boundary_requests", pa.int64()),
        ("boundary_events", pa.int64()),
        ("boundary_sent_bytes", pa.int64()),
        ("boundary_received_bytes", pa.int64()),
    ]
)

# ``count``: exchanges that took this long. ``censored``: exchanges without an acknowledgement, which were this old
# when they ended. Both count in the slice they began in.
LATENCY = pa.schema(
    [
        ("round", pa.int32()),
        ("workload", pa.string()),
        ("bucket_low_s", pa.float64()),
        ("bucket_high_s", pa.float64()),
        ("count", pa.int64()),
        ("censored", pa.int64()),
    ]
)

FAILURES = pa.schema(
    [
        ("workload", pa.string()),
        ("kind", pa.string()),
        ("status", pa.int32()),
        ("message", pa.string()),
        ("count", pa.int64()),
    ]
)

# A row per workload, round and stage of its rate. ``fills``: calls of 1, 2, ... events; ``depths``: events in the
# queue, each at the seconds after the slice began that ``depth_at_s`` has.
QUEUE = pa.schema(
    [
        ("round", pa.int32()),
        ("stage", pa.int32()),
        ("worker", pa.int32()),
        *WORKLOAD_COLUMNS,
        *QUEUE_COLUMNS,
        ("duration_s", pa.float64()),
        ("intended", pa.int64()),
        ("arrived", pa.int64()),
        ("acknowledged", pa.int64()),
        ("lost", pa.int64()),
        ("left", pa.int64()),
        ("unsent", pa.int64()),
        ("overloaded", pa.string()),
        ("late_p99_s", pa.float64()),
        ("late_max_s", pa.float64()),
        ("fills", pa.list_(pa.int32())),
        ("depth_at_s", pa.list_(pa.float32())),
        ("depths", pa.list_(pa.int32())),
        ("normal_depth", pa.float64()),
    ]
)

# A row per workload, round, stage of its rate, kind ("waiting", "wire", "total") and bucket; counts are of events.
WAITS = pa.schema(
    [
        ("round", pa.int32()),
        ("stage", pa.int32()),
        ("workload", pa.string()),
        ("kind", pa.string()),
        *list(LATENCY)[2:],
    ]
)

# A row per workload whose rate changes, round and bin of time.
SERIES = pa.schema(
    [
        ("round", pa.int32()),
        ("workload", pa.string()),
        ("t_s", pa.float64()),
        ("bin_s", pa.float64()),
        ("intended", pa.int64()),
        ("arrived", pa.int64()),
        ("acknowledged", pa.int64()),
        ("unacknowledged", pa.int64()),
        ("depth", pa.float64()),
        ("p50_s", pa.float64()),
        ("p50_s_is_lower_bound", pa.bool_()),
        ("p99_s", pa.float64()),
        ("p99_s_is_lower_bound", pa.bool_()),
    ]
)

# A row per probe of a capacity search. ``search``: the workload without a rate, whose capacity is searched;
# ``share``: of the capacity found, in slices after the search, else null; ``held``: whether the rate was carried.
CAPACITY = pa.schema(
    [
        ("search", pa.string()),
        ("round", pa.int32()),
        *WORKLOAD_COLUMNS,
        *QUEUE_COLUMNS,
        ("phase", pa.string()),
        ("share", pa.float64()),
        ("held", pa.bool_()),
        ("reason", pa.string()),
        ("p99_s", pa.float64()),
        ("limited_by", pa.string()),
    ]
)

# A row per workload whose deliveries are counted, and round: events, deliveries (of an event on a channel to a
# subscriber), and bytes of all its subscribers together.
DELIVERY = pa.schema(
    [
        ("round", pa.int32()),
        ("stage", pa.int32()),
        ("worker", pa.int32()),
        *WORKLOAD_COLUMNS,
        *QUEUE_COLUMNS,
        ("duration_s", pa.float64()),
        ("grace_s", pa.float64()),
        ("sent", pa.int64()),
        ("acknowledged", pa.int64()),
        ("rejected", pa.int64()),
        ("failed", pa.int64()),
        ("unknown", pa.int64()),
        ("expected", pa.int64()),
        ("delivered", pa.int64()),
        ("lost", pa.int64()),
        ("missed", pa.int64()),
        ("duplicated", pa.int64()),
        ("out_of_order_publisher", pa.int64()),
        ("out_of_order_channel", pa.int64()),
        ("unacknowledged_rejected", pa.int64()),
        ("unacknowledged_failed", pa.int64()),
        ("unacknowledged_unknown", pa.int64()),
        ("late", pa.int64()),
        ("foreign", pa.int64()),
        ("ambiguous", pa.int64()),
        ("reconnections", pa.int64()),
        ("backlog_max_bytes", pa.int64()),
        ("frame_header_bytes", pa.int64()),
        ("envelope_bytes", pa.int64()),
        ("payload_delivered_bytes", pa.int64()),
        ("encryption_delivered_bytes", pa.int64()),
        ("protocol_bytes", pa.int64()),
        ("control_bytes", pa.int64()),
        ("ws_sent_bytes", pa.int64()),
        ("ws_received_bytes", pa.int64()),
        ("ws_tls_sent_bytes", pa.int64()),
        ("ws_tls_received_bytes", pa.int64()),
        ("ws_tcp_sent_bytes", pa.int64()),
        ("ws_tcp_received_bytes", pa.int64()),
        ("ws_segments_out", pa.int64()),
        ("ws_segments_in", pa.int64()),
        ("ws_connections", pa.int64()),
        ("subscriber_cpu_s", pa.float64()),
    ]
)

# How late deliveries were: a row per workload, round, kind and bucket. ``wire`` is a call's latency, and ``after``
# or ``before`` the time from its response to an arrival; ``censored`` counts deliveries that never came.
DELIVERY_TIMES = WAITS
DELIVERY_KINDS = ("waiting", "wire", "after", "before", "total", "spread")

# The last column of each table: the start of the processes that measured a row, from 0; rounds are numbered on.
START = ("start", pa.int32())
FRAMES = {
    name: schema.append(pa.field(*START))
    for name, schema in {"slices": SLICES, "latency": LATENCY, "failures": FAILURES}.items()
}
# Written only if a workload's events arrive in a queue.
QUEUE_FRAMES = {name: schema.append(pa.field(*START)) for name, schema in {"queue": QUEUE, "waits": WAITS}.items()}
# Written only if deliveries are counted.
DELIVERY_FRAMES = {
    name: schema.append(pa.field(*START))
    for name, schema in {"delivery": DELIVERY, "delivery_times": DELIVERY_TIMES}.items()
}
# Written only if the run searched for capacities.
CAPACITY_FRAMES = {"capacity": CAPACITY}
# Written only if the rate of one changes.
SERIES_FRAMES = {"series": SERIES}

# Columns added after the first runs of this schema; a run without one had nothing to put there.
LATER_COLUMNS = frozenset(
    {
        *(each.column for each in ATTRIBUTES if each.later),
        *(name for name, _ in CLOSING_COLUMNS),
        "closed_by_server",
        "closed_by_client",
        "framing_sent_bytes",
        "framing_received_bytes",
        "unknown_requests",
        "censored",
        "encryption_bytes",
        "late_max_s",
        "normal_depth",
        "stage",
        "start",
        "steady_requests",
        "tls_sent_bytes",
        "tls_received_bytes",
        "tls_handshake_sent_bytes",
        "tls_handshake_received_bytes",
    }
)
