"""HTTP/2 on one connection: streams, bounds, flow control, byte counts. The rules decide what a request means."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, cast

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
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings

from wiretax.channels.limits import Refusal
from wiretax.mock.delivery.published import Published
from wiretax.mock.faults import MockResponse
from wiretax.mock.ledger import LEDGER_PATH
from wiretax.mock.protocols.connection import LONG_HEAD, MAX_HEAD_BYTES, MAX_SWEEPS, STALLED, MockConnection
from wiretax.mock.protocols.frames import Frames

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer

MAX_STREAMS = 100
# RFC 9113 adds this to the size of each header field.
FIELD_BYTES = 32
NO_ERROR = ErrorCodes.NO_ERROR


class Request:
    """A request that is being received.

    Attributes:
        method: the HTTP method.
        target: path and query.
        body: the part received so far, up to the server's bound.
        sweeps: sweeps since it began.
    """

    __slots__ = ("body", "method", "sweeps", "target")

    def __init__(self, method: bytes, target: bytes) -> None:
        self.method = method
        self.target = target
        self.body = bytearray()
        self.sweeps = 0


class Http2Connection(MockConnection):
    """One client connection, with one request per open stream."""

    __slots__ = ("_frames", "_h2", "_requests", "_unanswered", "_unsent", "_unwritten")

    def __init__(self, server: MockServer) -> None:
        super().__init__(server)
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
            },
        )
        self._frames = Frames()
        self._unwritten = b""
        self._requests: dict[int, Request] = {}
        self._unsent: dict[int, bytes] = {}  # response bodies that wait for the client's window
        self._unanswered: set[int] = set()  # streams whose response is not due yet

    # called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        self._requests.clear()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self.idle_sweeps = 0
        # Frame by frame: h2 keeps the events of a read to itself if one of its frames is bad.
        for piece in self._frames.cut(data):
            if self._transport.is_closing():
                return
            self._receive(piece)
            # h2 forgets what it would send when the client's GOAWAY comes.
            self._unwritten += self._h2.data_to_send()
        self._flush()

    def _receive(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except ProtocolError as error:
            # h2 has queued a GOAWAY with the reason; the start of the next frame is unknown.
            self.refuse(Refusal(400, "http", f"not HTTP/2: {error}"))
            self._flush()
            self._transport.close()
            return
        for event in events:
            if isinstance(event, ConnectionTerminated):
                # The client has sent GOAWAY, and h2 sends nothing after that.
                self._flush()
                self._transport.close()
                return
            self._handle(event)

    def sweep(self) -> None:
        """Also refuse requests whose bodies don't arrive, whatever else the connection does."""
        super().sweep()
        if self._transport.is_closing():
            return
        for stream, request in list(self._requests.items()):
            request.sweeps += 1
            if request.sweeps > MAX_SWEEPS:
                self._drop(stream)
                self._refuse_early(stream, STALLED)
        self._flush()

    # events of h2

    def _handle(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._begin(event)
            case DataReceived():
                self._add_body(event)
            case StreamEnded():
                request = self._drop(event.stream_id)
                if request is not None:
                    self._answer(event.stream_id, request)
            case StreamReset():
                self._drop(event.stream_id)
                self._unsent.pop(event.stream_id, None)
                self._unanswered.discard(event.stream_id)
            case WindowUpdated() | RemoteSettingsChanged():
                for stream in list(self._unsent):
                    self._send_body(stream)
            case _:
                pass

    def _begin(self, event: RequestReceived) -> None:
        fields = [(bytes(name), bytes(value)) for name, value in event.headers]
        if sum(len(name) + len(value) + FIELD_BYTES for name, value in fields) > MAX_HEAD_BYTES:
            self._refuse_early(event.stream_id, LONG_HEAD)
            return
        pseudo = dict(fields)
        self._requests[event.stream_id] = Request(pseudo[b":method"], pseudo.get(b":path", b""))

    def _add_body(self, event: DataReceived) -> None:
        # The client's window grows whatever happens to the request.
        self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        request = self._requests.get(event.stream_id)
        if request is None:
            return
        request.body += event.data
        refusal = self.hold(len(event.data))
        if len(request.body) > self._server.max_body_bytes:
            refusal = self.long_body()
        if refusal is not None:
            self._drop(event.stream_id)
            self._refuse_early(event.stream_id, refusal)

    def _drop(self, stream: int) -> Request | None:
        """Take a request off those that are being received; None if it is not one of them."""
        request = self._requests.pop(stream, None)
        if request is not None:
            self.release(len(request.body))
        return request

    def _answer(self, stream: int, request: Request) -> None:
        server = self._server
        if request.target == LEDGER_PATH:
            self._send(stream, self.read_ledger())
            return
        answer, events = self.check(request.method, request.target, request.body)
        if request.method == b"HEAD":
            answer = answer._replace(body=b"")
        published = self.take_published()
        if server.queue is None:
            server.hub.publish(published)
            self._send(stream, answer)
        else:
            # Streams do not wait for each other: each response leaves when it is due.
            self._unanswered.add(stream)
            due = server.queue.due(server.clock(), events)
            server.timer.call_at(due, lambda: self._send_due(stream, answer, published))

    def _send_due(self, stream: int, answer: MockResponse, published: Sequence[Published]) -> None:
        self._server.hub.publish(published)
        if stream not in self._unanswered or self._transport.is_closing():
            return
        self._unanswered.remove(stream)
        self._send(stream, answer)
        self._flush()

    def _refuse_early(self, stream: int, refusal: Refusal) -> None:
        """Answer a request before its end, and tell the client not to send the rest."""
        self._send(stream, self.refuse(refusal))
        if stream not in self._unsent:
            with suppress(StreamClosedError):  # the request ended with what is refused here
                self._h2.reset_stream(stream, NO_ERROR)

    def _send(self, stream: int, answer: MockResponse) -> None:
        """One response. It has no date, so that its size depends on its body and the HPACK table alone."""
        status, content_type, body = answer
        fields = [(":status", str(status)), ("content-type", content_type), ("content-length", str(len(body)))]
        self._h2.send_headers(stream, fields, end_stream=not body)
        if body:
            self._unsent[stream] = body
            self._send_body(stream)

    def _send_body(self, stream: int) -> None:
        """Send as much of a response's body as the client's window allows."""
        body = self._unsent.pop(stream)
        while body:
            window = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
            if window <= 0:
                self._unsent[stream] = body
                return
            part, body = body[:window], body[window:]
            self._h2.send_data(stream, part, end_stream=not body)

    def _flush(self) -> None:
        data = self._unwritten + self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._unwritten = b""
            self.sent += len(data)
            self._transport.write(data)
