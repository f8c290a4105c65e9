"""A mock without sockets: connections whose transport keeps what is written to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from wiretax.mock.options import MockOptions
from wiretax.mock.protocols.connection import MockConnection
from wiretax.mock.server import MockServer

RESPONSE = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Za-z ]+\r\n((?:[A-Za-z-]+: [^\r\n]+\r\n)*)\r\n")
LENGTH = re.compile(rb"Content-Length: (\d+)\r\n")


class KeptTransport(asyncio.Transport):
    """Keeps what is written to it, until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed, "written after the transport was closed"
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


class _Loop:
    """What a mock's timer asks of its loop."""

    def add_reader(self, *_: object) -> None:
        pass

    def remove_reader(self, *_: object) -> None:
        pass


@contextmanager
def mock_server(options: MockOptions | None = None) -> Iterator[MockServer]:
    server = MockServer(options or MockOptions(), cast(asyncio.AbstractEventLoop, _Loop()))
    try:
        yield server
    finally:
        server.timer.close()


def connect(kind: type[MockConnection], server: MockServer) -> tuple[Any, KeptTransport]:
    """A new connection to the mock, and its transport."""
    connection, transport = kind(server), KeptTransport()
    connection.connection_made(transport)
    return connection, transport


def feed(connection: Any, transport: KeptTransport, pieces: Iterable[bytes]) -> None:
    """Deliver what a client sends, until the mock closes."""
    for piece in pieces:
        if transport.closed:
            return
        connection.data_received(piece)


def cut(raw: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The same bytes in pieces; cuts beyond their end count from the start again."""
    places = sorted({cut % len(raw) for cut in cuts} - {0}) if raw else []
    return [raw[start:end] for start, end in zip([0, *places], [*places, len(raw)], strict=True)]


def responses(written: bytes, bodiless: Container[int] = ()) -> list[tuple[int, bytes]]:
    """Status and body of all HTTP/1.1 responses; nothing else may have been written.

    Args:
        written: what a mock wrote.
        bodiless: which of the final responses answer HEAD, counted from 0.
    """
    found, at, final = [], 0, 0
    while at < len(written):
        head = RESPONSE.match(written, at)
        assert head, f"not a response: {written[at : at + 80]!r}"
        length = LENGTH.search(head[2])
        at = head.end() + (int(length[1]) if length and final not in bodiless else 0)
        assert at <= len(written)
        found.append((int(head[1]), bytes(written[head.end() : at])))
        final += head[1] != b"100"
    return found
