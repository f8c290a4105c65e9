"""Splits a stream into HTTP/1.1 messages, with every byte kept.

httptools reports that a message ended, but not at which byte. So it gets pieces in which a message can end only at
the last byte: lines within a head or chunks, and at most the rest of a body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import httptools

from wiretax.channels.content_coding import CodingError, decode

MAX_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Message:
    """One request or response.

    Attributes:
        head: the raw head, with the blank line.
        body: the content, without chunk framing, as it was compressed.
        body_bytes: the size of the body with its framing.
        status: a response's status; 0 for a request.
        coding: the Content-Encoding field; empty if there was none.
    """

    head: bytes
    body: bytes
    body_bytes: int
    status: int
    coding: str = ""

    @property
    def content(self) -> bytes:
        """The decoded body; unchanged if it can't be decoded."""
        try:
            return decode(self.body, self.coding)
        except CodingError:
            return self.body


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive bytes of the stream.

    Attributes:
        kind: a complete "head", a piece of a "body", or "stray": bytes that form no message, from the first
            that can't be parsed.
        raw: the bytes.
        message: the message that ends with these bytes; None if none does.
    """

    kind: Literal["head", "body", "stray"]
    raw: bytes
    message: Message | None = None


class Framer:
    """Splits one direction of a connection into parts.

    Attributes:
        held: bytes of an incomplete head.
    """

    def __init__(
        self,
        parser: type[httptools.HttpRequestParser | httptools.HttpResponseParser],
        bodyless: Callable[[], bool] = lambda: False,
    ) -> None:
        """Create a framer.

        Args:
            parser: the parser of requests or of responses.
            bodyless: whether the current message has no body despite its headers, like a response to HEAD.
        """
        self._parser_type = parser
        self._bodyless = bodyless
        self._broken = False
        self._begin()

    def _begin(self) -> None:
        self._parser = self._parser_type(self)
        self.held = b""
        self._head = b""
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._length: int | None = None
        self._chunked = False
        self._coding = ""
        self._in_head = True
        self._complete = False

    # Called by httptools.

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-length" and value.strip().isdigit():
            self._length = int(value)
        elif name.lower() == b"transfer-encoding":
            self._chunked = value.lower().rstrip().endswith(b"chunked")
        elif name.lower() == b"content-encoding":
            self._coding = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._in_head = False

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._complete = True

    def feed(self, data: bytes) -> Iterator[Part]:
        """Split received data into parts."""
        while data:
            if self._broken:
                yield Part("stray", data)
                return
            end = self._piece_end(data)
            piece, data = data[:end], data[end:]
            try:
                self._parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                # The new protocol begins after the response; until then this is an ordinary message.
                self._complete = True
            except httptools.HttpParserError:
                self._broken = True
            if not self._head and len(self.held) + len(piece) > MAX_HEAD_BYTES:
                self._broken = True
            if self._broken:
                stray, self.held = self.held + piece, b""
                yield Part("stray", stray)
            elif not self._head:
                self.held += piece
                if not self._in_head:
                    self._head, self.held = self.held, b""
                    self._complete = self._complete or self._bodyless()
                    yield Part("head", self._head, self._take())
            else:
                self._body_bytes += len(piece)
                yield Part("body", piece, self._take())

    def _piece_end(self, data: bytes) -> int:
        if self._in_head or self._chunked:
            return data.find(b"\n") + 1 or len(data)
        return len(data) if self._length is None else self._length - self._body_bytes

    def finish(self) -> Message | None:
        """Handle the end of the connection. Returns the response that ends with it, if any."""
        ends = self._head and not self._broken and not self._chunked and self._length is None
        self._complete = bool(ends)
        return self._take()

    def _take(self) -> Message | None:
        if not self._complete:
            return None
        status = 0
        if isinstance(self._parser, httptools.HttpResponseParser):
            status = self._parser.get_status_code()
        message = Message(self._head, b"".join(self._body), self._body_bytes, status, self._coding)
        self._begin()
        return message
