"""HTTP/1.1 on one connection: framing, bounds and byte counts. What a request means is for the rules."""

from __future__ import annotations

import asyncio
import re
from time import time
from typing import TYPE_CHECKING, cast

import httptools
import orjson

from wiretax.channels.limits import Refusal
from wiretax.mock.rules import Refused

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer

LEDGER_PATH = b"/_wiretax/ledger"  # no app id can collide with it: every API path begins with /apps/
MAX_HEAD_BYTES = 16_384
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EXPECTS = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)
BLANK_LINE = b"\r\n\r\n"

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Payload Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def response(status: int, content_type: str, body: bytes, close: bool = False) -> bytes:
    """One response, whole. No Date header, so that its size never depends on anything but its body."""
    head = (
        f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n{'Connection: close' + chr(13) + chr(10) if close else ''}\r\n"
    )
    return head.encode() + body


OK = response(200, "application/json", b"{}")


class Connection(asyncio.Protocol):
    """One client connection.

    Attributes:
        received: bytes taken from the socket.
        sent: bytes handed to it.
        control: whether the connection reads the ledger; such a connection is not counted.
        quiet: sweeps since the connection last brought anything.
    """

    __slots__ = (
        "_body",
        "_body_size",
        "_closing",
        "_complete",
        "_due",
        "_head",
        "_head_done",
        "_owed",
        "_parser",
        "_server",
        "_target",
        "_transport",
        "_write",
        "control",
        "quiet",
        "received",
        "sent",
    )

    def __init__(self, server: MockServer) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._body = b""
        self._body_size = 0
        self._head = b""  # of a request whose head comes in pieces, as far as it came
        self._head_done = False
        self._complete = False
        self._closing = False
        self._owed = 0  # answers that are not due yet
        self._due = 0.0
        self.received = 0
        self.sent = 0
        self.control = False
        self.quiet = 0

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._write = self._transport.write
        self._server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.forget(self)

    def eof_received(self) -> bool:
        # A client may end its side once it has asked; it still gets what it is owed.
        self._closing = True
        return self._owed > 0

    def pause_writing(self) -> None:
        # A client that does not read its answers is not read from either.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self._closing:
            return
        self.quiet = 0
        self._complete = False
        if len(data) + len(self._head) > MAX_HEAD_BYTES and not self._head_done and self._has_long_head(data):
            self._give_up(self._long_head())
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._give_up(Refusal(400, "http", "this server does not switch protocols"))
        except httptools.HttpParserError as error:
            # Bytes after a request that asked to close are nobody's.
            if not self._closing:
                self._give_up(Refusal(400, "http", f"not HTTP/1.1: {error}"))
        else:
            if not self._complete:
                self._go_on(data)

    def _has_long_head(self, data: bytes) -> bool:
        if self._target and not self._head and data.startswith((b"\n", b"\r\n")):
            # It began behind another request, whose read was not kept, and its blank line ends here.
            return False
        return not 0 <= (self._head + data).find(BLANK_LINE) <= MAX_HEAD_BYTES - len(BLANK_LINE)

    def _go_on(self, data: bytes) -> None:
        """Part of a request came: stop what grows too large, and go on with what waits to be told to."""
        if not self._head_done:
            self._head += data
            if len(self._head) > MAX_HEAD_BYTES:
                self._give_up(self._long_head())
        elif self._body_size > self._server.max_body_bytes:
            self._give_up(self._too_large())
        elif not self._body_size:
            head, self._head = self._head + data, b""
            if EXPECTS.search(head):
                self._send(CONTINUE)

    # httptools' side

    def on_url(self, url: bytes) -> None:
        # Called once for each piece where a head comes in pieces.
        self._target += url

    def on_headers_complete(self) -> None:
        self._head_done = True

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._body_size <= self._server.max_body_bytes:
            self._body += body

    def on_message_complete(self) -> None:
        target, body, size = self._target, self._body, self._body_size
        parser = self._parser
        if self._closing or parser.should_upgrade():
            return
        self._target = self._body = self._head = b""
        self._body_size = 0
        self._head_done = False
        self._complete = True
        if size > self._server.max_body_bytes:
            self._give_up(self._too_large())
        elif target == LEDGER_PATH:
            self.control = True
            self._send(response(200, "application/json", orjson.dumps(self._server.read_ledger())))
            if not parser.should_keep_alive():
                self._transport.close()
        else:
            close = self._server.closes or not parser.should_keep_alive()
            self._answer(parser.get_method(), target, body, close)

    def _answer(self, method: bytes, target: bytes, body: bytes, close: bool) -> None:
        server = self._server
        ledger = server.ledger
        ledger.requests += 1
        events = 0
        try:
            accepted = server.rules.check(method, target.decode("latin-1"), body, time())
        except Refused as refused:
            answer = self._refusal(refused.refusal, close)
            if method == b"HEAD":
                answer = answer[: answer.find(BLANK_LINE) + len(BLANK_LINE)]
        else:
            events = accepted.events
            ledger.events += events
            ledger.messages += accepted.messages
            if accepted.body == b"{}" and not close:
                answer = OK
            else:
                answer = response(200, "application/json", accepted.body, close)
        if server.answers_at_once and not close:
            self.sent += len(answer)
            self._write(answer)
        else:
            self._deliver(answer, events, close)

    def _deliver(self, answer: bytes, events: int, close: bool) -> None:
        """Send an answer when it is due; after the last one nothing more is read."""
        self._closing = self._closing or close
        server = self._server
        self._owed += 1
        if server.queue is None:
            self._pay(answer)
        else:
            # Answers on one connection keep the order of their requests.
            self._due = max(self._due, server.queue.due(server.clock(), events))
            server.alarm.call_at(self._due, lambda: self._pay(answer))

    def _pay(self, answer: bytes) -> None:
        self._owed -= 1
        if not self._transport.is_closing():
            self._send(answer)
            if self._closing and not self._owed:
                self._transport.close()

    def _refusal(self, refusal: Refusal, close: bool) -> bytes:
        self._server.ledger.rejected[refusal.reason] += 1
        return response(refusal.status, "text/plain; charset=utf-8", refusal.message.encode(), close)

    def _give_up(self, refusal: Refusal) -> None:
        """Answer what can't be read as a request, and close: where the next one would begin is unknown."""
        self._server.ledger.requests += 1
        self._deliver(self._refusal(refusal, close=True), events=0, close=True)

    def _too_large(self) -> Refusal:
        return Refusal(413, "body_bytes", f"more than {self._server.max_body_bytes} bytes of body")

    @staticmethod
    def _long_head() -> Refusal:
        return Refusal(431, "head_bytes", f"more than {MAX_HEAD_BYTES} bytes of head")

    def _send(self, answer: bytes) -> None:
        self.sent += len(answer)
        self._write(answer)

    def close_idle(self) -> None:
        """Close a connection that brought nothing for too long, whether between requests or inside one."""
        self._transport.close()
