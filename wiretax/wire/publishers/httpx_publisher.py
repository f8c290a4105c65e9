"""Publishing through the real httpx, in this process: its HTTP, on a connection of our own that counts it."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from time import perf_counter_ns, time
from typing import Any

import gevent
import httpcore
import httpx

from wiretax.channels.answers import read_answer
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import load_profile
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.wire.connections.response import Response
from wiretax.wire.connections.stream_connection import StreamConnection
from wiretax.wire.ledger import UNCONNECTED, Failure, Tally
from wiretax.wire.publishers.exchange_counter import RECONNECT_PAUSE_S, Listener, OnRejected, count_failure
from wiretax.wire.publishers.http_parts import Http1Parts, Http2Parts, ModelError, Parts, PartsReader
from wiretax.wire.publishers.publisher import FOREVER_NS
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice


class Stream(httpcore.NetworkStream):
    """A connection as httpcore wants it, and what goes over it as the model sees it."""

    def __init__(self, connection: StreamConnection, http: str) -> None:
        self._connection = connection
        self._http = http
        self.reader: PartsReader = Http2Parts() if http == "2" else Http1Parts()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Connect and shake hands; before it nothing has left, not even to connect."""
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
        # httpcore closes what it can't use again: the server closed, said that it does, or is not understood.
        self._connection.close(by_server=not self._connection.is_overdue)

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._connection.session
        return self._connection.is_readable() if info == "is_readable" else None


class Backend(httpcore.NetworkBackend):
    """Gives httpcore the one connection there is.

    Attributes:
        stream: the one over it that is open, or was last.
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


class Transport(httpx.BaseTransport):
    """What httpx's own transport is, on a pool with a backend of ours."""

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
        try:
            content = answer.read()
        finally:
            answer.close()
        return httpx.Response(answer.status, headers=answer.headers, content=content)


class HttpxPublisher:
    """Sends requests through httpx over one connection, one after the other, and counts them."""

    __slots__ = ("_backend", "_client", "_connection", "_on_rejected", "_pool", "_settled", "_url")

    def __init__(
        self,
        connection: StreamConnection,
        context: ssl.SSLContext,
        endpoint: Endpoint,
        workload: Workload,
        on_rejected: OnRejected | None = None,
    ) -> None:
        """``context``: the connection's; httpcore sets its ALPN offer. ``on_rejected``: as for ``Publisher``."""
        self._connection = connection
        self._on_rejected = on_rejected
        self._backend = Backend(connection, workload.transport.http)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=1,
            http1=True,
            http2=workload.transport.http == "2",
            network_backend=self._backend,
        )
        headers = {"Content-Type": "application/json", **_independent_headers()}
        if workload.transport.connection == "close":
            headers["Connection"] = "close"
        self._client = httpx.Client(
            transport=Transport(self._pool), headers=headers, timeout=None, trust_env=False
        )
        self._url = f"https://{endpoint.authority}"
        self._settled = (0, 0)

    def publish(
        self, source: RequestSource, slice_: Slice, until_ns: int = FOREVER_NS, listener: Listener | None = None
    ) -> None:
        """Publish until the slice closes, or until ``until_ns`` on ``perf_counter_ns``; at least once."""
        connection = self._connection
        calls_left = calls = source.workload.transport.max_calls
        if calls:
            # A connection kept by the workload before would be one too few.
            self._close()
        before = connection.snapshot()
        began_ns = -1
        try:
            while slice_.open and began_ns < until_ns:
                body = source.next_body()
                url = self._url + source.head.target(body, int(time())).decode()
                began_ns = perf_counter_ns()
                self._settled = (connection.sent, connection.received)
                try:
                    response, parts = self._exchange(url, body)
                except Exception as error:
                    failure = connection.failure(error)
                    latency_ns = perf_counter_ns() - began_ns
                    self._close()
                    self._count_unfinished(slice_, failure, len(body), latency_ns)
                    if listener is not None:
                        listener(source.workload, latency_ns, None, failure)
                    if failure.kind in UNCONNECTED:
                        gevent.sleep(RECONNECT_PAUSE_S)
                    continue
                except BaseException:
                    # The user was killed half way: what is still to come on this connection belongs to no one.
                    self._close()
                    self._count_unfinished(slice_, None, len(body), perf_counter_ns() - began_ns)
                    raise
                latency_ns = perf_counter_ns() - began_ns
                if calls:
                    calls_left -= 1
                    if not calls_left:
                        self._close()
                        calls_left = calls
                tally = slice_.measured if slice_.open else slice_.boundary
                _count(tally, source, source.payload_bytes(body), parts, response, latency_ns)
                if self._on_rejected is not None and not response.acknowledged:
                    self._on_rejected(source.workload, response)
                if response.acknowledged:
                    if slice_.open:
                        slice_.latencies_ns.append(latency_ns)
                    else:  # closed during the exchange, which mypy can't see
                        tally.latency.record([latency_ns])  # type: ignore[unreachable]
                if listener is not None:
                    listener(source.workload, latency_ns, response, None)
        finally:
            # Nothing is under way on this connection, before or after.
            slice_.add_connection(before, connection.snapshot())

    def _exchange(self, url: str, body: bytes) -> tuple[Response, Parts]:
        self._connection.begin()
        answer = self._client.post(url, content=body)
        assert self._backend.stream is not None
        parts = self._backend.stream.reader.finish()
        self._hold_against_the_connection(parts)
        read = read_answer(answer.status_code, answer.content)
        keeps = self._connection.session is not None
        retry_after = answer.headers.get("retry-after", "")
        head, content = parts.response_head, parts.response_body
        return Response(read, read.acknowledged, head, content, keeps, retry_after), parts

    def _hold_against_the_connection(self, parts: Parts) -> None:
        """The parts have to be what went over the connection."""
        sent = parts.request_line + parts.auth_query + parts.header + parts.body + parts.framing_sent
        received = parts.response_head + parts.response_body + parts.framing_received
        crossed = (self._connection.sent - self._settled[0], self._connection.received - self._settled[1])
        if (sent, received) != crossed:
            raise ModelError(
                f"{sent} bytes sent and {received} received by the model, {crossed} by the connection"
            )

    def _close(self) -> None:
        # The connection first: what the pool closes after it was closed by this user already.
        self._connection.close()
        self._pool.close()

    def _count_unfinished(self, slice_: Slice, failure: Failure | None, body_bytes: int, age_ns: int) -> None:
        """``failure``: None if the exchange was cut off by its own user, which says nothing of the endpoint;
        ``age_ns``: how old the exchange was then."""
        tally = slice_.measured if slice_.open else slice_.boundary
        tally.unfinished += 1
        sent = self._connection.sent - self._settled[0]
        # Nobody knows how long the head would have become; what is shorter than its body did not leave whole.
        tally.unknown += sent > body_bytes
        tally.unfinished_sent_bytes += sent
        tally.unfinished_received_bytes += self._connection.received - self._settled[1]
        tally.latency.record_censored([age_ns])
        if failure is not None:
            tally.failures += 1
            tally.failed[failure] += 1


def _independent_headers() -> dict[str, str]:
    """Those that httpx makes out of what else is installed, as the profile has them."""
    return {name: value for name, value in load_profile(LIBRARY).headers if name == "Accept-Encoding"}


def _count(
    tally: Tally, source: RequestSource, payload_bytes: int, parts: Parts, response: Response, latency_ns: int
) -> None:
    tally.requests += 1
    tally.payload_bytes += payload_bytes
    tally.request_line_bytes += parts.request_line
    tally.auth_query_bytes += parts.auth_query
    tally.header_bytes += parts.header
    tally.body_bytes += parts.body
    tally.framing_sent_bytes += parts.framing_sent
    tally.response_head_bytes += parts.response_head
    tally.response_body_bytes += parts.response_body
    tally.framing_received_bytes += parts.framing_received
    if response.acknowledged:
        tally.events += source.workload.call.batch_size
        tally.messages += source.workload.call.messages
    else:
        count_failure(tally, response, latency_ns)
