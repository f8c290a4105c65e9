"""Counts of connections, by the kernel and for TLS, beside HTTP's bytes: they only grow, and add up."""

from __future__ import annotations

from operator import add, sub
from typing import NamedTuple, TypeVar


class TcpCounters(NamedTuple):
    """The kernel's counts of one connection, or of several together.

    Attributes:
        sent: data bytes sent, without retransmitted ones.
        received: data bytes received.
        retransmitted: data bytes sent again.
        segments_out: segments sent until the last reading, including those without data (SYN, ACK, FIN).
        segments_in: segments received, likewise.
        headers_out: bytes of IP and TCP headers sent, including options, of all segments, also of those below.
        headers_in: IP and TCP headers received, likewise.
        close_segments_out: segments sent after the last reading, by the model in ``connections.closing``.
        close_segments_in: segments received after that, likewise.
        close_received: data bytes the server sent after the client had ended its side (TLS's close_notify).
    """

    sent: int = 0
    received: int = 0
    retransmitted: int = 0
    segments_out: int = 0
    segments_in: int = 0
    headers_out: int = 0
    headers_in: int = 0
    close_segments_out: int = 0
    close_segments_in: int = 0
    close_received: int = 0


class TlsCounters(NamedTuple):
    """The bytes that TLS added to HTTP, on one connection or on several together.

    Attributes:
        sent: bytes handed to the socket minus HTTP's: handshakes, record framing, close_notify.
        received: bytes read from it minus HTTP's.
        handshake_sent: the fixed cost of connections within ``sent``: handshakes and close_notify.
        handshake_received: the same within ``received``: handshakes, session tickets and close_notify.
    """

    sent: int = 0
    received: int = 0
    handshake_sent: int = 0
    handshake_received: int = 0


class ConnectionCounts(NamedTuple):
    """How many connections were opened and closed.

    Attributes:
        opened: connections opened.
        closed_by_server: those that the server closed or announced to close, also at the client's request.
        closed_by_client: those that the client closed.
    """

    opened: int = 0
    closed_by_server: int = 0
    closed_by_client: int = 0


Counters = TypeVar("Counters", TcpCounters, TlsCounters, ConnectionCounts)


def add_counters(one: Counters | None, other: Counters | None) -> Counters | None:
    """The sum; None, for not counted, if either is None."""
    if one is None or other is None:
        return None
    return type(one)._make(map(add, one, other))


def subtract_counters(one: Counters | None, other: Counters | None) -> Counters | None:
    """The difference; None, for not counted, if either is None."""
    if one is None or other is None:
        return None
    return type(one)._make(map(sub, one, other))


class Snapshot(NamedTuple):
    """The counts of a user's connection at one moment, while no exchange is under way; they only grow.

    Attributes:
        connections: connections opened and closed so far.
        tcp: the kernel's counters; None if it keeps none.
        tls: the bytes that TLS added.
    """

    connections: ConnectionCounts
    tcp: TcpCounters | None
    tls: TlsCounters
