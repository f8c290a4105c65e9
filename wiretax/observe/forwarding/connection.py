"""One connection of a publisher and the one to the server, and the exchanges on them."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from time import perf_counter_ns
from typing import TYPE_CHECKING, cast

import httptools

from wiretax.channels.answers import read_answer
from wiretax.observe.forwarding.exchange import Exchange, OpenExchange, Reading
from wiretax.observe.forwarding.framing import Framer, Message
from wiretax.observe.forwarding.gate import Gate
from wiretax.observe.forwarding.heads import announces_close, awaits_continue
from wiretax.observe.forwarding.kernel_counters import KernelCounters
from wiretax.observe.forwarding.recording import Closing
from wiretax.observe.forwarding.upstream import connect
from wiretax.wire.ledger import Failure

if TYPE_CHECKING:
    from wiretax.observe.forwarding.proxy import Proxy

PUBLISHER, OWN = "the publisher", "observe"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Downstream(asyncio.Protocol):
    """The publisher's side, which also matches requests and responses."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._recording = proxy.recording
        self._requests = Framer(httptools.HttpRequestParser)
        self._responses = Framer(httptools.HttpResponseParser, self._answers_head)
        self._number = -1
        self._began_ns = 0
        self._reading: OpenExchange | None = None  # the request that is being received
        self._pending: deque[OpenExchange] = deque()  # requests without a response
        self._response_bytes = 0  # since the last complete response
        self._kernel = KernelCounters()
        self._since: list[Exchange] = []  # ended since the kernel's counters were read
        self._latest: tuple[Exchange, ...] = ()
        self._gone = False
        self._initiator = ""  # who closed first, or asked for it
        self._server_closes = False
        self._ended_ns = 0  # when this side ended; 0 before
        self._waiting: list[bytes] = []  # bytes for a server that is not connected yet
        self._gate = Gate(proxy, self._forward, self._held_passed)
        self._upstream: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None

    # called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._proxy.accept(self, transport.get_extra_info("peername")):
            self._number = self._recording.begin_connection()
            self._kernel.attach(transport.get_extra_info("socket"))
        else:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._recording.sent += len(data)
        self._kernel.received += len(data)
        now = perf_counter_ns()
        for part in self._requests.feed(data):
            if part.kind == "head":
                self._reading = OpenExchange(part.raw, self._began_ns or now)
                self._began_ns = 0
                self._pending.append(self._reading)
                self._gate.add_head(part.raw)
                if self._gate.holds and awaits_continue(part.raw) and len(self._pending) == 1:
                    self._response_bytes += len(CONTINUE)
                    self._say(CONTINUE)
            elif part.kind == "body" and self._reading is not None:
                self._reading.body_bytes += len(part.raw)
                self._gate.add_body(part.raw)
            else:
                self._recording.add_stray(self._number, part.raw)
                if not self._gate.add_stray(part.raw):
                    self._end()
            if part.message is not None and self._reading is not None:
                request, self._reading = self._reading, None
                request.body, request.complete = part.message.content, True
                if request.answer is not None:
                    self._settle(request)
                else:
                    self._gate.end_request(request)
                    self._refuse_next()
        if self._requests.held and not self._began_ns:
            self._began_ns = now

    def eof_received(self) -> bool:
        self._kernel.ended = True
        self._initiator = self._initiator or PUBLISHER
        self._pass_end_on()
        return bool(self._pending) and not self._ended_ns

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
        self._kernel.ended = self._kernel.ended or error is not None
        self._initiator = self._initiator or PUBLISHER
        self._server_closes = self._server_closes or not self._kernel.ended
        self._end_pending()
        self._gate.close()
        self._recording.add_stray(self._number, self._requests.held)
        total, counted, changed = self._kernel.close(bool(self._ended_ns))
        if changed:
            self._recording.readings.append(Reading(tuple(self._since) or self._latest, counted))
        if not self._ended_ns:
            self._recording.close_connection()
        self._recording.end_connection(self._number, total, Closing(self._initiator, self._server_closes))
        self._gone = True
        if self._upstream is None:
            self._proxy.forget(self)
        elif self._proxy.tls is None:
            self._upstream.close()
        else:
            # A TLS shutdown would wait for the server's.
            self._upstream.abort()

    # called by the server's side

    def connected(self, upstream: asyncio.Transport) -> None:
        """The server accepted the connection: it gets the waiting bytes."""
        self._upstream = upstream
        self._recording.add_peer(*upstream.get_extra_info("peername")[:2])
        upstream.writelines(self._waiting)
        self._waiting.clear()
        if self._kernel.ended:
            self._pass_end_on()

    def answered(self, data: bytes) -> None:
        """Pass on bytes of the server; they belong to the oldest request without a response."""
        if self._transport.is_closing():
            return
        self._recording.received += len(data)
        self._kernel.begin_response()
        self._transport.write(data)
        for part in self._responses.feed(data):
            self._response_bytes += len(part.raw)
            if part.kind == "head" and announces_close(part.raw):
                # A publisher that reads it may close before the server does.
                self._server_closes = True
            if part.kind == "stray" and self._pending and self._pending[0].failure is None:
                self._pending[0].failure = Failure("malformed", 0, "the answer is not HTTP/1.1")
            if part.message is not None:
                self._add_response(part.message)
        self._kernel.end_response()
        if self._kernel.ended and not self._pending:
            self._transport.close()

    def server_closed(self) -> None:
        """The connection to the server is gone: end the publisher's."""
        self._upstream = None
        self._initiator = self._initiator or self._proxy.server_name
        if self._gone:
            self._proxy.forget(self)
            return
        message = self._responses.finish()
        if message is not None:
            self._add_response(message)
        self._end()

    def pause(self, paused: bool) -> None:
        """Stop or resume reading from a publisher that writes faster than the server reads."""
        (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def abort(self) -> None:
        """Drop both connections."""
        self._initiator = self._initiator or OWN
        self._transport.abort()
        if self._upstream is not None:
            self._upstream.abort()

    # internal

    def _end(self) -> None:
        """End this side, and close once the publisher has ended its own: only then have all segments been counted,
        as its end may acknowledge this one, or another segment may before it. A request that crosses is lost."""
        if self._kernel.ended or self._transport.is_closing():
            self._transport.close()
            return
        self._server_closes = True
        self._ended_ns = perf_counter_ns()
        self._recording.close_connection()
        self._transport.resume_reading()
        with suppress(OSError):  # the publisher has reset the connection
            self._transport.write_eof()

    def _answers_head(self) -> bool:
        return bool(self._pending) and self._pending[0].head.lstrip().startswith(b"HEAD ")

    def _say(self, data: bytes) -> None:
        """Send the publisher bytes of a response that the server knows nothing about."""
        self._recording.received += len(data)
        self._recording.unasked += len(data)
        self._transport.write(data)

    def _refuse_next(self) -> None:
        """Answer the withheld requests whose turn it is: all before them have a response."""
        while self._pending and self._pending[0].refusal:
            request = self._pending.popleft()
            self._kernel.begin_response()
            self._say(request.refusal)
            request.add_refusal()
            self._settle(request)
            self._kernel.end_response()
            if announces_close(request.head):
                self._initiator = self._initiator or PUBLISHER
                self._end()

    def _held_passed(self) -> None:
        """Requests that waited for a subscription have been forwarded."""
        if self._kernel.ended:
            self._pass_end_on()

    def _pass_end_on(self) -> None:
        """The publisher sends no more: tell the server, after the last request."""
        if self._upstream is not None and self._upstream.can_write_eof() and not self._gate.holds_complete:
            self._upstream.write_eof()

    def _forward(self, data: bytes) -> None:
        if self._ended_ns:
            return
        if self._upstream is not None:
            self._upstream.write(data)
            return
        self._waiting.append(data)
        if self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        failure = await connect(self, self._proxy.upstream, self._proxy.tls, self._proxy.tunnel)
        if failure is not None:
            for request in self._pending:
                request.failure = failure
            self._end()

    def _add_response(self, message: Message) -> None:
        """A response is complete; an interim one belongs to the one that follows it."""
        if message.status < 200:
            return
        size, self._response_bytes = self._response_bytes, 0
        if not self._pending:
            self._recording.unrequested += size
            return
        request = self._pending.popleft()
        if announces_close(message.head):
            # Either FIN may come first; the initiator is the one that announced the close first.
            announced = announces_close(request.head)
            self._initiator = self._initiator or (PUBLISHER if announced else self._proxy.server_name)
        request.response = (size - message.body_bytes, message.body_bytes)
        request.answer = read_answer(message.status, message.body, message.coding)
        if not request.answer.acknowledged:
            request.failure = Failure(request.answer.kind, request.answer.status, request.answer.message)
        if request.complete:
            self._settle(request)
        self._refuse_next()

    def _end_pending(self) -> None:
        """The connection is gone: settle requests that were answered early, and those that were not answered."""
        if self._reading is not None and self._reading.answer is not None:
            # Answered before it was complete, as a body that is too large may be.
            self._settle(self._reading)
        self._response_bytes += len(self._responses.held)
        if not self._pending:
            self._recording.unrequested += self._response_bytes
        while self._pending:
            request = self._pending.popleft()
            request.failure = request.failure or Failure("lost", 0, self._why_lost(request))
            request.response, self._response_bytes = (0, self._response_bytes), 0
            self._settle(request)

    def _why_lost(self, request: OpenExchange) -> str:
        """Who ended the connection on which a request was not answered, and when."""
        if self._initiator == OWN:
            return f"{self._proxy.server_name} had not answered {self._proxy.grace_s:g} s after the command ended"
        if self._response_bytes:
            return f"{self._initiator} closed the connection before the response was complete"
        unsent = self._initiator == PUBLISHER and not request.complete
        what = "request was complete" if unsent else "response"
        return f"{self._initiator} closed the connection before the {what}"

    def _settle(self, request: OpenExchange) -> None:
        # A request that crossed the end was lost as it began.
        ended_ns = max(self._ended_ns, request.began_ns) if self._ended_ns else perf_counter_ns()
        exchange = request.end(self._number, ended_ns)
        self._recording.exchanges.append(exchange)
        self._since.append(exchange)
        if not self._pending and self._reading is None and not self._requests.held:
            # No exchange is open, so the counts since the last reading belong to these.
            self._latest = tuple(self._since)
            self._since.clear()
            self._recording.readings.append(Reading(self._latest, self._kernel.advance()))
