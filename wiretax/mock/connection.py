"""What a connection to the mock does whatever HTTP it speaks: counting, gating requests, bounds, back-pressure."""

from __future__ import annotations

import asyncio
from time import time
from typing import TYPE_CHECKING

import orjson

from wiretax.channels.limits import Refusal
from wiretax.mock.faults import JSON, TEXT, MockResponse
from wiretax.mock.rules import Refused

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer

MAX_HEAD_BYTES = 16_384
ACCEPTED = MockResponse(200, JSON, b"{}")
LONG_HEAD = Refusal(431, "head_bytes", f"more than {MAX_HEAD_BYTES} bytes of head")


class MockConnection(asyncio.Protocol):
    """One client connection.

    Attributes:
        received: bytes read from the socket; inside TLS, the decrypted ones.
        sent: bytes written to it.
        control: whether the connection reads the ledger; such a connection is not counted.
        idle_sweeps: sweeps since the connection last brought anything.
    """

    __slots__ = ("_server", "_transport", "control", "idle_sweeps", "received", "sent")

    _transport: asyncio.Transport

    def __init__(self, server: MockServer) -> None:
        self._server = server
        self.received = 0
        self.sent = 0
        self.control = False
        self.idle_sweeps = 0

    def connection_lost(self, error: Exception | None) -> None:
        self._server.forget(self)

    def pause_writing(self) -> None:
        # A client that does not read its responses is not read from either.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def close_idle(self) -> None:
        """Close a connection that was idle for too long, between requests or inside one."""
        self._transport.close()

    def read_ledger(self) -> MockResponse:
        """The answer to a request for the ledger."""
        self.control = True
        return MockResponse(200, JSON, orjson.dumps(self._server.read_ledger()))

    def check(self, method: bytes, target: bytes, body: bytes) -> tuple[MockResponse, int]:
        """Count one request and check it: its answer, and how many events of it are accepted."""
        server = self._server
        ledger = server.ledger
        try:
            accepted = server.rules.check(method, target.decode("latin-1"), body, time())
        except Refused as refused:
            return self.refuse(refused.refusal), 0
        ledger.requests += 1
        events = accepted.events
        ledger.events += events
        ledger.messages += accepted.messages
        if accepted.body == b"{}":
            return ACCEPTED, events
        return MockResponse(200, JSON, accepted.body), events

    def refuse(self, refusal: Refusal) -> MockResponse:
        """Count one refused request; its answer."""
        self._server.ledger.requests += 1
        self._server.ledger.rejected[refusal.reason] += 1
        return MockResponse(refusal.status, TEXT, refusal.message.encode())

    def long_body(self) -> Refusal:
        """Why a body over the server's bound is refused."""
        return Refusal(413, "body_bytes", f"more than {self._server.max_body_bytes} bytes of body")
