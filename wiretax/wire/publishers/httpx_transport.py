"""What httpx needs to speak its own HTTP over a connection that is counted here."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from wiretax.wire.connections.response import refuse_long
from wiretax.wire.connections.stream_connection import StreamConnection
from wiretax.wire.publishers.http_parts import Http1Parts, Http2Parts, PartsReader

CODING = b"content-encoding"


class Stream(httpcore.NetworkStream):
    """A connection with httpcore's interface, whose bytes also go to the model that splits them into parts."""

    def __init__(self, connection: StreamConnection, http: str) -> None:
        self._connection = connection
        self._http = http
        self.reader: PartsReader = Http2Parts() if http == "2" else Http1Parts()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Connect and do the TLS handshake; nothing was sent before, not even a SYN."""
        self._connection.open("h2" if self._http == "2" else None)
        return self

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            self._connection.write(buffer)
            self.reader.sent(buffer)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._connection.read()
        self.reader.received(data)
        return data

    def close(self) -> None:
        # httpcore closes what it can't reuse: the server closed, announced it, or sent what can't be parsed.
        self._connection.close(by_server=not self._connection.is_overdue)

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._connection.session
        return self._connection.is_readable() if info == "is_readable" else None


class Backend(httpcore.NetworkBackend):
    """Gives httpcore the user's one connection.

    Attributes:
        stream: the latest one over that connection, open or closed.
    """

    def __init__(self, connection: StreamConnection, http: str) -> None:
        self._connection = connection
        self._http = http
        self.stream: Stream | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self.stream = Stream(self._connection, self._http)
        return self.stream


class HttpxTransport(httpx.BaseTransport):
    """httpx's own transport, on a connection pool with our backend.

    Responses have their content as it was received, and its coding as an extension ("coding").
    """

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        content = bytearray()
        try:
            for part in answer.iter_stream():
                content += part
                refuse_long(len(content))
        finally:
            answer.close()
        # Without this field httpx leaves the content as it is; it would decode it without a bound.
        codings = [value.decode("latin-1") for name, value in answer.headers if name.lower() == CODING]
        headers = [field for field in answer.headers if field[0].lower() != CODING]
        extensions = {"coding": ",".join(codings)}
        return httpx.Response(answer.status, headers=headers, content=bytes(content), extensions=extensions)
