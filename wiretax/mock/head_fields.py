"""The fields of HTTP/1.1 heads on which it depends whether a request can be read (RFC 9112, 3.2 and 6.1).

A callback for each field would take a quarter of the time of a request, and a client repeats its fields. So a
request whose fields were found in order before is parsed without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import httptools

from wiretax.channels.limits import Refusal
from wiretax.mock.faults import BLANK_LINE

if TYPE_CHECKING:
    from wiretax.mock.http1 import Http1Connection

MAX_KNOWN = 1000
MAX_KNOWN_BYTES = 2000
VERSION = b" HTTP/1.1\r"
# From there to the end of the request line.
VERSION_BYTES = len(VERSION)
# Of the names of the fields that are looked at.
LENGTHS = frozenset({len("host"), len("content-length"), len("transfer-encoding")})
# What the parser says of codings that it can't decode, before or without handing over their field.
UNDECODABLE = ("Request has invalid `Transfer-Encoding`", "Invalid `Transfer-Encoding` header value")


class Known(NamedTuple):
    """Fields that are in order.

    Attributes:
        rest: bytes of such a request from the end of its request line on.
        body_bytes: bytes of its body.
        keeps_alive: whether the connection goes on after it.
    """

    rest: int
    body_bytes: int
    keeps_alive: bool


class KnownFields:
    """The fields of all connections that are in order: a limited number, by their bytes from the version on."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, fields: bytes, rest: int) -> Known | None:
        """The same fields with a request of this size."""
        known = self._known.get(fields)
        return known if known is not None and known.rest == rest else None

    def add(self, fields: bytes, body_bytes: int, keeps_alive: bool) -> None:
        """Keep fields that announce a body of this length."""
        if fields.startswith(VERSION) and len(fields) <= MAX_KNOWN_BYTES:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            rest = len(fields) - VERSION_BYTES + body_bytes
            self._known[fields] = Known(rest, body_bytes, keeps_alive)


class KnownRequest:
    """Keeps the target and the body of a request that comes whole, with known fields."""

    __slots__ = ("on_body", "on_url")

    def __init__(self, parts: list[bytes]) -> None:
        self.on_url = self.on_body = parts.append


class BadFields(Exception):  # noqa: N818 - it is an answer, not an error
    """The fields of a head are not in order."""


class FieldParser:
    """Parses a connection's requests with their fields.

    Attributes:
        parser: hands over what it finds.
        begun: whether a request has begun that is not whole yet.
        refusal: why the fields of the last request are not in order; None if they are.
    """

    __slots__ = (
        "_codings",
        "_connection",
        "_head_done",
        "_hosts",
        "_keeps_alive",
        "_known",
        "_length",
        "_requests",
        "begun",
        "on_body",
        "on_url",
        "parser",
        "refusal",
    )

    def __init__(self, connection: Http1Connection, known: KnownFields) -> None:
        self._connection = connection
        self._known = known
        self.on_url = connection.on_url
        self.on_body = connection.on_body
        self.begun = False
        self.refusal: Refusal | None = None
        self._requests = 0  # that began in this read
        self._keeps_alive = True
        self.parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Parse what a client sends; keep the fields of a read that is one request.

        Raises:
            HttpParserError: it is not HTTP, or its fields are not in order (``refusal``).
            HttpParserUpgrade: it asks for another protocol.
        """
        fresh = not self.begun
        self._requests = 0
        self.parser.feed_data(data)
        if fresh and self._requests == 1 and not self.begun and self._hosts == 1 and self._length:
            line_end, head_end = data.find(b"\n"), data.find(BLANK_LINE) + len(BLANK_LINE)
            # Blank lines may come before the request line, and after the body.
            if line_end >= VERSION_BYTES and head_end + self._length == len(data):
                self._known.add(data[line_end - VERSION_BYTES : head_end], self._length, self._keeps_alive)

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
        self.refusal = self._check()
        if self.refusal is not None:
            raise BadFields
        self._connection.on_headers_complete()

    def on_message_complete(self) -> None:
        self.begun = False
        self._keeps_alive = self.parser.should_keep_alive()
        self._connection.on_message_complete()

    def _check(self) -> Refusal | None:
        codings = b", ".join(self._codings).lower().strip()
        if self._codings and codings != b"chunked":
            return undecodable(f"Transfer-Encoding: {codings.decode('latin-1')}")
        if self._hosts > 1 or (not self._hosts and self.parser.get_http_version() not in ("0.9", "1.0")):
            return Refusal(400, "http", f"not HTTP/1.1: {self._hosts or 'no'} Host fields, expected one")
        return None


def undecodable(given: str) -> Refusal:
    """Why a body in these transfer codings is refused."""
    return Refusal(501, "http", f"{given}: the only transfer coding that this server decodes is chunked")
