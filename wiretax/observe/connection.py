"""One connection of a publisher and the one to the server behind it."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from time import perf_counter_ns
from typing import TYPE_CHECKING, cast

import httptools

from wiretax.channels.answers import Answer, read_answer
from wiretax.channels.request.parser import read_publication
from wiretax.observe.exchange import Exchange, Reading, read_target
from wiretax.observe.framing import Framer, Message
from wiretax.observe.upstream import connect
from wiretax.wire.connections.closing import after_close
from wiretax.wire.connections.tcp_info import read_connection
from wiretax.wire.counters import TcpCounters, add_counters, subtract_counters
from wiretax.wire.ledger import Failure

if TYPE_CHECKING:
    from wiretax.observe.proxy import Proxy

PUBLISHER = "the publisher"
OWN = "observe"
HOST = re.compile(rb"(?im)(?<=\n)(host:[ \t]*)([^\r\n]*)")
CLOSES = re.compile(rb"(?i)\r\nconnection:[ \t]*close[ \t]*\r\n")


class Open:
    """A request under way."""

    __slots__ = ("answer", "began_ns", "body", "body_bytes", "failure", "head", "response", "whole")

    def __init__(self, head: bytes, began_ns: int) -> None:
        self.head = head
        self.began_ns = began_ns
        self.body = b""
        self.body_bytes = 0
        self.whole = False
        self.answer: Answer | None = None
        self.failure: Failure | None = None
        self.response = (0, 0)


class Downstream(asyncio.Protocol):
    """The publisher's side, which is also where exchanges are put together."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._recording = proxy.recording
        self._requests = Framer(httptools.HttpRequestParser)
        self._responses = Framer(httptools.HttpResponseParser, self._answers_head)
        self._number = -1
        self._began_ns = 0
        self._reading: Open | None = None  # the request that is being read
        self._pending: deque[Open] = deque()  # those without an answer
        self._response_bytes = 0  # since the last response that was whole
        self._since: list[Exchange] = []  # ended since the kernel's counters were read
        self._latest: tuple[Exchange, ...] = ()
        self._counted: TcpCounters | None = TcpCounters()
        self._before: TcpCounters | None = None  # counted when the answer that is read was not passed on yet
        self._taken = 0
        self._ended = self._gone = False
        self._closed_by = ""  # who closed first
        self._waiting: list[bytes] = []  # for the connection to the server
        self._upstream: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._proxy.accept(self, transport.get_extra_info("peername")):
            self._number = self._recording.begin_connection()
        else:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._recording.sent += len(data)
        self._taken += len(data)
        now = perf_counter_ns()
        for part in self._requests.feed(data):
            if part.kind == "head":
                self._reading = Open(part.raw, self._began_ns or now)
                self._began_ns = 0
                self._pending.append(self._reading)
                self._forward(self._for_upstream(part.raw))
            elif part.kind == "body" and self._reading is not None:
                self._reading.body_bytes += len(part.raw)
                self._forward(part.raw)
            else:
                self._recording.add_stray(self._number, part.raw)
                self._forward(part.raw)
            if part.message is not None and self._reading is not None:
                request, self._reading = self._reading, None
                request.body, request.whole = part.message.body, True
                if request.answer is not None:
                    self._settle(request)
        if self._requests.held and not self._began_ns:
            self._began_ns = now

    def eof_received(self) -> bool:
        self._ended = True
        self._closed_by = self._closed_by or PUBLISHER
        if self._upstream is not None and self._upstream.can_write_eof():
            self._upstream.write_eof()
        return bool(self._pending)

    def pause_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.pause_reading()

    def resume_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        if self._number < 0:
            return
        if self._connecting is not None:
            self._connecting.cancel()
        self._ended = self._ended or error is not None
        self._closed_by = self._closed_by or PUBLISHER
        if not self._ended:
            self._recording.closed_by_server.add(self._number)
        self._give_up()
        self._recording.add_stray(self._number, self._requests.held)
        counters = self._read_counters(last=True)
        if counters != self._counted:
            self._recording.readings.append(
                Reading(tuple(self._since) or self._latest, subtract_counters(counters, self._counted))
            )
        self._recording.end_connection(counters, self._closed_by)
        self._gone = True
        if self._upstream is None:
            self._proxy.forget(self)
        elif self._proxy.tls is None:
            self._upstream.close()
        else:
            # A polite end would wait for the server's.
            self._upstream.abort()

    # the server's side

    def connected(self, upstream: asyncio.Transport) -> None:
        """The server took the connection: it gets what waited."""
        self._upstream = upstream
        upstream.writelines(self._waiting)
        self._waiting.clear()
        if self._ended and upstream.can_write_eof():
            upstream.write_eof()

    def answered(self, data: bytes) -> None:
        """The server sent something: it is passed on, and belongs to the oldest request without an answer."""
        if self._transport.is_closing():
            return
        self._recording.received += len(data)
        # Once it has the answer a publisher may send its next request before the counters are read again.
        self._before = self._read_counters()
        self._transport.write(data)
        for part in self._responses.feed(data):
            self._response_bytes += len(part.raw)
            if part.kind == "head" and CLOSES.search(part.raw):
                # A publisher that hears it may close before the server does.
                self._recording.closed_by_server.add(self._number)
            if part.kind == "stray" and self._pending and self._pending[0].failure is None:
                self._pending[0].failure = Failure("malformed", 0, "the answer is not HTTP/1.1")
            if part.message is not None:
                self._take(part.message)
        self._before = None
        if self._ended and not self._pending:
            self._transport.close()

    def server_closed(self) -> None:
        """The connection to the server is gone, and so goes the publisher's."""
        self._upstream = None
        self._closed_by = self._closed_by or self._proxy.behind
        if self._gone:
            self._proxy.forget(self)
            return
        message = self._responses.finish()
        if message is not None:
            self._take(message)
        self._transport.close()

    def pause(self, paused: bool) -> None:
        """The server reads slower than the publisher writes, or has caught up."""
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Give up what is under way."""
        self._closed_by = self._closed_by or OWN
        self._transport.abort()
        if self._upstream is not None:
            self._upstream.abort()

    # ours

    def _answers_head(self) -> bool:
        return bool(self._pending) and self._pending[0].head.lstrip().startswith(b"HEAD ")

    def _for_upstream(self, head: bytes) -> bytes:
        if not self._proxy.rewrites_host:
            return head
        authority = self._proxy.upstream.authority.encode()
        rewritten = HOST.sub(lambda match: match[1] + authority, head, count=1)
        self._recording.host_growth += len(rewritten) - len(head)
        return rewritten

    def _forward(self, data: bytes) -> None:
        if self._upstream is not None:
            self._upstream.write(data)
            return
        self._waiting.append(data)
        if self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        failure = await connect(self, self._proxy.upstream, self._proxy.tls)
        if failure is not None:
            for request in self._pending:
                request.failure = failure
            self._transport.close()

    def _take(self, message: Message) -> None:
        """A response came whole; an interim one belongs to the one that follows it."""
        if message.status < 200:
            return
        size, self._response_bytes = self._response_bytes, 0
        if not self._pending:
            self._recording.unasked += size
            return
        request = self._pending.popleft()
        if CLOSES.search(message.head):
            # Whose FIN comes first is chance then; it is closed for whoever said so first.
            asked = CLOSES.search(request.head)
            self._closed_by = self._closed_by or (PUBLISHER if asked else self._proxy.behind)
        request.response = (size - message.body_bytes, message.body_bytes)
        request.answer = read_answer(message.status, message.body)
        if not request.answer.acknowledged:
            request.failure = Failure(request.answer.kind, request.answer.status, request.answer.message)
        if request.whole:
            self._settle(request)

    def _give_up(self) -> None:
        if self._reading is not None and self._reading.answer is not None:
            # Answered before it was whole, as a body that is too large may be.
            self._settle(self._reading)
        self._response_bytes += len(self._responses.held)
        if not self._pending:
            self._recording.unasked += self._response_bytes
        while self._pending:
            request = self._pending.popleft()
            request.failure = request.failure or Failure("lost", 0, self._why_lost(request))
            request.response, self._response_bytes = (0, self._response_bytes), 0
            self._settle(request)

    def _why_lost(self, request: Open) -> str:
        """Who ended the connection on which a request was not answered, and when."""
        if self._closed_by == OWN:
            return f"{self._proxy.behind} had not answered {self._proxy.grace_s:g} s after the command ended"
        if self._response_bytes:
            return f"{self._closed_by} closed the connection before the answer was whole"
        unsent = self._closed_by == PUBLISHER and not request.whole
        return f"{self._closed_by} closed the connection before the {'request was whole' if unsent else 'answer'}"

    def _settle(self, request: Open) -> None:
        exchange = Exchange(
            connection=self._number,
            head=request.head,
            body_bytes=request.body_bytes,
            publication=read_publication(read_target(request.head), request.body),
            response_head_bytes=request.response[0],
            response_body_bytes=request.response[1],
            answer=request.answer,
            failure=request.failure,
            began_ns=request.began_ns,
            ended_ns=perf_counter_ns(),
        )
        self._recording.exchanges.append(exchange)
        self._since.append(exchange)
        if not self._pending and self._reading is None and not self._requests.held:
            # Nothing is under way, so what was counted since the last reading is these exchanges'.
            counters = self._read_counters()
            if counters is not None and self._before is not None:
                counters = counters._replace(
                    sent=self._before.sent,
                    segments_out=self._before.segments_out,
                    headers_out=self._before.headers_out,
                )
            self._latest = tuple(self._since)
            self._since.clear()
            self._recording.readings.append(Reading(self._latest, subtract_counters(counters, self._counted)))
            self._counted = counters

    def _read_counters(self, last: bool = False) -> TcpCounters | None:
        """The kernel's counters as the publisher's side has them; what it sent again is not known here.

        ``last``: the connection is closed next, so what follows is added by the model.
        """
        reading = read_connection(self._transport.get_extra_info("socket"), accepted=True)
        if reading is None:
            return None
        counters = reading.counters
        if last:
            counters = add_counters(counters, after_close(reading)) or counters
        # An answer to a publisher that is gone is met by a reset, after which the socket's state does not tell any
        # more that a FIN came before it; the kernel counted that as a byte.
        fin = self._ended and counters.received == self._taken + 1
        return TcpCounters(
            sent=counters.received - fin,
            received=counters.sent,
            segments_out=counters.segments_in,
            segments_in=counters.segments_out,
            headers_out=counters.headers_in,
            headers_in=counters.headers_out,
            close_segments_out=counters.close_segments_in,
            close_segments_in=counters.close_segments_out,
        )
