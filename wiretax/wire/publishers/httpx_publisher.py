"""Publishing through the real httpx, in this process: its HTTP, over a connection that is counted here."""

from __future__ import annotations

import ssl
from time import perf_counter_ns, time

import httpcore
import httpx

from wiretax.channels.answers import read_answer
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import load_profile
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.wire.connections.exchange_error import CUT, ExchangeError
from wiretax.wire.connections.response import Response
from wiretax.wire.connections.stream_connection import StreamConnection
from wiretax.wire.parts import Parts
from wiretax.wire.publishers.exchange_counter import ExchangeCounter, OnRejected
from wiretax.wire.publishers.http_parts import ModelError
from wiretax.wire.publishers.httpx_transport import Backend, HttpxTransport
from wiretax.wire.publishers.publisher import FOREVER_NS
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.publishers.sample import Listener, Sample
from wiretax.wire.slices import Slice


class HttpxPublisher:
    """Sends requests through httpx over one connection, one after the other, and counts them."""

    __slots__ = ("_backend", "_client", "_connection", "_on_rejected", "_pool", "_url")

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
            transport=HttpxTransport(self._pool), headers=headers, timeout=None, trust_env=False
        )
        self._url = f"https://{endpoint.authority}"

    def publish(
        self, source: RequestSource, slice_: Slice, until_ns: int = FOREVER_NS, listener: Listener | None = None
    ) -> None:
        """Publish until the slice closes, or until ``until_ns`` on ``perf_counter_ns``; at least once."""
        workload = source.workload
        began_ns, last_ns = -1, perf_counter_ns()
        with ExchangeCounter(
            self._connection, source, slice_, listener, self._on_rejected, self._close
        ) as counter:
            while slice_.open and began_ns < until_ns:
                body = source.next_body()
                url = self._url + source.head.target(body, int(time())).decode()
                began_ns = perf_counter_ns()
                try:
                    response, parts = self._exchange(url, body)
                except ExchangeError as error:
                    # The length of the head is unknown, but a request no longer than its body did not leave whole.
                    counter.count_unfinished(error, error.sent > len(body), perf_counter_ns() - began_ns)
                    continue
                ended_ns = perf_counter_ns()
                latency_ns = ended_ns - began_ns
                slice_.paced += slice_.paced_share(last_ns, ended_ns)
                last_ns = ended_ns
                counter.close_if_used_up()
                counter.count_response(
                    response,
                    latency_ns,
                    parts,
                    source.weight(body).payload,
                    workload.call.batch_size,
                    workload.call.messages,
                )
                if listener is not None:
                    listener(Sample(workload, latency_ns, parts.sent, parts.received, response))

    def _exchange(self, url: str, body: bytes) -> tuple[Response, Parts]:
        """Send one request and wait for its response.

        Raises:
            ExchangeError: no whole response came, or its bytes are not those of the model. Its cause is what
                stopped the user, if that is why.
        """
        connection = self._connection
        sent, received = connection.sent, connection.received
        connection.begin()
        try:
            answer = self._client.post(url, content=body)
            assert self._backend.stream is not None
            parts = self._backend.stream.reader.finish()
            crossed = connection.sent - sent, connection.received - received
            if (parts.sent, parts.received) != crossed:
                raise ModelError(
                    f"{parts.sent} bytes sent and {parts.received} received by the model, "
                    f"{crossed} by the connection"
                )
            read = read_answer(answer.status_code, answer.content, answer.extensions["coding"])
        except Exception as error:
            failure = connection.failure(error)
            self._close()
            raise ExchangeError(failure, connection.sent - sent, connection.received - received) from None
        except BaseException as reason:
            # The user was stopped half-way: whatever still arrives on this connection belongs to nobody.
            self._close()
            raise ExchangeError(CUT, connection.sent - sent, connection.received - received) from reason
        keeps_alive = connection.session is not None
        retry_after = answer.headers.get("retry-after", "")
        head, content = parts.response_head, parts.response_body
        status = answer.status_code
        return Response(read, read.acknowledged, head, content, keeps_alive, retry_after, status), parts

    def _close(self) -> None:
        # The connection first: whatever the pool closes afterwards was closed by this user already.
        self._connection.close()
        self._pool.close()


def _independent_headers() -> dict[str, str]:
    """The headers that httpx derives from other installed packages, as the profile has them."""
    return {name: value for name, value in load_profile(LIBRARY).headers if name == "Accept-Encoding"}
