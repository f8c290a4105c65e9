"""A mock to test against, and a client that is one raw socket, so that every byte and every close is seen."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from select import select
from time import time
from typing import Any, Self
from urllib.parse import urlencode

from warm import run_warm

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.request.signing import AUTH_VERSION, body_md5, signature
from wiretax.mock.ledger import LEDGER_PATH
from wiretax.mock.process import LISTENING

# Bounds a hang; no test waits for it to pass.
TIMEOUT_S = 30.0

EVENTS = f"/apps/{DEMO.app_id}/events"
BATCH = f"/apps/{DEMO.app_id}/batch_events"


@dataclass(frozen=True, slots=True)
class Answer:
    """One response as it came off the socket; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    """One connection to a mock.

    Attributes:
        sent: bytes handed to the socket.
        received: bytes taken from it.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._socket = socket.create_connection((endpoint.host, endpoint.port), timeout=TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""
        self.sent = 0
        self.received = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, *slices: bytes) -> None:
        """Write each piece on its own."""
        for slice_ in slices:
            self._socket.sendall(slice_)
            self.sent += len(slice_)

    def read(self) -> Answer:
        """The next response; an interim one (100) counts as one."""
        while (end := self._unread.find(b"\r\n\r\n")) < 0:
            self._receive()
        status_line, *lines = self._unread[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body_at, length = end + 4, int(headers.get("content-length", 0))
        while len(self._unread) < body_at + length:
            self._receive()
        body = self._unread[body_at : body_at + length]
        self._unread = self._unread[body_at + length :]
        return Answer(int(re.fullmatch(r"HTTP/1\.1 (\d{3}) .+", status_line)[1]), headers, body)

    def ask(self, *slices: bytes) -> Answer:
        """Send one request, in as many writes as there are pieces, and read its response."""
        self.send(*slices)
        return self.read()

    def read_to_end(self) -> bytes:
        """All that is left until the mock closes the connection."""
        rest, self._unread = self._unread, b""
        while data := self._socket.recv(65_536):
            self.received += len(data)
            rest += data
        return rest

    def has_ended(self) -> bool:
        """Whether the mock closes the connection next, without another byte."""
        return self.read_to_end() == b""

    def has_more(self, within: float) -> bool:
        """Whether the mock sends or closes within so many seconds."""
        return bool(select([self._socket], [], [], within)[0])

    def end_writing(self) -> None:
        """Say that nothing more is going to be sent, and keep reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Drop the connection as a crashed client would: by RST, what is in flight is lost."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def _receive(self) -> None:
        data = self._socket.recv(65_536)
        assert data, f"the mock closed the connection; unread: {self._unread!r}"
        self.received += len(data)
        self._unread += data


def trigger_body(**changes: Any) -> bytes:
    """A trigger's body; a member changed to None is left out."""
    return _without_none({"name": "my-event", "channels": ["my-channel"], "data": "hello", **changes})


def batch_item(**changes: Any) -> dict[str, Any]:
    """One event of a batch."""
    return {"channel": "my-channel", "name": "my-event", "data": "hello", **changes}


def batch_body(*items: dict[str, Any]) -> bytes:
    """A batch's body; a member of an item that is None is left out."""
    return b'{"batch":[' + b",".join(map(_without_none, items)) + b"]}"


def signed_target(
    path: str,
    body: bytes,
    *,
    method: str = "POST",
    secret: str = DEMO.secret,
    order: Sequence[str] = (),
    **changes: str | None,
) -> str:
    """Path and query of a request, signed over exactly what it carries.

    Args:
        path: the path; with the method it is part of what is signed.
        body: the body that body_md5 is taken of.
        method: the HTTP method.
        secret: the secret to sign with.
        order: the order of the parameters in the query, where it matters.
        changes: query parameters to add or to change; None leaves one out.
    """
    parameters = {
        "auth_key": DEMO.key,
        "auth_timestamp": timestamp(),
        "auth_version": AUTH_VERSION,
        "body_md5": body_md5(body),
        **changes,
    }
    pairs = [(key, value) for key, value in parameters.items() if value is not None]
    if "auth_signature" not in changes:
        pairs.append(("auth_signature", signature(secret, method, path, pairs)))
    if order:
        pairs.sort(key=lambda pair: order.index(pair[0]))
    return f"{path}?{urlencode(pairs)}"


def timestamp(shift: int = 0) -> str:
    """Now and so many seconds, as auth_timestamp has it.

    Rounded up: then 601 s either way are over 600 s, and 599 s under, for at least the next second.
    """
    return str(ceil(time()) + shift)


def request(
    target: str, body: bytes = b"", *headers: str, method: str = "POST", version: str = "HTTP/1.1"
) -> bytes:
    """A whole request with a Content-Length."""
    return request_head(target, f"Content-Length: {len(body)}", *headers, method=method, version=version) + body


def request_head(target: str, *headers: str, method: str = "POST", version: str = "HTTP/1.1") -> bytes:
    """The head of a request, its blank line included."""
    lines = [f"{method} {target} {version}", "Host: mock.test", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def publish(path: str, body: bytes, *headers: str, **changes: Any) -> bytes:
    """A whole signed request; ``changes`` go to ``signed_target``."""
    return request(signed_target(path, body, **changes), body, *headers)


def chunked(target: str, *chunks: bytes) -> bytes:
    """A whole request with a chunked body."""
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return request_head(target, "Transfer-Encoding: chunked") + framed + b"0\r\n\r\n"


def dribbled(data: bytes) -> list[bytes]:
    """Its bytes, one by one."""
    return [bytes((byte,)) for byte in data]


def ledger(endpoint: Endpoint) -> dict[str, Any]:
    """A mock's ledger, over a socket: hundreds of readings in the time httpx sets up TLS for one."""
    with Client(endpoint) as client:
        return json.loads(client.ask(request_head(LEDGER_PATH.decode(), method="GET")).body)


def ended_mock(*options: str) -> subprocess.CompletedProcess[str]:
    """``wiretax mock`` with options with which it ends by itself."""
    return run_warm("wiretax", "mock", *options, cwd=Path.cwd(), env=dict(os.environ))


@contextmanager
def started_mock(
    *options: str, env: Mapping[str, str] | None = None, secret: str = DEMO.secret
) -> Iterator[tuple[subprocess.Popen[str], Endpoint]]:
    """``wiretax mock`` as a user starts it, on a free port; ended on the way out."""
    process = subprocess.Popen(
        [sys.executable, "-m", "wiretax", "mock", "--port", "0", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    with process:
        try:
            line = process.stdout.readline().strip()
            listening = LISTENING.search(line)
            assert listening, f"expected the listening line, got {line!r}"
            app = type(DEMO)(DEMO.app_id, DEMO.key, secret)
            yield process, Endpoint("http", listening[1], int(listening[2]), app)
        finally:
            process.kill()


def _without_none(document: dict[str, Any]) -> bytes:
    kept = {key: value for key, value in document.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False).encode()
