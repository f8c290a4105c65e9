"""What a connection to the mock does whatever HTTP it speaks: counting, gating requests, bounds, back-pressure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import time
from typing import TYPE_CHECKING

import orjson

from wiretax.channels.limits import Refusal
from wiretax.mock.delivery.published import NOTHING, Published
from wiretax.mock.faults import JSON, TEXT, MockResponse
from wiretax.mock.protocols.bodies import Body
from wiretax.mock.rules import Refused

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer

MAX_HEAD_BYTES = 16_384
ACCEPTED = MockResponse(200, JSON, b"{}")
# Sweeps per idle timeout.
MAX_SWEEPS = 4
FULL = Refusal(503, "held_bytes", "too many unfinished bodies")
STALLED = Refusal(408, "stalled", "the body did not arrive in time")
LONG_HEAD = Refusal(431, "head_bytes", f"more than {MAX_HEAD_BYTES} bytes of head")


class MockConnection(asyncio.Protocol):
    """One client connection.

    Attributes:
        received: bytes read from the socket; inside TLS, the decrypted ones.
        sent: bytes written to it.
        control: whether the connection reads the ledger; such a connection is not counted.
        held: bytes of bodies that are not whole yet.
        idle_sweeps: sweeps since the connection last brought anything.
        published: events of the request that was checked last, which are still to be sent to their subscribers.
    """

    __slots__ = ("_server", "_transport", "control", "held", "idle_sweeps", "published", "received", "sent")

    _transport: asyncio.Transport

    def __init__(self, server: MockServer) -> None:
        self._server = server
        self.received = 0
        self.sent = 0
        self.control = False
        self.held = 0
        self.idle_sweeps = 0
        self.published = NOTHING

    def connection_lost(self, error: Exception | None) -> None:
        self.release(self.held)
        self._server.forget(self)

    def pause_writing(self) -> None:
        # A client that does not read its responses is not read from either.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def sweep(self) -> None:
        """Called ``MAX_SWEEPS`` times per idle timeout: close a connection that was idle."""
        self.idle_sweeps += 1
        if self.idle_sweeps > MAX_SWEEPS:
            self._transport.close()

    def hold(self, size: int) -> Refusal | None:
        """Keep more bytes of a body that is not whole yet; the refusal if that is too much."""
        server = self._server
        self.held += size
        server.held += size
        if self.held > server.max_held_here or server.held > server.max_held:
            return FULL
        return None

    def release(self, size: int) -> None:
        """Keep fewer bytes of such bodies."""
        self.held -= size
        self._server.held -= size

    def read_ledger(self) -> MockResponse:
        """The answer to a request for the ledger."""
        self.control = True
        return MockResponse(200, JSON, orjson.dumps(self._server.read_ledger()))

    def check(self, method: bytes, target: bytes, body: Body) -> tuple[MockResponse, int]:
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
        if accepted.published:
            self.published = accepted.published
        if accepted.body == b"{}":
            return ACCEPTED, events
        return MockResponse(200, JSON, accepted.body), events

    def take_published(self) -> Sequence[Published]:
        """Those of the request that was checked last, to be sent before its response."""
        published, self.published = self.published, NOTHING
        return published

    def refuse(self, refusal: Refusal) -> MockResponse:
        """Count one refused request; its answer."""
        self._server.ledger.requests += 1
        self._server.ledger.rejected[refusal.reason] += 1
        return MockResponse(refusal.status, TEXT, refusal.message.encode())

    def long_body(self) -> Refusal:
        """Why a body over the server's bound is refused."""
        return Refusal(413, "body_bytes", f"more than {self._server.max_body_bytes} bytes of body")
