"""The HTTP version of a TLS connection, as negotiated by ALPN."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, cast

from wiretax.mock.protocols.http2 import Http2Connection

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer


class AlpnProtocol(asyncio.Protocol):
    """Hands a connection to the protocol that its handshake negotiated; to HTTP/1.1 if it negotiated none."""

    __slots__ = ("_server",)

    def __init__(self, server: MockServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        secure = cast(asyncio.Transport, transport)
        session: ssl.SSLObject = secure.get_extra_info("ssl_object")
        negotiated = session.selected_alpn_protocol()
        protocol = Http2Connection(self._server) if negotiated == "h2" else self._server.http1(self._server)
        secure.set_protocol(protocol)
        protocol.connection_made(secure)
