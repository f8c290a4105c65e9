"""Where each byte of an event goes: the layers of a request and of its response.

Source: DESIGN "Words", layers. TCP/IP is there where the kernel counted segments. Runs saved before TLS
and HTTP/2 were counted have no columns of them: they were nothing. Those from before two servers could be
measured in one run had one. Those from before connections were counted to their end have segments of one size,
without the last ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from wiretax.runs.schema import CLOSING_COLUMNS, WORKLOAD_COLUMNS

WORKLOAD = [name for name, _ in WORKLOAD_COLUMNS]
HEAD = ["request_line_bytes", "auth_query_bytes", "header_bytes"]
REQUEST = [*HEAD, "body_bytes"]
RESPONSE = ["response_head_bytes", "response_body_bytes"]
SENT = [*REQUEST, "framing_sent_bytes", "unfinished_sent_bytes"]
RECEIVED = [*RESPONSE, "framing_received_bytes", "unfinished_received_bytes"]
FRAMING = ["framing_sent_bytes", "framing_received_bytes"]
# Those the kernel counted, and those that follow its last reading, by a model.
SEGMENTS = ["segments_out", "segments_in", "close_segments_out", "close_segments_in"]
# The headers of all those segments, and data that was sent again.
TCP_IP = ["tcp_ip_sent_bytes", "tcp_ip_received_bytes", "tcp_retransmitted_bytes"]
KERNEL = [*SEGMENTS, *TCP_IP, "close_received_bytes"]
CLOSED = ["closed_by_server", "closed_by_client"]
TLS = ["tls_sent_bytes", "tls_received_bytes", "tls_handshake_sent_bytes", "tls_handshake_received_bytes"]
# What a cable carries for an event, both ways; the link layer is not in it.
CABLE = ["sent", "received", "tls", "response_tls", "tcp_ip", "response_tcp_ip"]
# IPv4 and TCP headers of a segment with timestamps, in runs that did not count them.
SEGMENT_HEADER_BYTES = 20 + 20 + 12
BOUNDARY = ["boundary_requests", "boundary_events", "boundary_sent_bytes", "boundary_received_bytes"]
COUNTS = ["requests", "events", "messages", "failures", "connections"]


def with_tls(slices: pd.DataFrame) -> pd.DataFrame:
    """Slices with all columns, those of runs from before TLS, HTTP/2 and a second server included."""
    before: dict[str, Any] = {**dict.fromkeys([*TLS, *FRAMING, "calls_per_connection"], 0), "server": "endpoint"}
    missing = {name: value for name, value in before.items() if name not in slices}
    if "tcp_ip_sent_bytes" not in slices:
        missing |= dict.fromkeys((name for name, _ in CLOSING_COLUMNS if name.startswith("close")), 0)
        for way, segments in (("sent", "segments_out"), ("received", "segments_in")):
            missing[f"tcp_ip_{way}_bytes"] = slices[segments] * SEGMENT_HEADER_BYTES
        missing |= dict.fromkeys(CLOSED, np.nan)
    return slices.assign(**missing) if missing else slices


def acknowledged(slices: pd.DataFrame) -> pd.DataFrame:
    """The slices of workloads that had any event acknowledged; all rounds of those, silent ones too."""
    return slices[slices.groupby("workload")["events"].transform("sum") > 0]


def totals(slices: pd.DataFrame) -> pd.DataFrame:
    """Counts and bytes summed over rounds and workers.

    Args:
        slices: ``slices.parquet``.

    Returns:
        A row a workload in the order of their first slices: the workload's columns, the counts, the bytes and
        segments (NaN where the kernel kept no count), who closed connections (NaN in runs that did not note
        it), ``carried_events``, ``carried_requests`` and ``carried_bytes`` (HTTP's, both ways), which include
        those of exchanges that ended after their slice, and ``duration_s`` (one worker's, s).
    """
    sums = [
        *COUNTS,
        *REQUEST,
        "payload_total_bytes",
        *RESPONSE,
        "unfinished_sent_bytes",
        "unfinished_received_bytes",
        *FRAMING,
        *TLS,
    ]
    slices = with_tls(slices)
    grouped = slices.groupby(WORKLOAD, sort=False, dropna=False)
    frame = grouped[sums].sum()
    # A slice in which a kernel kept no count makes the sum unknown, not small.
    known = [*KERNEL, *CLOSED]
    frame[known] = grouped[known].sum(min_count=1).where(grouped[known].count().eq(grouped.size(), axis=0))
    # Segments carried the exchanges of a slice that ended after it, too.
    boundary = grouped[BOUNDARY].sum()
    frame["carried_events"] = frame["events"] + boundary["boundary_events"]
    frame["carried_requests"] = frame["requests"] + boundary["boundary_requests"]
    frame["carried_bytes"] = (
        frame[[*SENT, *RECEIVED]].sum(axis=1)
        + boundary["boundary_sent_bytes"]
        + boundary["boundary_received_bytes"]
    )
    # Workers hold a slice at the same time, so its duration counts once.
    per_round = slices.groupby([*WORKLOAD, "round"], sort=False, dropna=False)["duration_s"].max()
    frame["duration_s"] = per_round.groupby(level=WORKLOAD, sort=False).sum()
    return frame.reset_index()


def bytes_per_event(slices: pd.DataFrame) -> pd.DataFrame:
    """What one acknowledged event costs, by layer; a failed exchange's bytes are borne by those that succeeded.

    Args:
        slices: ``slices.parquet``.

    Returns:
        A row a workload, indexed by its name. Bytes per event: ``payload``, ``envelope`` (body less payload),
        ``auth_query``, ``request_line`` (less the query), ``headers``, ``framing`` (HTTP/2's own), ``sent``,
        ``response_head``, ``response_body``, ``response_framing``, ``received``, ``tls`` and ``response_tls``
        (record framing, handshakes, goodbyes), ``tcp_ip`` and ``response_tcp_ip`` (headers of segments each way,
        bare acknowledgements, SYNs and FINs among them, and data sent again; NaN where the kernel kept no
        count), and ``cable``, all layers both ways
        (NaN likewise). Further ``handshake`` (the part of both TLS layers that a connection costs, whatever is
        sent over it), ``head_per_request`` (bytes) and ``overhead_factor`` (sent over payload,
        a ratio). NaN where no event was acknowledged.
    """
    total = totals(slices).set_index("workload")
    events = total["events"].where(total["events"] > 0)
    frame = pd.DataFrame(
        {
            "payload": total["payload_total_bytes"] / events,
            "envelope": (total["body_bytes"] - total["payload_total_bytes"]) / events,
            "auth_query": total["auth_query_bytes"] / events,
            "request_line": total["request_line_bytes"] / events,
            "headers": total["header_bytes"] / events,
            "framing": total["framing_sent_bytes"] / events,
            "sent": total[SENT].sum(axis=1) / events,
            "response_head": total["response_head_bytes"] / events,
            "response_body": total["response_body_bytes"] / events,
            "response_framing": total["framing_received_bytes"] / events,
            "received": total[RECEIVED].sum(axis=1) / events,
        }
    )
    carried = total["carried_events"].where(total["carried_events"] > 0)
    frame["tls"] = total["tls_sent_bytes"] / carried
    # The server's goodbyes that nobody read.
    unread = total["close_received_bytes"].fillna(0)
    frame["response_tls"] = (total["tls_received_bytes"] + unread) / carried
    handshake = total["tls_handshake_sent_bytes"] + total["tls_handshake_received_bytes"] + unread
    frame["handshake"] = handshake / carried
    frame["tcp_ip"] = (total["tcp_ip_sent_bytes"] + total["tcp_retransmitted_bytes"]) / carried
    frame["response_tcp_ip"] = total["tcp_ip_received_bytes"] / carried
    frame["cable"] = frame[CABLE].sum(axis=1, skipna=False)
    requests = total["requests"].where(total["requests"] > 0)
    frame["head_per_request"] = total[HEAD].sum(axis=1) / requests
    frame["overhead_factor"] = frame["sent"] / frame["payload"]
    return frame
