"""The fields of HTTP/1.1 heads on which it depends whether a request can be read (RFC 9112, 3.2 and 6.1).

A callback for each field would take a quarter of the time of a request, so requests with known fields go without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httptools

from wiretax.channels.limits import Refusal
from wiretax.mock.faults import BLANK_LINE
from wiretax.mock.protocols.known_fields import VERSION_BYTES

if TYPE_CHECKING:
    from wiretax.mock.protocols.http1 import Http1Connection
    from wiretax.mock.protocols.known_fields import KnownFields

# Of the names of the fields that are looked at.
LENGTHS = frozenset({len("host"), len("content-length"), len("transfer-encoding")})
# What the parser says of codings that it can't decode, before or without handing over their field.
UNDECODABLE = ("Request has invalid `Transfer-Encoding`", "Invalid `Transfer-Encoding` header value")


class BadFields(Exception):  # noqa: N818 - it is an answer, not an error
    """The fields of a head are not in order."""


class FieldParser:
    """Parses a connection's requests with their fields.

    Attributes:
        parser: hands over what it finds.
        begun: whether a request has begun that is not whole yet.
    """

    __slots__ = (
        "_codings",
        "_connection",
        "_head_done",
        "_hosts",
        "_keeps_alive",
        "_known",
        "_length",
        "_refusal",
        "_requests",
        "begun",
        "on_body",
        "on_url",
        "parser",
    )

    def __init__(self, connection: Http1Connection, known: KnownFields) -> None:
        self._connection = connection
        self._known = known
        self.on_url = connection.on_url
        self.on_body = connection.on_body
        self.begun = False
        self._refusal: Refusal | None = None
        self._requests = 0  # that began in this read
        self._keeps_alive = True
        self.parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Parse what a client sends; keep the fields of a read that is one request, or its head.

        Raises:
            HttpParserError: it is not HTTP, or its fields are not in order.
            HttpParserUpgrade: it asks for another protocol.
        """
        fresh = not self.begun
        self._requests = 0
        self.parser.feed_data(data)
        if fresh and self._requests == 1 and self._head_done and self._hosts == 1 and self._length:
            line_end, head_end = data.find(b"\n"), data.find(BLANK_LINE) + len(BLANK_LINE)
            # Blank lines may come before the request line, and after the body.
            if line_end >= VERSION_BYTES and len(data) == head_end + (0 if self.begun else self._length):
                self._known.add(data[line_end - VERSION_BYTES : head_end], self._keeps_alive)

    def refusal_of(self, error: httptools.HttpParserError) -> Refusal:
        """Why what it couldn't parse is refused."""
        if self._refusal is not None:
            return self._refusal
        if str(error) in UNDECODABLE:
            return _undecodable(str(error))
        return Refusal(400, "http", f"not HTTP/1.1: {error}")

    # called by httptools

    def on_message_begin(self) -> None:
        self.begun = True
        self._requests += 1
        self._head_done = False
        self._hosts = self._length = 0
        self._codings: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_done or len(name) not in LENGTHS:
            return  # a trailer, or another field
        name = name.lower()
        if name == b"host":
            self._hosts += 1
        elif name == b"content-length":
            self._length = int(value)
        elif name == b"transfer-encoding":
            self._codings.append(value)

    def on_headers_complete(self) -> None:
        self._head_done = True
        self._refusal = self._check()
        if self._refusal is not None:
            raise BadFields
        self._keeps_alive = self.parser.should_keep_alive()
        self._connection.on_headers_complete()

    def on_message_complete(self) -> None:
        self.begun = False
        self._connection.on_message_complete()

    def _check(self) -> Refusal | None:
        codings = b", ".join(self._codings).lower().strip()
        if self._codings and codings != b"chunked":
            return _undecodable(f"Transfer-Encoding: {codings.decode('latin-1')}")
        if self._hosts > 1 or (not self._hosts and self.parser.get_http_version() not in ("0.9", "1.0")):
            return Refusal(400, "http", f"not HTTP/1.1: {self._hosts or 'no'} Host fields, expected one")
        return None


def _undecodable(given: str) -> Refusal:
    """Why a body in these transfer codings is refused."""
    return Refusal(501, "http", f"{given}: the only transfer coding that this server decodes is chunked")
