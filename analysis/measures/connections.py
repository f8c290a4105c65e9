"""What became of connections: how many calls each carried, who closed it, and what its set-up costs."""

from __future__ import annotations

from math import ceil, inf, isnan, nan

import pandas as pd

from analysis.measures.counts import SliceCounts, counts_of, totals
from analysis.measures.layers import SEGMENTS, TCP_IP
from analysis.text.labels import Row
from wiretax.channels.workload import columns_of

# Workloads with the same values of these use connections in the same way.
CONNECTION_USE = columns_of("transport", "server")
# With more calls than this on a connection, its cost is too small to see.
MANY_CALLS = 1000
# Data in an Ethernet-size segment with timestamps.
SEGMENT_DATA_BYTES = 1448
# Segments of a connection that carry no call: three to open it, acknowledgements of the first request and of the
# response, three to close it; with TLS also those of the handshake and the close_notify alerts.
SETUP_SEGMENTS, TLS_SEGMENTS = 8, 7
HANDSHAKES = ["tls_handshake_sent_bytes", "tls_handshake_received_bytes", "close_received_bytes"]
# SYN and SYN-ACK have 8 B more of options than other segments.
SYN_BYTES = 16


def calls_on_connection(row: Row) -> float:
    """Calls per connection, as measured; infinite if all calls of a user shared one.

    A slice ends within a connection's life, so this may be fewer than the workload's ``calls_per_connection``.

    Args:
        row: a workload's columns and sums, as ``totals`` has them.
    """
    opened = row["connections"]
    limited = row["connection"] == "close" or row["calls_per_connection"]
    # NaN in runs that did not record who closed connections.
    kept = not limited and row["closed_by_server"] + row["closed_by_client"] == 0
    return inf if kept or not opened else float(row["carried_requests"] / opened)


def closes_early(row: Row, calls: float) -> bool:
    """Whether the server closed connections before the workload would have.

    Args:
        row: ``connection``, ``calls_per_connection``, ``closed_by_server`` and ``closed_by_client``.
        calls: how many calls each connection carried.
    """
    most = 1 if row["connection"] == "close" else row["calls_per_connection"] or inf
    # Comparisons with NaN are false.
    return bool(row["closed_by_server"] > row["closed_by_client"] and calls < min(most, MANY_CALLS))


def connection_use(slices: pd.DataFrame | SliceCounts) -> pd.DataFrame:
    """How each workload used connections.

    Args:
        slices: ``slices.parquet``, or its counts.

    Returns:
        A row per workload, indexed by its name: ``calls_on_connection`` (measured; infinite if all calls shared
        one), ``server_closes`` (whether the server closed connections before the workload would have) and
        ``setup_per_event`` (bytes on the cable that open and close connections, both ways; NaN if the kernel kept
        no count).
    """
    counted = counts_of(slices)
    rows = [*counted.rows().values()]
    calls = [calls_on_connection(row) for row in rows]
    early = [closes_early(row, each) for row, each in zip(rows, calls, strict=True)]
    return pd.DataFrame(
        {
            "calls_on_connection": calls,
            "server_closes": early,
            "setup_per_event": [setup_per_event(row) for row in rows],
        },
        index=pd.Index([*counted.workloads], name="workload"),
    )


def with_use(rows: pd.DataFrame, slices: pd.DataFrame) -> pd.DataFrame:
    """Add the measured use of connections to rows that combine several workloads with equal ``CONNECTION_USE``."""
    counted = counts_of(slices)
    use = totals(counted)[["workload", *CONNECTION_USE]].merge(
        connection_use(counted), left_on="workload", right_index=True
    )
    together = use.groupby(CONNECTION_USE, as_index=False, sort=False).agg(
        calls_on_connection=("calls_on_connection", "median"), server_closes=("server_closes", "all")
    )
    return rows.merge(together, on=CONNECTION_USE, how="left")


def setup_per_event(row: Row) -> float:
    """Bytes per event on the cable that open and close connections; NaN if the kernel kept no count.

    These are handshakes, close_notify alerts, and the headers of segments that carry no call, limited to the
    segments that set up and end a connection.

    Args:
        row: a workload's columns and sums, as ``totals`` has them.
    """
    counts = {name: nan if row[name] is None else float(row[name]) for name in (*SEGMENTS, *TCP_IP, *HANDSHAKES)}
    opened, calls, events = row["connections"], row["carried_requests"], row["carried_events"]
    segments = sum(counts[name] for name in SEGMENTS)
    if not (opened and calls and events and row["requests"] and segments > 0):
        return nan if isnan(segments) or not events else 0.0
    each = sum(ceil(row[name] / row["requests"] / SEGMENT_DATA_BYTES) for name in ("sent", "received"))
    own = min(max(0.0, segments - each * calls), opened * (SETUP_SEGMENTS + TLS_SEGMENTS * bool(row["tls"])))
    header = (sum(counts[name] for name in TCP_IP[:2]) - SYN_BYTES * opened) / segments
    handshakes = sum(counts[name] for name in HANDSHAKES)
    return float((own * header + SYN_BYTES * opened + handshakes) / events)
