"""Where one HTTP/1.1 message ends and the next begins, with every byte kept.

httptools says that a message ended, not where in the data it did. So it is fed pieces that can end one only with
their last byte: lines while it reads a head or chunks, and no more of a body than is due.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import httptools

MAX_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Message:
    """One request or response.

    Attributes:
        head: its head as it came, the blank line included.
        body: its content, chunk framing and gzip or deflate taken off.
        body_bytes: the body as framed.
        status: a response's status; 0 for a request.
    """

    head: bytes
    body: bytes
    body_bytes: int
    status: int


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes in the order they came.

    Attributes:
        kind: a whole "head", a piece of a "body", or "stray": bytes of no message, from the first that can't be
            read on.
        raw: the bytes.
        message: the message that ends with them.
    """

    kind: Literal["head", "body", "stray"]
    raw: bytes
    message: Message | None = None


class Framer:
    """One direction of a connection.

    Attributes:
        held: bytes of a head that is not whole yet.
    """

    def __init__(
        self,
        parser: type[httptools.HttpRequestParser | httptools.HttpResponseParser],
        bodyless: Callable[[], bool] = lambda: False,
    ) -> None:
        """Begin a direction.

        Args:
            parser: of requests or of responses.
            bodyless: whether the message that is read has no body whatever it says, as an answer to HEAD.
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
        self._coding = b""
        self._in_head = True
        self._complete = False

    # httptools' side

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-length" and value.strip().isdigit():
            self._length = int(value)
        elif name.lower() == b"transfer-encoding":
            self._chunked = value.lower().rstrip().endswith(b"chunked")
        elif name.lower() == b"content-encoding":
            self._coding = value.lower().strip()

    def on_headers_complete(self) -> None:
        self._in_head = False

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._complete = True

    # ours

    def feed(self, data: bytes) -> Iterator[Part]:
        """Cut what the socket yielded into parts."""
        while data:
            if self._broken:
                yield Part("stray", data)
                return
            end = self._piece_end(data)
            piece, data = data[:end], data[end:]
            try:
                self._parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                # What it would switch to comes after the answer; up to here it is a message like any other.
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
        """The connection ended: the response whose end that is, where there is one."""
        ends = self._head and not self._broken and not self._chunked and self._length is None
        self._complete = bool(ends)
        return self._take()

    def _take(self) -> Message | None:
        if not self._complete:
            return None
        status = 0
        if isinstance(self._parser, httptools.HttpResponseParser):
            status = self._parser.get_status_code()
        message = Message(self._head, _decoded(b"".join(self._body), self._coding), self._body_bytes, status)
        self._begin()
        return message


def _decoded(body: bytes, coding: bytes) -> bytes:
    """The content of a body; as it came where it is in a coding that is not known here."""
    if coding not in (b"gzip", b"deflate"):
        return body
    try:
        # 32: gzip and zlib alike.
        return zlib.decompressobj(zlib.MAX_WBITS + 32).decompress(body)
    except zlib.error:
        return body
