"""What a recording proxy has recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from wiretax.observe.forwarding.exchange import Exchange, Reading
from wiretax.wire.counters import TcpCounters, add_counters
from wiretax.wire.ledger import Peer


@dataclass(frozen=True, slots=True)
class Closing:
    """How a connection ended.

    Attributes:
        initiator: who closed it first, or announced that first.
        by_server: whether the server closed it, or announced that it would, whoever was the initiator.
    """

    initiator: str
    by_server: bool


@dataclass(slots=True)
class Recording:
    """Grows while the publisher runs. All sizes are bytes of HTTP on the publisher's sockets.

    Attributes:
        exchanges: in the order they ended.
        readings: the kernel's counts between exchanges.
        tcp: the kernel's counts of all connections; None if the kernel has no counters.
        connections: number of accepted connections.
        closings: how connections ended, by their numbers.
        open: number of open connections.
        peak: maximum number of open connections.
        sent: bytes the publisher sent.
        received: bytes it received.
        stray: sent bytes that never formed a request.
        stray_begin: the first of them.
        stray_connections: connections that had any.
        unrequested: received bytes that answer no request.
        host_growth: bytes that rewriting Host for the upstream added to the requests.
        unforwarded: sent bytes that the server never saw.
        unasked: received bytes that the server never sent.
        peers: how many connections were opened to each address of the server, or of a web proxy on the way to it.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    tcp: TcpCounters | None = field(default_factory=TcpCounters)
    connections: int = 0
    closings: dict[int, Closing] = field(default_factory=dict)
    open: int = 0
    peak: int = 0
    sent: int = 0
    received: int = 0
    stray: int = 0
    stray_begin: bytes = b""
    stray_connections: set[int] = field(default_factory=set)
    unrequested: int = 0
    host_growth: int = 0
    unforwarded: int = 0
    unasked: int = 0
    peers: Counter[Peer] = field(default_factory=Counter)

    @property
    def withheld(self) -> int:
        """The number of requests that the server never saw, answered by the proxy."""
        return sum(each.withheld for each in self.exchanges)

    @property
    def closed_by(self) -> Counter[str]:
        """The number of connections by the initiator of their close."""
        return Counter(each.initiator for each in self.closings.values())

    def add_peer(self, address: str, port: int) -> None:
        """A connection to the server was opened."""
        self.peers[Peer("endpoint", address, port)] += 1

    def begin_connection(self) -> int:
        """Count an accepted connection; its number."""
        number = self.connections
        self.connections += 1
        self.open += 1
        self.peak = max(self.peak, self.open)
        return number

    def close_connection(self) -> None:
        """The publisher, or the server behind the proxy, has closed a connection."""
        self.open -= 1

    def end_connection(self, connection: int, tcp: TcpCounters | None, closing: Closing) -> None:
        """Both sides of a connection have ended; ``tcp`` has the kernel's counts of it."""
        self.closings[connection] = closing
        self.tcp = add_counters(self.tcp, tcp)

    def add_stray(self, connection: int, data: bytes) -> None:
        """Count bytes that are part of no request."""
        if data:
            self.stray += len(data)
            self.stray_begin = self.stray_begin or data[:16]
            self.stray_connections.add(connection)
