"""Byte streams to a server, with and without TLS, counted like other connections."""

from __future__ import annotations

import gevent

from wiretax.wire.connections.connection import RECEIVE_BYTES, Connection
from wiretax.wire.connections.response import ResponseMemo
from wiretax.wire.connections.segments import ETHERNET_MAXSEG
from wiretax.wire.connections.stream_connection import StreamConnection
from wiretax.wire.connections.target import Target
from wiretax.wire.reach.addresses import Addresses

# An open stream may be silent for any time; pings tell whether it still works.
FOREVER_NS = 2**63


class PlainStream(Connection):
    """A connection without TLS that is read and written as a stream.

    Attributes:
        ended: whether the server closed its side.
    """

    __slots__ = ("ended",)

    def open(self, _: str | None = None) -> None:
        """Connect.

        Raises:
            OSError: that fails, or takes too long.
        """
        self.ended = False
        self._open()
        self._deadline_ns = FOREVER_NS

    def write(self, data: bytes) -> None:
        """Send all of it."""
        self._write(data)

    def read(self) -> bytes:
        """Wait for data, and return it; empty if the server closed."""
        if not self._watcher.active:
            # It stops if data comes while nobody waits.
            self._watcher.start(self._readable)
        # Also if data is there already: other connections get their turn between two reads.
        self._waiter = gevent.getcurrent().switch
        self._switch()
        data = self._recv(RECEIVE_BYTES)
        self.received += len(data)
        self.ended = not data
        return data

    def _is_ended(self) -> bool:
        return self.ended


class SecureStream(StreamConnection):
    """The same inside TLS."""

    __slots__ = ()

    def open(self, protocol: str | None = None) -> None:
        self.begin()
        super().open(protocol)
        self._deadline_ns = FOREVER_NS


Stream = PlainStream | SecureStream


def stream_to(target: Target, timeout_s: float, addresses: Addresses) -> Stream:
    """A stream to a server, not connected yet.

    Args:
        target: the server.
        timeout_s: how long connecting may take.
        addresses: the server's, shared by all streams to it.
    """
    endpoint = target.endpoint
    maxseg = ETHERNET_MAXSEG if endpoint.is_loopback else None
    place = (endpoint.host, endpoint.port, timeout_s, ResponseMemo())
    if target.context is None:
        return PlainStream(*place, maxseg, addresses)
    return SecureStream(*place, target.context, maxseg, addresses, target.tunnel)
