"""Slices in which calls share a connection that costs known bytes."""

from __future__ import annotations

from saved import kernel, slice_

from wiretax.channels.workload import Workload
from wiretax.wire.counters import TlsCounters
from wiretax.wire.slices import Slice

HANDSHAKE_SENT, HANDSHAKE_RECEIVED, RECORD = 600, 2000, 22
SETUP_SEGMENTS = 4


def shared(calls: int, requests: int = 600, connection: str = "keep-alive") -> Slice:
    """A slice in which ``calls`` calls share a connection; 0 for all, on one opened before."""
    workload = Workload.of(tls=True, calls_per_connection=calls, connection=connection)  # type: ignore[arg-type]
    opened = requests // (workload.transport.max_calls or requests + 1)
    made = slice_(workload, 0, requests, connections=opened)
    made.tls = TlsCounters(
        opened * HANDSHAKE_SENT + requests * RECORD,
        opened * HANDSHAKE_RECEIVED + requests * RECORD,
        opened * HANDSHAKE_SENT,
        opened * HANDSHAKE_RECEIVED,
    )
    segments = requests + opened * SETUP_SEGMENTS
    made.tcp = kernel(segments, segments)
    return made
