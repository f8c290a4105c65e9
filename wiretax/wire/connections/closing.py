"""The segments that a connection still carries after its socket was closed, when its counters can't be read.

The last reading happens after this side was shut down: the kernel has counted its FIN, and the connection's state
tells which side ended first. The segments after that come from a model, which ``tests/contract/test_closing.py``
compares with captures, segment by segment, for each way a connection can end:

====================  ==============================================  =======================================
state                 still to come                                   segments
====================  ==============================================  =======================================
FIN_WAIT              the server's FIN, which acknowledges ours       one in; its acknowledgement out
FIN_WAIT, inside TLS  the server's close_notify, which is not read    one in, with data; a bare RST out
LAST_ACK, CLOSING     an acknowledgement of our FIN                   one in
CLOSE, TIME_WAIT      nothing: both FINs, or a RST, were counted      none
something unread      closing then resets the connection              a RST out
====================  ==============================================  =======================================

A server that takes more than 40 ms to close acknowledges the client's FIN separately, with one more segment. Of
the data that a server sends to a client that has closed, only a close_notify is modelled.
"""

from __future__ import annotations

import _socket
import socket

from wiretax.wire.connections.tcp_info import CLOSED, TcpSnapshot, read_connection
from wiretax.wire.counters import TcpCounters, add_counters

FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, CLOSING = 4, 5, 9, 11
# Segments out and in that end a connection, by its state after this side has ended.
REMAINING = {
    FIN_WAIT_1: (1, 1),
    FIN_WAIT_2: (1, 1),
    LAST_ACK: (0, 1),
    CLOSING: (0, 1),
}


def end_side(connection: _socket.socket) -> bool:
    """Shut down both directions, so that the counters can still be read; False if the connection was over already.

    The kernel answers later data with a RST.
    """
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return False
    return True


def count_ended(
    connection: _socket.socket, read_bytes: int, ended: bool, close_notify: int = 0, accepted: bool = False
) -> TcpCounters | None:
    """Count all that a connection carried, and will carry when it is closed now.

    Args:
        connection: the socket, open, with this side shut down.
        read_bytes: bytes read from it.
        ended: what ``end_side`` returned.
        close_notify: bytes of a close_notify that the server has yet to send; 0 for none.
        accepted: whether the peer opened the connection.

    Returns:
        The counters; None if the kernel keeps none.
    """
    reading = read_connection(connection, read_bytes, accepted)
    if reading is None:
        return None
    counters = reading.counters
    bare = reading.bare_header
    if reading.state == CLOSED and reading.peer_ended and not ended:
        # The server had closed its socket: it answered later data with a RST without options.
        counters = counters._replace(headers_in=counters.headers_in - reading.header + bare)
    elif reading.state == CLOSED and not reading.peer_ended and ended and close_notify:
        # The close_notify arrived and was answered with a RST: the counters include neither.
        counters = counters._replace(
            headers_out=counters.headers_out + bare, close_segments_out=1, close_received=close_notify
        )
    return add_counters(counters, after_close(reading, counters.received - read_bytes, close_notify))


def after_close(reading: TcpSnapshot, unread: int = 0, close_notify: int = 0) -> TcpCounters:
    """Model the segments that follow on a connection that is closed now.

    Args:
        reading: the last one.
        unread: data bytes that arrived and were not read.
        close_notify: bytes of a close_notify that the server has yet to send; 0 for none.
    """
    segments_out, segments_in = REMAINING.get(reading.state, (0, 0))
    if not segments_in:
        return TcpCounters()
    if unread:
        return TcpCounters(headers_out=reading.header, close_segments_out=1)
    owed = close_notify if reading.state in (FIN_WAIT_1, FIN_WAIT_2) else 0
    return TcpCounters(
        headers_out=segments_out * (reading.bare_header if owed else reading.header),
        headers_in=segments_in * reading.header,
        close_segments_out=segments_out,
        close_segments_in=segments_in,
        close_received=owed,
    )
