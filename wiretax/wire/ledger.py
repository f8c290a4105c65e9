"""Counts of what was sent and received, by workload and slice, which add up over workers and rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from wiretax.wire.counters import ConnectionCounts, TcpCounters, TlsCounters, add_counters
from wiretax.wire.failures import Failure as Failure
from wiretax.wire.failures import Failures
from wiretax.wire.histogram import Histogram
from wiretax.wire.parts import Parts

# A limit of the machine that sends was hit, which tells nothing about the server.
GENERATOR = "generator"
# Kinds of failures without a connection, so that no request was sent.
UNCONNECTED = ("connect", "tls", "certificate", "alpn", GENERATOR)


@dataclass(slots=True)
class Tally:
    """Counts of exchanges. All bytes are HTTP's, above TLS and TCP.

    Attributes:
        requests: exchanges whose response came whole, acknowledged or not.
        events: events acknowledged.
        messages: events acknowledged, times their channels, as the service bills them.
        failures: exchanges that failed, including those without a response.
        request_line_bytes: method, path, version, line end; without the query.
        auth_query_bytes: the signed query with its ``?``.
        header_bytes: header lines and the blank line.
        body_bytes: request bodies.
        payload_bytes: the data of events inside those bodies, before any encoding.
        encryption_bytes: what encryption added to that data.
        framing_sent_bytes: HTTP/2 frames of the connection: preface, settings, windows.
        response_head_bytes: status lines, headers and blank lines.
        response_body_bytes: response bodies as framed.
        framing_received_bytes: the same frames of the server.
        unfinished: exchanges without a whole response.
        unknown: those of them whose request was sent whole, so that their events may have been published.
        unfinished_sent_bytes: bytes handed to the socket in those.
        unfinished_received_bytes: bytes read from it in those.
        connections: connections opened.
        closed_by_server: connections that the server closed, as in ``ConnectionCounts``.
        closed_by_client: connections that the client closed.
        latency: how long acknowledged exchanges took. The others are censored at their age when they ended: an
            acknowledgement would have taken at least that long.
        failed: how often each failure occurred.
    """

    requests: int = 0
    events: int = 0
    messages: int = 0
    failures: int = 0
    request_line_bytes: int = 0
    auth_query_bytes: int = 0
    header_bytes: int = 0
    body_bytes: int = 0
    payload_bytes: int = 0
    encryption_bytes: int = 0
    framing_sent_bytes: int = 0
    response_head_bytes: int = 0
    response_body_bytes: int = 0
    framing_received_bytes: int = 0
    unfinished: int = 0
    unknown: int = 0
    unfinished_sent_bytes: int = 0
    unfinished_received_bytes: int = 0
    connections: int = 0
    closed_by_server: int = 0
    closed_by_client: int = 0
    latency: Histogram = field(default_factory=Histogram)
    failed: Failures = field(default_factory=Failures)

    @property
    def sent_bytes(self) -> int:
        """All bytes handed to sockets, by the model: the sum of the parts."""
        parts = self.request_line_bytes + self.auth_query_bytes + self.header_bytes + self.body_bytes
        return parts + self.framing_sent_bytes + self.unfinished_sent_bytes

    @property
    def received_bytes(self) -> int:
        """All bytes read from sockets."""
        parts = self.response_head_bytes + self.response_body_bytes
        return parts + self.framing_received_bytes + self.unfinished_received_bytes

    def add(self, requests: int, parts: Parts, payload_bytes: int) -> None:
        """Add exchanges whose responses came whole, with the payload inside their request bodies."""
        self.requests += requests
        self.request_line_bytes += parts.request_line
        self.auth_query_bytes += parts.auth_query
        self.header_bytes += parts.header
        self.body_bytes += parts.body
        self.payload_bytes += payload_bytes
        self.encryption_bytes += parts.encryption
        self.framing_sent_bytes += parts.framing_sent
        self.response_head_bytes += parts.response_head
        self.response_body_bytes += parts.response_body
        self.framing_received_bytes += parts.framing_received

    def merge(self, other: Tally) -> None:
        """Add another tally's counts to this one's."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.latency.merge(other.latency)
        self.failed.update(other.failed)

    def counts(self) -> dict[str, Any]:
        """The integer counts, by name."""
        return {name: getattr(self, name) for name in COUNTS}

    def as_plain(self) -> dict[str, Any]:
        """Plain numbers, text and bytes, for a message from a worker to its master."""
        failed = [[*failure, count] for failure, count in self.failed.items()]
        return {**self.counts(), "latency": self.latency.as_plain(), "failed": failed}

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> Tally:
        """The inverse of ``as_plain``.

        Raises:
            KeyError, TypeError, ValueError: ``plain`` was not made by ``as_plain``.
        """
        tally = cls()
        for name in COUNTS:
            setattr(tally, name, int(plain[name]))
        tally.latency = Histogram.of_plain(plain["latency"])
        tally.failed.update({Failure(*failure): int(count) for *failure, count in plain["failed"]})
        return tally


COUNTS = tuple(each.name for each in fields(Tally) if each.type == "int")


class Peer(NamedTuple):
    """An address that connections were opened to.

    Attributes:
        server: which of a run's servers it belongs to.
        address: the IP address.
        port: the TCP port.
    """

    server: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Witness:
    """Independent counts of one process, or of several together, by its sockets and its kernel.

    Attributes:
        sent_bytes: bytes handed to sockets.
        received_bytes: bytes read from them.
        tcp: the kernel's counters of the same connections; None if it keeps none.
        tls: the bytes that TLS added on the same connections.
        connections: how many of them were opened and closed.
        peers: how many connections were opened to each address.
    """

    sent_bytes: int = 0
    received_bytes: int = 0
    tcp: TcpCounters | None = field(default_factory=TcpCounters)
    tls: TlsCounters = field(default_factory=TlsCounters)
    connections: ConnectionCounts = field(default_factory=ConnectionCounts)
    peers: Mapping[Peer, int] = field(default_factory=dict)

    def plus(self, other: Witness) -> Witness:
        """The sum of both."""
        return Witness(
            self.sent_bytes + other.sent_bytes,
            self.received_bytes + other.received_bytes,
            add_counters(self.tcp, other.tcp),
            add_counters(self.tls, other.tls) or self.tls,
            add_counters(self.connections, other.connections) or self.connections,
            {peer: self.peers.get(peer, 0) + other.peers.get(peer, 0) for peer in {**self.peers, **other.peers}},
        )

    def as_plain(self) -> dict[str, Any]:
        """Plain numbers, for a message from a worker to its master."""
        return {
            "sent_bytes": self.sent_bytes,
            "received_bytes": self.received_bytes,
            "tcp": None if self.tcp is None else list(self.tcp),
            "tls": list(self.tls),
            "connections": list(self.connections),
            "peers": [[*peer, count] for peer, count in self.peers.items()],
        }

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> Witness:
        """The inverse of ``as_plain``.

        Raises:
            KeyError, TypeError: ``plain`` was not made by ``as_plain``.
        """
        tcp = None if plain["tcp"] is None else TcpCounters(*plain["tcp"])
        tls, connections = TlsCounters(*plain["tls"]), ConnectionCounts(*plain["connections"])
        peers = {Peer(*peer): count for *peer, count in plain["peers"]}
        return cls(plain["sent_bytes"], plain["received_bytes"], tcp, tls, connections, peers)
