"""A recording proxy: forwards requests to a server and responses back, and counts every byte."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from typing import Protocol

from wiretax.channels.endpoint import Endpoint, host_and_port
from wiretax.channels.request.parser import SentEvent
from wiretax.observe.forwarding.connection import Downstream
from wiretax.observe.forwarding.recording import Recording
from wiretax.wire.connections.segments import use_ethernet_segments
from wiretax.wire.publishers.message_limit import MessageLimit
from wiretax.wire.reach.proxy import Tunnel

HOST = "127.0.0.1"


# How long responses are awaited after the publisher has ended.
GRACE_S = 5.0


class Subscriptions(Protocol):
    """The channels that somebody subscribes to."""

    def lacking(self, events: Sequence[SentEvent]) -> list[str]:
        """The channels of these events that nobody subscribes to yet."""

    async def add(self, channels: Sequence[str]) -> None:
        """Subscribe to channels; afterwards none of them is lacking, also if that failed."""


class Proxy:
    """Listens on loopback and forwards every connection.

    Attributes:
        upstream: the server.
        tls: the TLS context that verifies the upstream; None for plain HTTP.
        tunnel: the way to the upstream through a web proxy; None for a direct one.
        rewrites_host: whether the Host header is set to the upstream's authority.
        limit: how many messages may be forwarded; None for any number.
        subscriptions: get the channels of an event before it is forwarded; None if deliveries are not counted.
        server_name: the server's name in messages.
        grace_s: how long responses are awaited after the publisher has ended.
        recording: what was recorded.
        port: the port it listens on; 0 before ``listen``.
    """

    def __init__(
        self,
        upstream: Endpoint,
        tls: ssl.SSLContext | None = None,
        rewrites_host: bool = False,
        tunnel: Tunnel | None = None,
        limit: MessageLimit | None = None,
        subscriptions: Subscriptions | None = None,
    ) -> None:
        self.upstream = upstream
        self.tls = tls
        self.tunnel = tunnel
        self.rewrites_host = rewrites_host
        self.limit = limit
        self.subscriptions = subscriptions
        self.grace_s = GRACE_S
        self.server_name = "the upstream" if rewrites_host else "the mock"
        self.recording = Recording()
        self.port = 0
        self._open: set[Downstream] = set()
        self._own: object = None
        self._accepted_all = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def listen(self) -> None:
        """Accept connections."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Downstream(self), HOST, 0, backlog=1024)
        listening = self._listener.sockets[0]
        use_ethernet_segments(listening)
        self.port = listening.getsockname()[1]

    @property
    def address(self) -> str:
        """The host and port it listens on."""
        return host_and_port(HOST, self.port)

    def accept(self, connection: Downstream, peer: object) -> bool:
        """Whether a connection is a publisher's, rather than the last one, which the proxy opens itself."""
        if peer == self._own:
            self._accepted_all.set()
            return False
        self._open.add(connection)
        self._idle.clear()
        return True

    def forget(self, connection: Downstream) -> None:
        """A connection has ended."""
        self._open.discard(connection)
        if not self._open:
            self._idle.set()

    async def drain(self) -> None:
        """The publisher has ended: accept its queued connections, wait for pending responses, and close."""
        # Connections are accepted in order, so when this one is accepted, no other is queued.
        with socket.socket() as last:
            last.setblocking(False)
            last.bind((HOST, 0))
            self._own = last.getsockname()
            await asyncio.get_running_loop().sock_connect(last, (HOST, self.port))
            await self._accepted_all.wait()
        self._listener.close()
        try:
            await asyncio.wait_for(self._idle.wait(), self.grace_s)
        except TimeoutError:
            for connection in list(self._open):
                connection.abort()
            await self._idle.wait()
