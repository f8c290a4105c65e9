"""The connection that the doctor checks: opened step by step, reopened if the server closes it."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from wiretax.channels.endpoint import host_and_port
from wiretax.doctor.deadline import Deadline
from wiretax.doctor.exchange import TimedExchange, exchange, root_target
from wiretax.wire.connections.response import ResponseError
from wiretax.wire.connections.target import Target
from wiretax.wire.reach.addresses import SocketAddress, look_up
from wiretax.wire.reach.blocking import ask_for_tunnel
from wiretax.wire.reach.client_certificate import Request

ALPN_PROTOCOLS = ["h2", "http/1.1"]
NO_CONNECTION = "no connection"
NO_TUNNEL = "no reply to CONNECT"
NO_HANDSHAKE = "no whole TLS handshake"


@dataclass(frozen=True, slots=True)
class Handshake:
    """The outcome of a TLS handshake.

    Attributes:
        version: the TLS version.
        alpn: the protocol that the server selected; None if it does not support ALPN.
        certificate: the server's certificate; empty if it was not verified.
    """

    version: str | None
    alpn: str | None
    certificate: dict[str, Any]


class ServerConnection:
    """At most one connection to a server, for HTTP/1.1.

    Attributes:
        closes: whether the server closes the connection after a response.
        closes_silently: whether it does so without sending Connection: close.
        wants_certificate: whether the server asks for a client certificate and none was given.
        failed: the addresses that could not be connected to, and why.
    """

    def __init__(self, target: Target, timeout_s: float) -> None:
        """``timeout_s`` limits the first step."""
        self.closes = self.closes_silently = self.wants_certificate = False
        self._target = target
        self._deadline = Deadline(timeout_s)
        self.failed: dict[str, OSError] = {}
        self._addresses: list[SocketAddress] = []
        self._address: SocketAddress | None = None
        self._socket: socket.socket | None = None
        self._used = False

    @property
    def peer(self) -> str:
        """IP address and port, like ``127.0.0.1:6001``."""
        assert self._address is not None
        return _words(self._address)

    def begin_step(self, limit_s: float) -> None:
        """From here on, all waits together may take this long."""
        self._deadline = Deadline(limit_s)

    def resolve(self) -> list[str]:
        """The host's IP addresses, or its proxy's; connections use the first that accepts one.

        Raises:
            OSError: if it has none.
        """
        lookup = partial(look_up, *self._target.peer)
        self._addresses = self._deadline.within(lookup, "no answer of the resolver")
        return list(dict.fromkeys(str(each.place[0]) for each in self._addresses))

    def connect(self) -> None:
        """Open the TCP connection to the first address that accepts one; ``failed`` has those before it.

        Raises:
            OSError: if none does; it is the last one's.
        """
        limit_s = self._deadline.limit_s
        for address in self._addresses:
            self._address = address
            self.begin_step(limit_s)
            try:
                self._socket = self._connect()
                return
            except OSError as error:
                failure = error
                self.failed[_words(address)] = error
        raise failure

    def open_tunnel(self) -> None:
        """Ask the proxy for a tunnel, on the open connection.

        Raises:
            OSError: it opens none; a TunnelError if it says so.
        """
        assert self._socket is not None
        self._ask_for_tunnel(self._socket)

    def handshake(self) -> Handshake:
        """Offer HTTP/2 and HTTP/1.1 on the open connection, then replace it by one that offers HTTP/1.1 only.

        Raises:
            OSError: if a handshake fails; an SSLCertVerificationError if the certificate is not trusted.
        """
        context = self._target.fresh_context()
        assert context is not None
        context.set_alpn_protocols(ALPN_PROTOCOLS)
        request = Request(context)
        assert self._socket is not None
        try:
            with self._wrap(context, self._socket) as session:
                done = Handshake(session.version(), session.selected_alpn_protocol(), session.getpeercert() or {})
        finally:
            self.wants_certificate = request.seen and self._target.certificates.cert is None
        self._socket = self._open()
        return done

    def exchange(self, target: str, body: bytes = b"") -> TimedExchange:
        """Send a GET, or a POST if there is a body, and read the response.

        A GET is repeated once on a new connection if the server had closed a used one.

        Raises:
            OSError: if no complete response arrived.
            ResponseError: if the response is not HTTP/1.1.
        """
        if self.closes_silently:
            self.close()
        if self._socket is None:
            self._socket = self._open()
            self._used = False
        try:
            method = "POST" if body else "GET"
            done = exchange(self._socket, self._target.endpoint, method, target, body, self._deadline)
        except ConnectionError:
            if not self._used or body:
                raise
            self.closes = self.closes_silently = True
            return self.exchange(target)
        self._used = True
        if not done.response.keeps_alive:
            self.closes = True
        if not (done.response.keeps_alive and done.whole):
            self.close()
        return done

    def reopen(self) -> None:
        """Replace the connection by a new one.

        Raises:
            OSError: it can't be opened.
        """
        self.close()
        self._socket = self._open()
        self._used = False

    def speaks_plain_http(self) -> bool:
        """Whether the port answers a request without TLS as a server of plain HTTP does."""
        endpoint = self._target.endpoint
        try:
            with self._connect() as connection:
                self._ask_for_tunnel(connection)
                done = exchange(connection, endpoint, "GET", root_target(endpoint), b"", self._deadline)
        except (OSError, ResponseError):
            return False
        # Servers of TLS answer a request without it by a 400.
        return done.response.answer.status != HTTPStatus.BAD_REQUEST

    def speaks_tls(self) -> bool:
        """Whether the port answers a TLS handshake."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with self._connect() as connection:
                self._wrap(context, connection).close()
        except ssl.SSLError as error:
            # A server that refuses the handshake speaks TLS all the same.
            return "ALERT" in (error.reason or "")
        except OSError:
            return False
        return True

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        """Connect, with a TLS handshake for https, for HTTP/1.1."""
        connection = self._connect()
        if self._target.context is None:
            return connection
        try:
            self._ask_for_tunnel(connection)
            return self._wrap(self._target.context, connection)
        except OSError:
            connection.close()
            raise

    def _wrap(self, context: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
        try:
            self._deadline.bound(connection, NO_HANDSHAKE)
            return context.wrap_socket(connection, server_hostname=self._target.endpoint.host)
        except TimeoutError:
            raise TimeoutError(f"{NO_HANDSHAKE} within {self._deadline.limit_s:g} s") from None

    def _ask_for_tunnel(self, connection: socket.socket) -> None:
        if self._target.tunnel is not None:
            try:
                self._deadline.bound(connection, NO_TUNNEL)
                ask_for_tunnel(connection, self._target.tunnel)
            except TimeoutError:
                raise TimeoutError(f"{NO_TUNNEL} within {self._deadline.limit_s:g} s") from None

    def _connect(self) -> socket.socket:
        assert self._address is not None
        connection = socket.socket(self._address.family, socket.SOCK_STREAM)
        try:
            self._deadline.bound(connection, NO_CONNECTION)
            connection.connect(self._address.place)
        except TimeoutError:
            connection.close()
            raise TimeoutError(f"{NO_CONNECTION} within {self._deadline.limit_s:g} s") from None
        except OSError:
            connection.close()
            raise
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _words(address: SocketAddress) -> str:
    return host_and_port(*address.place[:2])
