"""A recording proxy: what a publisher sends goes on to a server, and the answers back, each byte noted."""

from __future__ import annotations

import asyncio
import socket
import ssl

from wiretax.channels.endpoint import Endpoint
from wiretax.observe.connection import Downstream
from wiretax.observe.recording import Recording
from wiretax.wire.connections.segments import use_ethernet_segments

HOST = "127.0.0.1"
# A server may still owe answers when the publisher has ended; none is worth a longer wait.
GRACE_S = 5.0


class Proxy:
    """Listens on loopback and forwards every connection.

    Attributes:
        upstream: the server behind it.
        tls: what the upstream's certificate is verified with; None for plain HTTP.
        rewrites_host: whether the Host header is set to the upstream's authority.
        behind: the server in a sentence.
        grace_s: how long it may take for answers that are due when the publisher has ended.
        recording: what was seen.
        port: where it listens, once it does.
    """

    def __init__(self, upstream: Endpoint, tls: ssl.SSLContext | None = None, rewrites_host: bool = False) -> None:
        self.upstream = upstream
        self.tls = tls
        self.rewrites_host = rewrites_host
        self.grace_s = GRACE_S
        self.behind = "the upstream" if rewrites_host else "the mock"
        self.recording = Recording()
        self.port = 0
        self._open: set[Downstream] = set()
        self._own: object = None
        self._accepted_all = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def listen(self) -> None:
        """Take connections from now on."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Downstream(self), HOST, 0, backlog=1024)
        listening = self._listener.sockets[0]
        use_ethernet_segments(listening)
        self.port = listening.getsockname()[1]

    def accept(self, connection: Downstream, peer: object) -> bool:
        """Whether a connection is a publisher's, and not the proxy's own last one."""
        if peer == self._own:
            self._accepted_all.set()
            return False
        self._open.add(connection)
        self._idle.clear()
        return True

    def forget(self, connection: Downstream) -> None:
        """A connection is gone."""
        self._open.discard(connection)
        if not self._open:
            self._idle.set()

    async def drain(self) -> None:
        """The publisher ended: take what it left in the queues, wait for answers under way, and close."""
        # Connections are accepted in turn, so when this one is, no other waits.
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
