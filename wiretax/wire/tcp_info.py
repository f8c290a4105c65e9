"""The kernel's own count of a connection: ``TCP_INFO``, below TLS and below anything this program can get wrong.

Source: ``struct tcp_info`` in linux/tcp.h; the byte counters are there since Linux 4.19.
"""

from __future__ import annotations

import socket
import struct
import sys

from wiretax.wire.ledger import TcpCounters

READ_BYTES = 256
LEAST_BYTES = 216
SEGMENTS_AT, SENT_AT, RECEIVED_AT = 136, 200, 128
STATE_AT = 0
COUNTED = slice(RECEIVED_AT, RECEIVED_AT + 8)
# TIME_WAIT, CLOSE_WAIT, LAST_ACK, CLOSING: the peer's FIN came, and the kernel counts it as a byte received.
PEER_ENDED = frozenset({6, 8, 9, 11})
# TCP_MAXSEG for segments as an Ethernet of 1,500 bytes carries them, 12 bytes of timestamps included.
ETHERNET_MAXSEG = 1460
AVAILABLE = sys.platform == "linux"

_SEGMENTS = struct.Struct("=II")
_SENT = struct.Struct("=QQ")
_RECEIVED = struct.Struct("=Q")


def read_counters(connection: socket.socket) -> TcpCounters | None:
    """The counters of an open socket; None where the kernel does not keep them."""
    info = _read(connection)
    while info is not None:
        # The kernel notes the state before it locks the socket and the bytes after, so a FIN may fall between
        # them. Where two readings agree on the bytes, the second one's state belongs to them.
        again = _read(connection)
        if again is None:
            return None
        if again[COUNTED] == info[COUNTED]:
            return _counters(info, again[STATE_AT] in PEER_ENDED)
        info = again
    return None


def _read(connection: socket.socket) -> bytes | None:
    if not AVAILABLE:
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, READ_BYTES)
    except OSError:
        return None
    return info if len(info) >= LEAST_BYTES else None


def _counters(info: bytes, peer_ended: bool) -> TcpCounters:
    sent, retransmitted = _SENT.unpack_from(info, SENT_AT)
    segments_out, segments_in = _SEGMENTS.unpack_from(info, SEGMENTS_AT)
    (received,) = _RECEIVED.unpack_from(info, RECEIVED_AT)
    return TcpCounters(sent - retransmitted, received - peer_ended, retransmitted, segments_out, segments_in)
