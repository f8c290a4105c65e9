"""Fields of HTTP/1.1 heads that were found in order: a client repeats them, and only their Content-Length changes.

Each byte of such a head is checked: ``PLAIN``, bytes of ``TARGET``, ``VERSION``, and the fields of an earlier head
with other digits. So no parser needs to read it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_KNOWN = 1000
MAX_KNOWN_BYTES = 2000

POST = b"POST "
PLAIN = POST + b"/"
# The bytes of a target without a fragment: visible ASCII.
TARGET = bytes({*range(0x21, 0x7F)} - {ord("#")})
VERSION = b" HTTP/1.1\r"
# From there to the end of the request line.
VERSION_BYTES = len(VERSION)

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)\r\n", re.IGNORECASE)
# Of a body that comes.
SOME_BYTES = re.compile(rb"[1-9][0-9]{0,8}")
# The client waits for an answer to the head, or wants another protocol.
ASKS = re.compile(rb"\r\n(?:expect|upgrade):", re.IGNORECASE)


class Known(NamedTuple):
    """Fields that are in order.

    Attributes:
        before: from the version to the digits of the length.
        after: from there to the end of the head.
        keeps_alive: whether the connection goes on after such a request.
    """

    before: bytes
    after: bytes
    keeps_alive: bool


# A line feed follows the version in each request, so these are the fields of none.
NOT_KNOWN = Known(VERSION + b"\r\r", b"", keeps_alive=True)


class KnownFields:
    """The fields of all connections that are in order: a limited number."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes], Known] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, fields: bytes) -> Known | None:
        """The same fields, from the version to the end of the head, with any length."""
        length = LENGTH.search(fields)
        return self._known.get((fields[: length.start(1)], fields[length.end(1) :])) if length else None

    def add(self, fields: bytes, keeps_alive: bool) -> None:
        """Keep fields that announce a body."""
        length = LENGTH.search(fields)
        if length and fields.startswith(VERSION) and len(fields) <= MAX_KNOWN_BYTES and not ASKS.search(fields):
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            before, after = fields[: length.start(1)], fields[length.end(1) :]
            self._known[before, after] = Known(before, after, keeps_alive)
