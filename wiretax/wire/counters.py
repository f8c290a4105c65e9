"""What is counted beside HTTP's bytes on connections, by kernel and TLS: counts that only grow, and add up."""

from __future__ import annotations

from typing import NamedTuple, TypeVar


class TcpCounters(NamedTuple):
    """What the kernel counted, on one connection or on many together.

    Attributes:
        sent: data bytes sent, retransmitted ones left out.
        received: data bytes received.
        retransmitted: data bytes sent again.
        segments_out: segments sent, those without data (SYN, ACK, FIN) included, until the last reading.
        segments_in: segments received, likewise.
        headers_out: IP and TCP headers sent, options included (bytes), of all segments, those below among them.
        headers_in: IP and TCP headers received, likewise.
        close_segments_out: segments sent after that, by the model of ``wiretax.wire.connections.closing``.
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
    """What TLS added to the bytes of HTTP, on one connection or on many together.

    Attributes:
        sent: bytes handed to the socket less HTTP's: handshakes, record framing, goodbyes.
        received: bytes taken from it less HTTP's.
        handshake_sent: the part of ``sent`` that a connection costs, whatever goes over it: handshake, goodbye.
        handshake_received: that part of ``received``: handshake, session tickets, goodbye.
    """

    sent: int = 0
    received: int = 0
    handshake_sent: int = 0
    handshake_received: int = 0


class ConnectionCounts(NamedTuple):
    """What became of connections.

    Attributes:
        opened: how many were.
        closed_by_server: those that the server closed, or of which it said that it does, whoever asked for it.
        closed_by_client: those that the client closed.
    """

    opened: int = 0
    closed_by_server: int = 0
    closed_by_client: int = 0


Counters = TypeVar("Counters", TcpCounters, TlsCounters, ConnectionCounts)


def add_counters(one: Counters | None, other: Counters | None) -> Counters | None:
    """Both together; None, for not counted, where either is."""
    if one is None or other is None:
        return None
    return type(one)(*(mine + theirs for mine, theirs in zip(one, other, strict=True)))


def subtract_counters(one: Counters | None, other: Counters | None) -> Counters | None:
    """What one has more than the other; None, for not counted, where either is."""
    if one is None or other is None:
        return None
    return type(one)(*(mine - theirs for mine, theirs in zip(one, other, strict=True)))


class Snapshot(NamedTuple):
    """How a connection's counts stand at one moment, with nothing under way; they only ever grow.

    Attributes:
        connections: those over which it went.
        tcp: the kernel's counters; None where it keeps none.
        tls: what TLS added.
    """

    connections: ConnectionCounts
    tcp: TcpCounters | None
    tls: TlsCounters
