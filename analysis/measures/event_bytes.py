"""The bytes of an event by layer, and their totals."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pandas as pd

from analysis.measures.counts import Counts, SliceCounts, counts_of
from analysis.measures.layers import BELOW_HTTP, LAYERS

COLUMNS = [
    *(layer.key for layer in LAYERS),
    "sent",
    "received",
    "handshake",
    "cable",
    "head_per_request",
    "overhead_factor",
]


def bytes_per_event(slices: pd.DataFrame | SliceCounts) -> pd.DataFrame:
    """Bytes per acknowledged event, by layer. The bytes of failed exchanges are shared by the acknowledged events.

    Args:
        slices: ``slices.parquet``, or its counts.

    Returns:
        A row per workload, indexed by its name. Bytes per event: each of ``LAYERS`` by its key, ``sent`` and
        ``received`` (HTTP bytes), and ``cable``, all layers in both directions. ``tls`` and ``response_tls``
        include handshakes and close_notify alerts; ``tcp_ip`` and ``response_tcp_ip`` are the headers of all
        segments, and retransmitted data. Also ``handshake`` (the part of both TLS layers that each connection
        costs), ``head_per_request`` (bytes) and ``overhead_factor`` (sent over payload, a ratio). NaN if no event
        was acknowledged; below HTTP also if the kernel did not count.
    """
    counted = counts_of(slices)
    rows = [_per_event(counts) for counts in counted.rows().values()]
    index = pd.Index([*counted.workloads], name="workload")
    return pd.DataFrame({name: np.array([row[name] for row in rows], dtype=float) for name in COLUMNS}, index)


def _per_event(counts: Counts) -> dict[str, float]:
    events, carried = counts["events"], counts["carried_events"]
    row = {layer.key: _ratio(counts[layer.sum], carried if layer.is_below_http else events) for layer in LAYERS}
    row["sent"], row["received"] = _ratio(counts["sent"], events), _ratio(counts["received"], events)
    unread = counts["close_received_bytes"]
    handshake = counts["tls_handshake_sent_bytes"] + counts["tls_handshake_received_bytes"]
    row["handshake"] = _ratio(handshake + (0 if isnan(unread) else unread), carried)
    row["cable"] = row["sent"] + row["received"] + float(np.sum([row[layer.key] for layer in BELOW_HTTP]))
    row["head_per_request"] = _ratio(counts["head"], counts["requests"])
    row["overhead_factor"] = _ratio(row["sent"], row["payload"])
    return row


def _ratio(of: float, to: float) -> float:
    return of / to if to > 0 else nan
