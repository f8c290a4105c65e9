"""HTTP/2 on one connection: streams, bounds, flow control, byte counts. What a request means is for the rules."""

from __future__ import annotations

import asyncio
from time import time
from typing import TYPE_CHECKING, cast

import orjson
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from wiretax.channels.limits import Refusal
from wiretax.mock.http1 import LEDGER_PATH, MAX_HEAD_BYTES
from wiretax.mock.rules import Refused

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
MOST_STREAMS = 100
# What RFC 9113 adds to each field of a head when it is measured.
FIELD_BYTES = 32
NO_ERROR = ErrorCodes.NO_ERROR


class Request:
    """A request as far as it came.

    Attributes:
        method: of the head.
        target: path and query.
        body: what came of it, up to the server's bound.
    """

    __slots__ = ("body", "method", "target")

    def __init__(self, method: bytes, target: bytes) -> None:
        self.method = method
        self.target = target
        self.body = bytearray()


class Http2Connection(asyncio.Protocol):
    """One client connection, with as many requests at a time as it has streams.

    Attributes:
        received: bytes taken from the connection, inside TLS.
        sent: bytes handed to it.
        control: whether the connection reads the ledger; such a connection is not counted.
        quiet: sweeps since the connection last brought anything.
    """

    __slots__ = (
        "_h2",
        "_owed",
        "_requests",
        "_server",
        "_transport",
        "_unsent",
        "control",
        "quiet",
        "received",
        "sent",
    )

    def __init__(self, server: MockServer) -> None:
        self._server = server
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MOST_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
            },
        )
        self._requests: dict[int, Request] = {}
        self._unsent: dict[int, bytes] = {}  # bodies of answers that wait for the client's window
        self._owed: set[int] = set()  # streams whose answers are not due yet
        self.received = 0
        self.sent = 0
        self.control = False
        self.quiet = 0

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        self._server.forget(self)

    def pause_writing(self) -> None:
        # A client that does not read its answers is not read from either.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self.quiet = 0
        try:
            events = self._h2.receive_data(data)
        except ProtocolError as error:
            # h2 has a GOAWAY ready that says why; where the next frame would begin is unknown.
            self._count_refusal(Refusal(400, "http", f"not HTTP/2: {error}"))
            self._flush()
            self._transport.close()
            return
        if any(isinstance(event, ConnectionTerminated) for event in events):
            # Its client has said goodbye, and h2 lets nothing out after that.
            self._transport.close()
            return
        # A client may take a request back in the same breath.
        gone = {event.stream_id for event in events if isinstance(event, StreamReset)}
        for event in events:
            if not (isinstance(event, RequestReceived | StreamEnded) and event.stream_id in gone):
                self._handle(event)
        self._flush()

    def close_idle(self) -> None:
        """Close a connection that brought nothing for too long, whether between requests or inside one."""
        self._transport.close()

    # h2's side

    def _handle(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._begin(event)
            case DataReceived():
                self._take(event)
            case StreamEnded():
                request = self._requests.pop(event.stream_id, None)
                if request is not None:
                    self._answer(event.stream_id, request)
            case StreamReset():
                self._requests.pop(event.stream_id, None)
                self._unsent.pop(event.stream_id, None)
                self._owed.discard(event.stream_id)
            case WindowUpdated() | RemoteSettingsChanged():
                for stream in list(self._unsent):
                    self._send_body(stream)
            case _:
                pass

    def _begin(self, event: RequestReceived) -> None:
        fields = [(bytes(name), bytes(value)) for name, value in event.headers]
        if sum(len(name) + len(value) + FIELD_BYTES for name, value in fields) > MAX_HEAD_BYTES:
            self._give_up(event.stream_id, Refusal(431, "head_bytes", f"more than {MAX_HEAD_BYTES} bytes of head"))
            return
        pseudo = dict(fields)
        self._requests[event.stream_id] = Request(pseudo[b":method"], pseudo.get(b":path", b""))

    def _take(self, event: DataReceived) -> None:
        # Read is read: what the client may send does not depend on what becomes of it.
        self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        request = self._requests.get(event.stream_id)
        if request is None:
            return
        request.body += event.data
        most = self._server.max_body_bytes
        if len(request.body) > most:
            del self._requests[event.stream_id]
            self._give_up(event.stream_id, Refusal(413, "body_bytes", f"more than {most} bytes of body"))

    def _answer(self, stream: int, request: Request) -> None:
        server = self._server
        if request.target == LEDGER_PATH:
            self.control = True
            self._send(stream, 200, JSON, orjson.dumps(server.read_ledger()))
            return
        ledger = server.ledger
        ledger.requests += 1
        events = 0
        try:
            accepted = server.rules.check(
                request.method, request.target.decode("latin-1"), bytes(request.body), time()
            )
        except Refused as refused:
            refusal = refused.refusal
            ledger.rejected[refusal.reason] += 1
            body = b"" if request.method == b"HEAD" else refusal.message.encode()
            answer = (refusal.status, TEXT, body)
        else:
            events = accepted.events
            ledger.events += events
            ledger.messages += accepted.messages
            answer = (200, JSON, accepted.body)
        if server.queue is None:
            self._send(stream, *answer)
        else:
            # Streams do not wait for each other: each answer leaves when it is due.
            self._owed.add(stream)
            due = server.queue.due(server.clock(), events)
            server.alarm.call_at(due, lambda: self._pay(stream, answer))

    def _pay(self, stream: int, answer: tuple[int, str, bytes]) -> None:
        if stream not in self._owed or self._transport.is_closing():
            return
        self._owed.remove(stream)
        self._send(stream, *answer)
        self._flush()

    def _give_up(self, stream: int, refusal: Refusal) -> None:
        """Answer a request before its end, and tell the client that the rest of it is not wanted."""
        self._count_refusal(refusal)
        self._send(stream, refusal.status, TEXT, refusal.message.encode())
        if stream not in self._unsent:
            self._h2.reset_stream(stream, NO_ERROR)

    def _count_refusal(self, refusal: Refusal) -> None:
        self._server.ledger.requests += 1
        self._server.ledger.rejected[refusal.reason] += 1

    def _send(self, stream: int, status: int, content_type: str, body: bytes) -> None:
        """One response. No date, so that its size depends on nothing but its body and the connection's table."""
        fields = [(":status", str(status)), ("content-type", content_type), ("content-length", str(len(body)))]
        self._h2.send_headers(stream, fields, end_stream=not body)
        if body:
            self._unsent[stream] = body
            self._send_body(stream)

    def _send_body(self, stream: int) -> None:
        """As much of an answer's body as the client's window has room for."""
        body = self._unsent.pop(stream)
        while body:
            room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
            if room <= 0:
                self._unsent[stream] = body
                return
            piece, body = body[:room], body[room:]
            self._h2.send_data(stream, piece, end_stream=not body)

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self.sent += len(data)
            self._transport.write(data)
