"""Connects to the server behind the proxy, and explains failures."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from wiretax.channels.endpoint import Endpoint
from wiretax.wire.ledger import Failure
from wiretax.wire.reach.blocking import connect_through
from wiretax.wire.reach.proxy import Tunnel

if TYPE_CHECKING:
    from wiretax.observe.forwarding.connection import Downstream

TIMEOUT_S = 10
ADVICE = {
    "certificate": "; pass its authority with --ca FILE, or disable verification with --insecure",
    "tls": "; the TLS handshake failed: check the port, it may be a plain HTTP port",
}


class UpstreamError(RuntimeError):
    """The server behind the proxy can't be reached; the message is one line."""


class Upstream(asyncio.Protocol):
    """The server's side of a connection: passes data and events on to the publisher's side."""

    def __init__(self, downstream: Downstream) -> None:
        self._downstream = downstream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._downstream.connected(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        self._downstream.answered(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._downstream.server_closed()

    def pause_writing(self) -> None:
        self._downstream.pause(True)

    def resume_writing(self) -> None:
        self._downstream.pause(False)


async def check(target: Endpoint, tls: ssl.SSLContext | None, tunnel: Tunnel | None = None) -> None:
    """Open and close a connection to the server.

    Raises:
        UpstreamError: if that fails.
    """
    failure = await _connect(asyncio.Protocol, target, tls, tunnel)
    if failure is not None:
        raise UpstreamError(f"can't reach the upstream: {failure.message}{ADVICE.get(failure.kind, '')}")


async def connect(
    downstream: Downstream, target: Endpoint, tls: ssl.SSLContext | None, tunnel: Tunnel | None = None
) -> Failure | None:
    """Connect a publisher's connection to the server. Returns the failure if that fails.

    Args:
        downstream: the publisher's side; gets the server's data and events.
        target: the server.
        tls: the context that verifies its certificate; None for plain HTTP.
        tunnel: the way to it through a web proxy; None for a direct one.
    """
    return await _connect(lambda: Upstream(downstream), target, tls, tunnel)


async def _connect(
    protocol: Callable[[], asyncio.BaseProtocol],
    target: Endpoint,
    tls: ssl.SSLContext | None,
    tunnel: Tunnel | None,
) -> Failure | None:
    where = target.authority
    try:
        async with asyncio.timeout(TIMEOUT_S):
            loop = asyncio.get_running_loop()
            if tunnel is None:
                transport, made = await loop.create_connection(protocol, target.host, target.port, ssl=tls)
            else:
                # In a thread, which is bound by the same time.
                through = await loop.run_in_executor(None, connect_through, tunnel, TIMEOUT_S)
                through.setblocking(False)
                transport, made = await loop.create_connection(
                    protocol, sock=through, ssl=tls, server_hostname=target.host
                )
    except ssl.SSLCertVerificationError as error:
        return Failure("certificate", 0, f"{where}: {error.verify_message or error.reason or error}")
    except ssl.SSLError as error:
        return Failure("tls", 0, f"{where}: {error.reason or error}")
    except TimeoutError:
        if tls is None:
            return Failure("connect", 0, f"{where}: no connection within {TIMEOUT_S} s")
        advice = "check the address and the port, which may be a plain HTTP port"
        return Failure("connect", 0, f"{where}: no TLS connection within {TIMEOUT_S} s; {advice}")
    except OSError as error:
        return Failure("connect", 0, f"{where}: {_words(error)}")
    if not isinstance(made, Upstream):
        transport.abort()
    return None


def _words(error: OSError) -> str:
    """The system's message, which asyncio replaces by its own."""
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)
