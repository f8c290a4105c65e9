"""A server that answers as a test says, byte for byte, in a thread of the test's."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread

from wiretax.mock.ledger import LEDGER_PATH

LEDGER = b"GET " + LEDGER_PATH
# How a TLS handshake begins, which this server has no answer to.
TLS = b"\x16\x03"
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)

# Given the request and its number, from 1: what to send, and None to send nothing and leave the client waiting.
Reply = Callable[[bytes, int], bytes | None]


class RawServer:
    """Listens on loopback.

    Attributes:
        port: where.
        requests: what came, in the order it came; questions for a mock's ledger left out.
        closes: whether a connection is closed after an answer, whatever the answer says.
    """

    def __init__(self, reply: Reply, closes: bool = False) -> None:
        self.requests: list[bytes] = []
        self.closes = closes
        self._reply = reply
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://key:hidden@127.0.0.1:{self.port}/apps/1"

    def close(self) -> None:
        self._listener.close()
        for connection in list(self._open):
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while (request := self._read(connection)) is not None:
                if request.startswith(LEDGER):
                    connection.sendall(answer("404 Not Found"))
                    continue
                with self._lock:
                    self.requests.append(request)
                    reply = self._reply(request, len(self.requests))
                if reply is not None:
                    connection.sendall(reply)
                    if self.closes:
                        return
        except OSError:
            return
        finally:
            self._open.discard(connection)
            connection.close()

    @staticmethod
    def _read(connection: socket.socket) -> bytes | None:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := connection.recv(65_536)):
                return None
            data += more
            if data.startswith(TLS):
                return None
        found = LENGTH.search(data)
        whole = data.index(b"\r\n\r\n") + 4 + (int(found[1]) if found else 0)
        while len(data) < whole:
            if not (more := connection.recv(65_536)):
                return None
            data += more
        return data


@contextmanager
def raw_server(reply: Reply, closes: bool = False) -> Iterator[RawServer]:
    server = RawServer(reply, closes)
    try:
        yield server
    finally:
        server.close()


def answer(status: str, body: bytes = b"{}", *fields: str) -> bytes:
    """A response with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


OK = answer("200 OK")
