"""Where each byte of an event goes: its layers, and what they add up to."""

from __future__ import annotations

import pandas as pd

from analysis.measures.counts import SliceCounts, totals
from analysis.measures.layers import CABLE, LAYERS


def bytes_per_event(slices: pd.DataFrame | SliceCounts) -> pd.DataFrame:
    """What one acknowledged event costs, by layer. The bytes of failed exchanges are shared by those that
    succeeded.

    Args:
        slices: ``slices.parquet``, or its counts.

    Returns:
        A row per workload, indexed by its name. Bytes per event: each of ``LAYERS`` by its key, ``sent`` and
        ``received`` (HTTP's bytes), and ``cable``, all layers both ways. ``tls`` and ``response_tls`` include
        handshakes and goodbyes; ``tcp_ip`` and ``response_tcp_ip`` are the headers of all segments, and
        retransmitted data. Further ``handshake`` (the part of both TLS layers that a connection costs, whatever
        is sent over it), ``head_per_request`` (bytes) and ``overhead_factor`` (sent over payload, a ratio). NaN if
        no event was acknowledged; below HTTP also if the kernel kept no count.
    """
    total = totals(slices).set_index("workload")
    events, carried = (total[name].where(total[name] > 0) for name in ("events", "carried_events"))
    frame = pd.DataFrame(
        {layer.key: total[layer.sum] / (carried if layer.is_below_http else events) for layer in LAYERS}
    )
    frame["sent"], frame["received"] = total["sent"] / events, total["received"] / events
    unread = total["close_received_bytes"].fillna(0)
    handshake = total["tls_handshake_sent_bytes"] + total["tls_handshake_received_bytes"] + unread
    frame["handshake"] = handshake / carried
    frame["cable"] = frame[CABLE].sum(axis=1, skipna=False)
    frame["head_per_request"] = total["head"] / total["requests"].where(total["requests"] > 0)
    frame["overhead_factor"] = frame["sent"] / frame["payload"]
    return frame
