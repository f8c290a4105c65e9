"""The connections of one process's users, and what their sockets and the kernel counted."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wiretax.channels.workload import Server, Workload
from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.response import ResponseMemo
from wiretax.wire.connections.segments import ETHERNET_MAXSEG
from wiretax.wire.connections.stream_connection import StreamConnection
from wiretax.wire.connections.target import Target
from wiretax.wire.connections.tls_connection import TlsConnection
from wiretax.wire.connections.watchdog import Watchdog
from wiretax.wire.counters import ConnectionCounts, TcpCounters, TlsCounters, add_counters
from wiretax.wire.ledger import Peer, Witness
from wiretax.wire.publishers.exchange_counter import OnRejected
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.reach.addresses import Addresses

if TYPE_CHECKING:
    from wiretax.wire.publishers.httpx_publisher import HttpxPublisher


class Connections:
    """Opens and closes connections to the servers of a run.

    Attributes:
        timeout_s: how long an exchange may take.
        on_rejected: called with each response that acknowledged nothing; set before users start.
        sent_bytes: bytes handed to sockets by connections that are closed for good.
        received_bytes: bytes read from them.
        tcp: the kernel's count of the same connections; None if it keeps none.
        tls: what TLS added to the bytes of the same connections.
        connections: how many were opened, and how they closed.
    """

    def __init__(self, targets: Sequence[Target], timeout_s: float) -> None:
        """``targets``: where events go, one per server, TLS setting and round trip."""
        self._targets = {(target.server, target.tls, target.rtt_s): target for target in targets}
        self.timeout_s = timeout_s
        self.on_rejected: OnRejected | None = None
        self.sent_bytes = 0
        self.received_bytes = 0
        self.tcp: TcpCounters | None = TcpCounters()
        self.tls = TlsCounters()
        self.connections = ConnectionCounts()
        self._memo = ResponseMemo()
        self._watchdog = Watchdog(timeout_s)
        self._contexts: dict[tuple[Server, str], ssl.SSLContext] = {}
        self._addresses: dict[tuple[Server, str, int], Addresses] = {}

    def target(self, workload: Workload) -> Target:
        """Where a workload goes."""
        return self._targets[workload.server, workload.transport.tls, workload.arrivals.rtt_s]

    def connect(self, workload: Workload) -> Connection:
        """A connection for one user and workloads with the same connection settings, watched for timeouts; return
        it with ``disconnect``."""
        target = self.target(workload)
        endpoint = target.endpoint
        # Loopback's own segments are 64 kB; these are what an Ethernet would carry.
        maxseg = ETHERNET_MAXSEG if endpoint.is_loopback else None
        place = (endpoint.host, endpoint.port, self.timeout_s, self._memo)
        addresses = self._addresses_of(target)
        if target.context is None:
            connection = Connection(*place, maxseg, addresses)
        else:
            kind = StreamConnection if workload.transport.by_library else TlsConnection
            context = self._context(workload) if workload.transport.by_library else target.context
            connection = kind(*place, context, maxseg, addresses, target.tunnel)
        self._watchdog.add(connection)
        return connection

    def publisher(self, connection: Connection, workload: Workload) -> Publisher | HttpxPublisher:
        """The publisher of workloads of this kind, over a connection that was made for them."""
        if isinstance(connection, StreamConnection):
            endpoint = self.target(workload).endpoint
            from wiretax.wire.publishers.httpx_publisher import HttpxPublisher

            return HttpxPublisher(connection, self._context(workload), endpoint, workload, self.on_rejected)
        return Publisher(connection, self.on_rejected)

    def _addresses_of(self, target: Target) -> Addresses:
        """The addresses of a server, or of the proxy before it, shared by all users."""
        host, port = target.peer
        return self._addresses.setdefault((target.server, host, port), Addresses(host, port))

    def _peers(self) -> dict[Peer, int]:
        """How many connections were opened to each address."""
        return {
            Peer(server, str(address.place[0]), port): count
            for (server, _, port), addresses in self._addresses.items()
            for address, count in addresses.opened.items()
        }

    def _context(self, workload: Workload) -> ssl.SSLContext:
        """The context for a server and the version of HTTP offered by ALPN, shared by all users."""
        key = (workload.server, workload.transport.http)
        context = self._contexts.get(key)
        if context is None:
            context = self.target(workload).fresh_context()
            assert context is not None  # no plan has the library go without TLS
            self._contexts[key] = context
        return context

    def disconnect(self, connection: Connection) -> None:
        """Close a connection and keep its byte counts."""
        connection.close()
        self._watchdog.remove(connection)
        self.sent_bytes += connection.sent
        self.received_bytes += connection.received
        self.tcp = add_counters(self.tcp, connection.tcp())
        self.tls = add_counters(self.tls, connection.tls()) or self.tls
        self.connections = add_counters(self.connections, connection.counts()) or self.connections

    def witness(self) -> Witness:
        """The counts of sockets and kernel so far, with open connections; call it while no call is under way."""
        total = Witness(self.sent_bytes, self.received_bytes, self.tcp, self.tls, self.connections, self._peers())
        for each in self._watchdog.connections:
            total = total.plus(Witness(each.sent, each.received, each.tcp(), each.tls(), each.counts()))
        return total

    def close(self) -> None:
        """Stop watching connections for timeouts."""
        self._watchdog.stop()
