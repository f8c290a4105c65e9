"""HTTP/1.1 on one connection: framing, bounds and byte counts. The rules decide what a request means."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import httptools

from wiretax.channels.limits import Refusal
from wiretax.mock.delivery.published import NOTHING, Published
from wiretax.mock.faults import BLANK_LINE
from wiretax.mock.ledger import LEDGER_PATH
from wiretax.mock.protocols.bodies import Body
from wiretax.mock.protocols.connection import (
    ACCEPTED,
    LONG_HEAD,
    MAX_HEAD_BYTES,
    MAX_SWEEPS,
    STALLED,
    MockConnection,
)
from wiretax.mock.protocols.head_fields import FieldParser
from wiretax.mock.protocols.http1_response import CONTINUE, OK, response, without_body
from wiretax.mock.protocols.known_fields import NOT_KNOWN, PLAIN, POST, SOME_BYTES, TARGET, VERSION_BYTES

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer

# Of chunk sizes and trailers of one request.
MAX_FRAMING_BYTES = 65_536
LONG_FRAMING = Refusal(413, "framing_bytes", f"more than {MAX_FRAMING_BYTES} bytes of chunk sizes and trailers")
EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)

# What subscribers connect to, whatever the prefix.
SUBSCRIBES = re.compile(rb"(/[^?]*)?/app/[^/?]+(\?|\Z)")
# What a target has before its path if it is sent to a proxy; the signature does not cover it.
ABSOLUTE = re.compile(rb"\Ahttps?://[^/?#]+(?=/)", re.IGNORECASE)


class Http1Connection(MockConnection):
    """One client connection; its requests are answered in order."""

    __slots__ = (
        "_between",
        "_body",
        "_body_size",
        "_closing",
        "_complete",
        "_due",
        "_field_parser",
        "_head",
        "_head_done",
        "_in_pieces",
        "_known",
        "_read",
        "_sweeps",
        "_target",
        "_unanswered",
        "_waiting",
        "_write",
    )

    def __init__(self, server: MockServer) -> None:
        super().__init__(server)
        self._known = NOT_KNOWN  # the last known fields that came
        # A head with known fields whose body has yet to come: its bytes, its target and the size of the body.
        self._waiting: tuple[bytes, bytes, int] | None = None
        self._field_parser: FieldParser | None = None  # for all other requests
        self._between = True  # it has read nothing of the next request
        self._target = b""
        self._body: Body = b""
        self._body_size = 0
        self._read = 0  # bytes of the body and its framing, if it comes in pieces
        self._in_pieces = False
        self._sweeps = 0  # since the request began, if it comes in pieces
        self._head = b""  # the part received so far, if the head comes in pieces
        self._head_done = False
        self._complete = False
        self._closing = False
        self._unanswered = 0  # requests whose response is not due yet
        self._due = 0.0

    # called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._write = self._transport.write
        self._server.connections.add(self)

    def eof_received(self) -> bool:
        # A client may end its side after its last request; it still gets its responses.
        self._closing = True
        return self._unanswered > 0

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self._closing:
            return
        self.idle_sweeps = 0
        if self._waiting is not None:
            head, target, size = self._waiting
            self._waiting = None
            if len(data) == size:
                self._take(b"POST", target, data, self._known.keeps_alive)
                return
            data = head + data
        if not (self._between and self._take_known(data)):
            self._parse(data)

    def _take_known(self, data: bytes) -> bool:
        """Take one whole request whose fields are known, or the head of one until its body comes."""
        fields_at = data.find(b"\n") - VERSION_BYTES
        known = self._known
        if not data.startswith(known.before, fields_at):
            fields = data[max(0, fields_at) : data.find(BLANK_LINE) + len(BLANK_LINE)]
            found = self._server.known_fields.find(fields)
            if found is None:
                return False
            self._known = known = found
        before, after, keeps_alive = known
        length_at = fields_at + len(before)
        length_end = data.find(b"\r", length_at)
        body_at = length_end + len(after)
        target = data[len(POST) : fields_at]
        if (
            not data.startswith(after, length_end)
            or not data.startswith(PLAIN)
            or target.translate(None, TARGET)
            or body_at > MAX_HEAD_BYTES
        ):
            return False
        length, size = data[length_at:length_end], len(data) - body_at
        if size:
            if length != b"%d" % size or size > self._server.max_body_bytes:
                return False
            self._take(b"POST", target, data[body_at:], keeps_alive)
        elif SOME_BYTES.fullmatch(length) and int(length) <= self._server.max_body_bytes:
            self._waiting = data, target, int(length)
        else:
            return False
        return True

    def _parse(self, data: bytes) -> None:
        """Parse any part of the requests of a client."""
        self._complete = False
        if len(data) + len(self._head) > MAX_HEAD_BYTES and not self._head_done and self._has_long_head(data):
            self._refuse_and_close(LONG_HEAD)
            return
        if self._field_parser is None:
            self._field_parser = FieldParser(self, self._server.known_fields)
        try:
            self._field_parser.feed(data)
        except httptools.HttpParserUpgrade:
            if not self._become_websocket(self._head + data):
                self._refuse_and_close(Refusal(400, "http", "this server switches to no other protocol"))
        except httptools.HttpParserError as error:
            # Bytes after a request with Connection: close are ignored.
            if not self._closing:
                self._refuse_and_close(self._field_parser.refusal_of(error))
        else:
            if not self._complete:
                self._continue_request(data)
            self._between = not (self._in_pieces or self._field_parser.begun)

    def _become_websocket(self, request: bytes) -> bool:
        """Hand the connection over if a subscriber asks for a WebSocket; False if it asks for something else."""
        if b"\r\nsec-websocket-key:" not in request.lower() or not SUBSCRIBES.match(self._target):
            return False
        # Loaded for the first subscriber: a mock without any starts sooner.
        from wiretax.mock.delivery.websocket import WebSocketConnection

        server = self._server
        # The API's bytes are counted without those of subscribers.
        self.received -= len(request)
        if self.received:
            server.forget(self)
        server.connections.discard(self)
        subscriber = WebSocketConnection(server, self._transport)
        server.hub.connections.add(subscriber)
        self._transport.set_protocol(subscriber)
        subscriber.data_received(request)
        return True

    def _has_long_head(self, data: bytes) -> bool:
        if self._target and not self._head and data.startswith((b"\n", b"\r\n")):
            # It began in the same read as the end of the previous request, and its blank line ends here.
            return False
        return not 0 <= (self._head + data).find(BLANK_LINE) <= MAX_HEAD_BYTES - len(BLANK_LINE)

    def _continue_request(self, data: bytes) -> None:
        """Part of a request came: refuse one that grows too large, and answer Expect: 100-continue."""
        self._in_pieces = True
        if not self._head_done:
            self._head += data
            if len(self._head) > MAX_HEAD_BYTES:
                self._refuse_and_close(LONG_HEAD)
        elif self._body_size > self._server.max_body_bytes:
            self._refuse_and_close(self.long_body())
        else:
            if not self._body_size:
                head, self._head = self._head + data, b""
                if EXPECTS.search(head):
                    self._send(CONTINUE)
            # What came with the head may hold other requests, too.
            self._read = self._read + len(data) if self._read else self._body_size or 1
            refusal = self.hold(self._body_size - self.held)
            if self._read - self._body_size > MAX_FRAMING_BYTES:
                refusal = LONG_FRAMING
            if refusal is not None:
                self._refuse_and_close(refusal)

    def sweep(self) -> None:
        """Also refuse a request that does not become whole, although bytes of it arrive."""
        super().sweep()
        if self._waiting and not self._closing:
            # From now on it is a request that comes in pieces.
            self._parse(self._waiting[0])
            self._waiting = None
        if self._closing or not (self._head or self._head_done):
            return
        self._sweeps += 1
        if self._sweeps > MAX_SWEEPS and not self._transport.is_closing():
            self._refuse_and_close(STALLED)

    # called by httptools

    def on_url(self, url: bytes) -> None:
        # Called once per piece if the head comes in pieces.
        self._target += url

    def on_headers_complete(self) -> None:
        self._head_done = True

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._body_size <= self._server.max_body_bytes:
            # Of a bytearray if it comes in pieces, so that small ones take a time that grows with its size.
            if not self._body:
                self._body = body
            elif isinstance(self._body, bytearray):
                self._body += body
            else:
                self._body = bytearray(self._body) + body

    def on_message_complete(self) -> None:
        assert self._field_parser is not None
        parser = self._field_parser.parser
        target, body, size = self._target, self._body, self._body_size
        if self._closing or parser.should_upgrade():
            return
        self._target = self._body = self._head = b""
        self._body_size = 0
        self._head_done = False
        self._complete = True
        if self._in_pieces:
            self._in_pieces = False
            self._read = self._sweeps = 0
            self.release(self.held)
        if size > self._server.max_body_bytes:
            self._refuse_and_close(self.long_body())
        else:
            self._take(parser.get_method(), target, body, parser.should_keep_alive())

    def _take(self, method: bytes, target: bytes, body: Body, keeps_alive: bool) -> None:
        """Answer a request that is whole."""
        if target == LEDGER_PATH:
            data = response(self.read_ledger())
            self._send(without_body(data) if method == b"HEAD" else data)
            if not keeps_alive:
                self._transport.close()
        else:
            close = self._server.closes or not keeps_alive
            if not target.startswith(b"/"):
                target = ABSOLUTE.sub(b"", target)
            self._answer(method, target, body, close)

    def _answer(self, method: bytes, target: bytes, body: Body, close: bool) -> None:
        answer, events = self.check(method, target, body)
        data = OK if answer is ACCEPTED and not close else response(answer, close)
        if method == b"HEAD":
            data = without_body(data)
        if self._server.answers_at_once and not close:
            if self.published:
                self._server.hub.publish(self.take_published())
            self.sent += len(data)
            self._write(data)
        else:
            self._deliver(data, events, close)

    def _deliver(self, data: bytes, events: int, close: bool) -> None:
        """Send a response when it is due; after the last one, nothing more is read."""
        self._closing = self._closing or close
        server, published = self._server, self.take_published()
        self._unanswered += 1
        if server.queue is None:
            self._send_due(data, published)
        else:
            # Responses on one connection keep the order of their requests.
            self._due = max(self._due, server.queue.due(server.clock(), events))
            server.timer.call_at(self._due, lambda: self._send_due(data, published))

    def _send_due(self, data: bytes, published: Sequence[Published] = NOTHING) -> None:
        if published:
            self._server.hub.publish(published)
        self._unanswered -= 1
        if not self._transport.is_closing():
            self._send(data)
            if self._closing and not self._unanswered:
                self._transport.close()

    def _refuse_and_close(self, refusal: Refusal) -> None:
        """Answer bytes that are no valid request, and close: the start of the next request is unknown."""
        self._body = self._head = b""
        self.release(self.held)
        self._deliver(response(self.refuse(refusal), close=True), events=0, close=True)

    def _send(self, data: bytes) -> None:
        self.sent += len(data)
        self._write(data)
