"""The kernel's counters of a connection: ``TCP_INFO``, below TLS and independent of this program's own counts.

Source: ``struct tcp_info`` in linux/tcp.h, with byte counters since Linux 4.19.
"""

from __future__ import annotations

import _socket
import socket
import struct
import sys
from typing import NamedTuple

from wiretax.wire.counters import TcpCounters

READ_BYTES = 256
LEAST_BYTES = 216
SEGMENTS_AT, SENT_AT, ACKED_AT, RECEIVED_AT = 136, 200, 120, 128
STATE_AT, OPTIONS_AT = 0, 5
COUNTED = slice(RECEIVED_AT, RECEIVED_AT + 8)
SYN_SENT, CLOSED = 2, 7
# TIME_WAIT, CLOSE_WAIT, LAST_ACK, CLOSING: the peer's FIN arrived, which the kernel counts as a received byte.
PEER_ENDED = frozenset({6, 8, 9, 11})
# Options that both ends agreed on: timestamps (12 bytes in each segment); MSS, SACK and scale only in a SYN.
TIMESTAMPS, SACK, SCALE = 1, 2, 4
IP_BYTES: dict[int, int] = {socket.AF_INET: 20, socket.AF_INET6: 40}
TCP_BYTES = 20
# A SYN offers all of them.
OFFERED_BYTES = 20
AVAILABLE = sys.platform == "linux"

_SEGMENTS = struct.Struct("=II")
_SENT = struct.Struct("=QQ")
_RECEIVED = struct.Struct("=Q")
NOTHING_ACKED = bytes(8)


class TcpSnapshot(NamedTuple):
    """The counters of one connection at one moment.

    Attributes:
        counters: the connection's counters.
        state: the connection's state, as the kernel numbers it.
        peer_ended: whether the peer's FIN arrived.
        header: bytes of IP and TCP header of a segment.
        bare_header: the same without options, as in a RST that answers data for a closed socket.
    """

    counters: TcpCounters
    state: int
    peer_ended: bool
    header: int
    bare_header: int


def read_counters(
    connection: _socket.socket, read_bytes: int | None = None, accepted: bool = False
) -> TcpCounters | None:
    """Read the counters of an open socket; None if the kernel does not keep them.

    ``read_bytes``: bytes read from it so far, if known. The state of a closed connection does not tell whether a
    FIN was counted as a byte. ``accepted``: whether the peer opened the connection.
    """
    reading = read_connection(connection, read_bytes, accepted)
    return None if reading is None else reading.counters


def read_connection(
    connection: _socket.socket, read_bytes: int | None = None, accepted: bool = False
) -> TcpSnapshot | None:
    """Read the counters with the connection's state; ``accepted``: whether the peer opened the connection."""
    info = _read(connection)
    while info is not None:
        # The kernel reads the state before it locks the socket and the bytes after, so a FIN may come between
        # them. If two readings agree on the bytes, the second one's state belongs to them.
        again = _read(connection)
        if again is None:
            return None
        if again[COUNTED] == info[COUNTED]:
            return _reading(info, again[STATE_AT], read_bytes, IP_BYTES[connection.family], accepted)
        info = again
    return None


def _read(connection: _socket.socket) -> bytes | None:
    if not AVAILABLE:
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, READ_BYTES)
    except OSError:
        return None
    return info if len(info) >= LEAST_BYTES else None


def _reading(info: bytes, state: int, read_bytes: int | None, ip_bytes: int, accepted: bool) -> TcpSnapshot:
    sent, retransmitted = _SENT.unpack_from(info, SENT_AT)
    segments_out, segments_in = _SEGMENTS.unpack_from(info, SEGMENTS_AT)
    (received,) = _RECEIVED.unpack_from(info, RECEIVED_AT)
    peer_ended = state in PEER_ENDED or (state == CLOSED and read_bytes is not None and received == read_bytes + 1)
    options = info[OPTIONS_AT]
    bare_header = ip_bytes + TCP_BYTES
    nothing_acked = not accepted and info[ACKED_AT : ACKED_AT + 8] == NOTHING_ACKED
    if state == SYN_SENT or (state == CLOSED and nothing_acked):
        # The SYN was not acknowledged: it was sent once or more, and any segment that came back refused it.
        headers_out, headers_in = segments_out * (bare_header + OFFERED_BYTES), segments_in * bare_header
        header = bare_header
    else:
        timestamps = 12 if options & TIMESTAMPS else 0
        header = bare_header + timestamps
        syn_out, syn_in = OFFERED_BYTES - timestamps, _agreed_bytes(options) - timestamps
        if accepted:
            # The SYN-ACK is not counted for the connection that it established.
            segments_out += 1
            syn_out, syn_in = syn_in, syn_out
        headers_out, headers_in = segments_out * header + syn_out, segments_in * header + syn_in
    counters = TcpCounters(
        sent - retransmitted,
        received - peer_ended,
        retransmitted,
        segments_out,
        segments_in,
        headers_out,
        headers_in,
    )
    return TcpSnapshot(counters, state, peer_ended, header, bare_header)


def _agreed_bytes(options: int) -> int:
    """Bytes of the options in a SYN-ACK."""
    return 4 + (12 if options & TIMESTAMPS else 4 if options & SACK else 0) + (4 if options & SCALE else 0)
