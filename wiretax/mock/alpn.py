"""Which HTTP a connection inside TLS speaks, as client and mock agreed by ALPN."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, cast

from wiretax.mock.http2 import Http2Connection

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer


class Negotiation(asyncio.Protocol):
    """Takes a connection from its handshake to the protocol that was agreed on; HTTP/1.1 where none was."""

    __slots__ = ("_server",)

    def __init__(self, server: MockServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        secure = cast(asyncio.Transport, transport)
        session: ssl.SSLObject = secure.get_extra_info("ssl_object")
        agreed = session.selected_alpn_protocol()
        protocol = Http2Connection(self._server) if agreed == "h2" else self._server.protocol(self._server)
        secure.set_protocol(protocol)
        protocol.connection_made(secure)
