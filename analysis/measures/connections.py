"""What became of connections: how many calls each carried, who closed it, and what its set-up costs."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, inf, isnan, nan

import numpy as np
import pandas as pd

from analysis.measures.layers import RECEIVED, SEGMENTS, SENT, TCP_IP, bytes_per_event, totals
from analysis.text.labels import Row, call, carried, sent_to

# What tells one use of connections from another.
WAY = ["client", "connection", "calls_per_connection", "http", "tls", "server"]
# With more calls than this on a connection its price is no longer seen.
MANY_CALLS = 1000
# Data in a segment of an Ethernet's, with timestamps.
SEGMENT_DATA_BYTES = 1448
# Segments of a connection that carry no call: three to open it, acknowledgements of the first request and of the
# answer, three to close it; inside TLS those of the handshake and of the goodbyes as well.
SETUP_SEGMENTS, TLS_SEGMENTS = 8, 7
HANDSHAKES = ["tls_handshake_sent_bytes", "tls_handshake_received_bytes", "close_received_bytes"]
# A SYN and its answer have 8 B of options more than other segments.
SYN_BYTES = 16


def calls_on_connection(row: Row) -> float:
    """Calls a connection carried, as measured; infinite where all calls shared those that users have anyway.

    A slice ends within a connection's life, so that may be fewer than a workload asks for.

    Args:
        row: a workload's columns and sums, as ``totals`` has them.
    """
    opened = row["connections"]
    asked = row["connection"] == "close" or row["calls_per_connection"]
    # Runs that did not note who closed have NaN there.
    kept = not asked and row["closed_by_server"] + row["closed_by_client"] == 0
    return inf if kept or not opened else float(row["carried_requests"] / opened)


def closes_early(row: Row, calls: float) -> bool:
    """Whether connections ended before the workload's own end of them, because the server closed them.

    Args:
        row: ``connection``, ``calls_per_connection``, ``closed_by_server`` and ``closed_by_client``.
        calls: what each carried.
    """
    asked = 1 if row["connection"] == "close" else row["calls_per_connection"] or inf
    # Comparisons with what was not noted are false.
    return bool(row["closed_by_server"] > row["closed_by_client"] and calls < min(asked, MANY_CALLS))


def connection_use(slices: pd.DataFrame) -> pd.DataFrame:
    """What connections did for each workload.

    Args:
        slices: ``slices.parquet``.

    Returns:
        A row a workload, indexed by its name: ``calls_on_connection`` (measured; infinite where all calls shared
        one), ``server_closes`` (whether the server closed connections before the workload would have) and
        ``setup_per_event`` (bytes on the cable that open and close connections, both ways; NaN where the kernel
        kept no count).
    """
    total = totals(slices).set_index("workload")
    rows = total.to_dict("records")
    calls = [calls_on_connection(row) for row in rows]
    early = [closes_early(row, each) for row, each in zip(rows, calls, strict=True)]
    return pd.DataFrame(
        {
            "calls_on_connection": calls,
            "server_closes": early,
            "setup_per_event": [setup_per_event(row) for row in rows],
        },
        index=total.index,
    )


def with_use(rows: pd.DataFrame, slices: pd.DataFrame) -> pd.DataFrame:
    """Rows that stand for several workloads alike in ``WAY``, with what connections did for those."""
    use = totals(slices)[["workload", *WAY]].merge(connection_use(slices), left_on="workload", right_index=True)
    together = use.groupby(WAY, as_index=False, sort=False).agg(
        calls_on_connection=("calls_on_connection", "median"), server_closes=("server_closes", "all")
    )
    return rows.merge(together, on=WAY, how="left")


def setup_per_event(row: Row) -> float:
    """Bytes on the cable that open and close connections, an event; NaN where the kernel kept no count.

    That is what handshakes and goodbyes take, and the headers of segments that carry no call, at most those of a
    connection's set-up and end.

    Args:
        row: a workload's columns and sums, as ``totals`` has them.
    """
    counts = {name: nan if row[name] is None else float(row[name]) for name in (*SEGMENTS, *TCP_IP, *HANDSHAKES)}
    opened, calls, events = row["connections"], row["carried_requests"], row["carried_events"]
    segments = sum(counts[name] for name in SEGMENTS)
    if not (opened and calls and events and row["requests"] and segments > 0):
        return nan if isnan(segments) or not events else 0.0
    each = sum(
        ceil(sum(row[name] for name in way) / row["requests"] / SEGMENT_DATA_BYTES) for way in (SENT, RECEIVED)
    )
    own = min(max(0.0, segments - each * calls), opened * (SETUP_SEGMENTS + TLS_SEGMENTS * bool(row["tls"])))
    header = (sum(counts[name] for name in TCP_IP[:2]) - SYN_BYTES * opened) / segments
    handshakes = sum(counts[name] for name in HANDSHAKES)
    return float((own * header + SYN_BYTES * opened + handshakes) / events)


def calls_in_words(calls: float) -> str:
    """``1``, ``49.8``, or ``all``."""
    return f"{calls:.3g}" if calls < MANY_CALLS else "all"


def closing_sentences(slices: pd.DataFrame) -> Iterator[str]:
    """A sentence for each server that closed connections before the workloads would have, and another one for its
    connections inside TLS; without full stops."""
    if not len(slices):
        return
    use, cost = connection_use(slices), bytes_per_event(slices)["cable"]
    closing = totals(slices).merge(use[use["server_closes"]], left_on="workload", right_index=True)
    for _, rows in closing.groupby(["server", "tls"], sort=False):
        ordered = rows.sort_values(["batch_size", "channels", "payload_bytes"], kind="stable")
        first = ordered.to_dict("records")[0]
        first["calls_on_connection"] = float(rows["calls_on_connection"].median())
        said = closing_in_words(first, float(cost.loc[first["workload"]]))
        yield "".join([*(f"{each}: " for each in sent_to(first)), said])


def closing_in_words(row: Row, cable: float) -> str:
    """``the server closed the connection after every call: 428 B of 1,367 B per event are connection set-up``.

    Args:
        row: the workload it is told of, with what connections did for it.
        cable: bytes per event of all its layers.
    """
    calls = float(row["calls_on_connection"])
    when = "every call" if round(calls, 1) == 1 else f"{calls_in_words(calls)} calls on average"
    said = f"the server closed the connection after {when}"
    setup = float(row["setup_per_event"])
    if isnan(setup) or isnan(cable):
        return said
    what = ", ".join([call(row), f"{row['payload_bytes']:,} B", *carried(row)])
    return f"{said}: {setup:,.0f} B of {cable:,.0f} B per event are connection set-up ({what})"


def connections_in_words(slices: pd.DataFrame) -> Iterator[str]:
    """What became of connections, a line for each server that closed them; one line where none did."""
    closed = list(closing_sentences(slices))
    yield from closed
    if not closed and len(slices) and np.isinf(connection_use(slices)["calls_on_connection"]).all():
        yield "connections were kept: all calls of a user shared one"
