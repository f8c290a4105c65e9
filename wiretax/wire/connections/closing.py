"""What a connection still carries when its socket is closed, after which the kernel's counters can't be read.

The last reading is taken after this side has ended: the kernel has counted its FIN, and the connection's state
says which of the two sides ended first. What is left then is a model. ``tests/contract/test_closing.py`` holds
it to captures, to the segment, for each way a connection can end:

====================  ==============================================  =======================================
state                 what is still to come                           segments
====================  ==============================================  =======================================
FIN_WAIT              the server's FIN, which acknowledges ours       one in; its acknowledgement out
FIN_WAIT, inside TLS  the server's close_notify, which nobody reads   one in, with data; a bare RST out
LAST_ACK, CLOSING     an acknowledgement of our FIN                   one in
CLOSE, TIME_WAIT      nothing: both FINs, or a RST, were counted      none
something unread      closing then resets the connection              a RST out
====================  ==============================================  =======================================

A server that takes more than 40 ms to close acknowledges the client's FIN by itself, with a segment more. Of what
a server sends to a client that has given up, only a close_notify is known.
"""

from __future__ import annotations

import socket

from wiretax.wire.connections.tcp_info import CLOSED, Reading, read_connection
from wiretax.wire.counters import TcpCounters, add_counters

ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, LAST_ACK, CLOSING = 1, 4, 5, 8, 9, 11
# Segments out and in that end a connection, by its state. The first two have not ended this side yet.
REMAINING = {
    ESTABLISHED: (2, 1),
    CLOSE_WAIT: (1, 1),
    FIN_WAIT_1: (1, 1),
    FIN_WAIT_2: (1, 1),
    LAST_ACK: (0, 1),
    CLOSING: (0, 1),
}


def end_side(connection: socket.socket) -> bool:
    """End this side as closing does, with the counters still to be read; False if the connection was over already.

    What comes after that is met by a RST.
    """
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return False
    return True


def count_ended(connection: socket.socket, taken: int, ended: bool, goodbye: int = 0) -> TcpCounters | None:
    """All that a connection carried, and will carry when it is closed now.

    Args:
        connection: the socket, open here, this side ended.
        taken: bytes taken from it.
        ended: what ``end_side`` returned.
        goodbye: bytes of a close_notify that the server owes; 0 for none.

    Returns:
        None where the kernel keeps no counters.
    """
    reading = read_connection(connection, taken)
    if reading is None:
        return None
    counters = reading.counters
    bare = reading.bare_header
    if reading.state == CLOSED and reading.peer_ended and not ended:
        # The server had closed its socket: a RST without options answered what it was sent after that.
        counters = counters._replace(headers_in=counters.headers_in - reading.header + bare)
    elif reading.state == CLOSED and not reading.peer_ended and ended and goodbye:
        # The goodbye has come, and was met by a RST: neither its data nor that is in the counters.
        counters = counters._replace(
            headers_out=counters.headers_out + bare, close_segments_out=1, close_received=goodbye
        )
    return add_counters(counters, after_close(reading, counters.received - taken, goodbye))


def after_close(reading: Reading, unread: int = 0, goodbye: int = 0) -> TcpCounters:
    """What follows on a connection that is closed now, by the model.

    Args:
        reading: the last one.
        unread: data bytes that came and were not taken.
        goodbye: bytes of a close_notify that the server owes; 0 for none.
    """
    segments_out, segments_in = REMAINING.get(reading.state, (0, 0))
    if not segments_in:
        return TcpCounters()
    if unread:
        return TcpCounters(headers_out=reading.header, close_segments_out=1)
    owed = goodbye if reading.state in (FIN_WAIT_1, FIN_WAIT_2) else 0
    return TcpCounters(
        headers_out=segments_out * (reading.bare_header if owed else reading.header),
        headers_in=segments_in * reading.header,
        close_segments_out=segments_out,
        close_segments_in=segments_in,
        close_received=owed,
    )
