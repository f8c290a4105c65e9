"""The deliveries of one slice, as a run keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wiretax.channels.workload import Workload
from wiretax.delivery.counting.tally import DeliveryTally
from wiretax.runs.record import RunRecord, workload_columns

# Columns of ``delivery.parquet`` that are named as in a tally, and those that belong to its bytes.
COUNTS = (
    *(
        "grace_s",
        "sent",
        "acknowledged",
        "rejected",
        "failed",
        "unknown",
        "expected",
        "delivered",
        "lost",
        "missed",
    ),
    *("duplicated", "out_of_order_publisher", "out_of_order_channel", "unacknowledged_rejected"),
    *("unacknowledged_failed", "unacknowledged_unknown", "late", "foreign", "ambiguous", "reconnections"),
)
BYTES = {
    "frame_header_bytes": "frame_header",
    "envelope_bytes": "envelope",
    "payload_delivered_bytes": "payload",
    "encryption_delivered_bytes": "encryption",
    "protocol_bytes": "protocol",
    "control_bytes": "control",
    "ws_sent_bytes": "sent",
    "ws_received_bytes": "received",
    "ws_tls_sent_bytes": "tls_sent",
    "ws_tls_received_bytes": "tls_received",
    "ws_connections": "connections",
}
# Null where the kernel keeps no count.
BY_KERNEL = {
    "ws_tcp_sent_bytes": "tcp_sent",
    "ws_tcp_received_bytes": "tcp_received",
    "ws_segments_out": "segments_out",
    "ws_segments_in": "segments_in",
}


@dataclass(frozen=True, slots=True)
class CountedSlice:
    """What became of the events of a slice.

    Attributes:
        workload: what was sent.
        round: the slice's.
        duration_s: how long the slice was open.
        tally: the counts.
        alone: whether nothing else was delivered to the subscribers meanwhile; otherwise the bytes of their
            connections are not this workload's, and their columns are null.
    """

    workload: Workload
    round: int
    duration_s: float
    tally: DeliveryTally
    alone: bool = True

    def add_to(self, record: RunRecord) -> None:
        """Add it to a record."""
        tally = self.tally
        by_kernel = self.alone and tally.bytes.tcp_received >= 0
        row: dict[str, Any] = {
            **workload_columns(self.workload),
            "round": self.round,
            "stage": 0,
            "worker": 0,
            # Of a free run, whose workloads don't say how many there are.
            "subscribers": tally.subscribers,
            "duration_s": self.duration_s,
            "backlog_max_bytes": tally.backlog_bytes,
            "subscriber_cpu_s": tally.cpu_s,
            **{name: getattr(tally, name) for name in COUNTS},
            **{column: getattr(tally.bytes, name) if self.alone else None for column, name in BYTES.items()},
            **{column: getattr(tally.bytes, name) if by_kernel else None for column, name in BY_KERNEL.items()},
        }
        record.add_delivery(row, {str(kind): each for kind, each in tally.times.items()})
