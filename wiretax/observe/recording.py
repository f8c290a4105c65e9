"""All that a recording proxy saw, connection by connection."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from wiretax.observe.exchange import Exchange, Reading
from wiretax.wire.counters import TcpCounters, add_counters


@dataclass(slots=True)
class Recording:
    """Grows while the publisher runs. All sizes are bytes of HTTP as the publisher's own sockets carry them.

    Attributes:
        exchanges: in the order they ended.
        readings: the kernel's counts between exchanges.
        tcp: the kernel's counts of all connections; None where it keeps none.
        connections: connections accepted.
        closed_by: how many of them were closed by whom.
        closed_by_server: the numbers of connections that the server ended first, or said that it ends.
        peak: connections open at once, at most.
        sent: bytes the publisher sent.
        received: bytes it was answered.
        stray: of those sent, bytes that never formed a request.
        stray_begin: the first of them.
        stray_connections: connections that had any.
        unasked: of those answered, bytes that answer no request.
        host_growth: bytes by which the requests grew when their Host was rewritten for the upstream.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    tcp: TcpCounters | None = field(default_factory=TcpCounters)
    connections: int = 0
    closed_by: Counter[str] = field(default_factory=Counter)
    closed_by_server: set[int] = field(default_factory=set)
    open: int = 0
    peak: int = 0
    sent: int = 0
    received: int = 0
    stray: int = 0
    stray_begin: bytes = b""
    stray_connections: set[int] = field(default_factory=set)
    unasked: int = 0
    host_growth: int = 0

    def begin_connection(self) -> int:
        """A connection was accepted; its number."""
        number = self.connections
        self.connections += 1
        self.open += 1
        self.peak = max(self.peak, self.open)
        return number

    def end_connection(self, tcp: TcpCounters | None, closed_by: str) -> None:
        """A connection is gone; ``tcp`` is what the kernel counted on it, ``closed_by`` who closed it first."""
        self.open -= 1
        self.closed_by[closed_by] += 1
        self.tcp = add_counters(self.tcp, tcp)

    def add_stray(self, connection: int, data: bytes) -> None:
        """Bytes that are part of no request."""
        if data:
            self.stray += len(data)
            self.stray_begin = self.stray_begin or data[:16]
            self.stray_connections.add(connection)
