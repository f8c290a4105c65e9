"""One subscriber of the mock: a WebSocket connection that speaks the Pusher protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import randrange
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from wiretax.channels.limits import Limits, refuse_channel
from wiretax.channels.websocket import close_codes, messages
from wiretax.channels.websocket.messages import Message, MessageError
from wiretax.channels.websocket.subscription import auth, kind_of
from wiretax.mock.delivery.members import Members

if TYPE_CHECKING:
    from wiretax.mock.server import MockServer

# Sweeps without a message, per idle timeout, before a ping is sent, and until the connection is closed.
SILENT_SWEEPS, LOST_SWEEPS = 4, 8
LARGEST_ID = 1_000_000_000


class WebSocketConnection(asyncio.Protocol):
    """A connection whose HTTP request asked for a WebSocket.

    Attributes:
        socket_id: what the connection is called.
        idle_sweeps: sweeps since the client last sent anything.
    """

    __slots__ = ("_channels", "_parts", "_protocol", "_server", "_transport", "idle_sweeps", "socket_id")

    def __init__(self, server: MockServer, transport: asyncio.Transport) -> None:
        self._server = server
        self._transport = transport
        self._protocol = ServerProtocol()
        self._channels: set[str] = set()
        self._parts = b""  # of a message that comes in several frames
        self.socket_id = f"{randrange(LARGEST_ID)}.{randrange(LARGEST_ID)}"
        self.idle_sweeps = 0

    # called by asyncio

    def data_received(self, data: bytes) -> None:
        self._server.hub.ledger.received_bytes += len(data)
        self.idle_sweeps = 0
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._begin(event)
            elif isinstance(event, Frame):
                self._take(event)
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        self._leave_all()
        self._server.hub.connections.discard(self)

    def eof_received(self) -> None:
        self._protocol.receive_eof()

    def deliver(self, frames: Sequence[bytes]) -> None:
        """Send events, unless too much of what was sent before has not left yet."""
        ledger = self._server.hub.ledger
        if self._transport.get_write_buffer_size() > self._server.hub.backpressure_bytes:
            ledger.dropped += len(frames)
            return
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        ledger.messages += len(frames)
        ledger.message_bytes += len(data)
        ledger.sent_bytes += len(data)
        self._transport.write(data)

    @staticmethod
    def frame(message: bytes) -> bytes:
        """A message in a frame, which is the same for all subscribers."""
        return Frame(Opcode.TEXT, message).serialize(mask=False)

    def send(self, message: bytes) -> None:
        """Send a message of the protocol."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(message)
            self._flush()

    def disconnect(self, code: int, reason: str = "") -> None:
        """Close the connection, after a message that says why."""
        self._leave_all()
        if self._protocol.state is State.OPEN:
            self.send(messages.error(reason or close_codes.NAMES[code], code))
            self._protocol.send_close(code, reason or close_codes.NAMES[code])
            self._flush()

    def sweep(self) -> None:
        """Called four times per idle timeout: ask a silent client for a sign of life, and close if none came."""
        self.idle_sweeps += 1
        if self.idle_sweeps > LOST_SWEEPS:
            self.disconnect(close_codes.NO_PONG)
        elif self.idle_sweeps == SILENT_SWEEPS:
            self.send(messages.ping())

    def _begin(self, request: Request) -> None:
        """Accept the WebSocket, and the client if its path has this app's key and a known version."""
        self._protocol.send_response(self._protocol.accept(request))
        self._flush()
        if self._protocol.state is not State.OPEN:
            return
        self._server.hub.ledger.connections += 1
        parts = urlsplit(request.path)
        version = parse_qs(parts.query).get("protocol", [""])[0]
        if parts.path.rpartition("/")[2] != self._server.options.app.key:
            self.disconnect(close_codes.NO_APP)
        elif not version:
            self.disconnect(close_codes.NO_PROTOCOL)
        elif not (version.isascii() and version.isdigit()):
            self.disconnect(close_codes.BAD_VERSION)
        elif int(version) not in messages.PROTOCOLS:
            self.disconnect(close_codes.WRONG_PROTOCOL)
        else:
            self.send(messages.established(self.socket_id, round(self._server.options.idle_timeout)))

    def _take(self, frame: Frame) -> None:
        """Take one frame; the WebSocket protocol answers those that are its own."""
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        self._parts += frame.data
        if not frame.fin:
            return
        text, self._parts = self._parts, b""
        try:
            message = messages.parse(text)
        except MessageError as error:
            self.send(messages.error(str(error), None))
            return
        if message.event == messages.PING:
            self.send(messages.pong())
        elif message.event == messages.SUBSCRIBE:
            self._subscribe(message)
        elif message.event == messages.UNSUBSCRIBE:
            self._leave(str(message.document().get("channel", "")))

    def _subscribe(self, message: Message) -> None:
        asked = message.document()
        channel, channel_data = str(asked.get("channel", "")), str(asked.get("channel_data") or "")
        refusal = refuse_channel(channel, Limits())
        if refusal is not None:
            self.send(messages.error(refusal.message, None))
            return
        kind, app, members = kind_of(channel), self._server.options.app, self._server.members
        if auth(app, self.socket_id, channel, channel_data) != (asked.get("auth") or ""):
            reason = f"the signature of the subscription to {channel} is missing or wrong"
            self.send(messages.subscription_error(channel, reason))
            return
        if kind == "presence" and not Members.is_member(channel_data):
            self.send(messages.subscription_error(channel, f"{channel} needs channel_data with a user_id"))
            return
        if channel in self._channels:
            return
        self._channels.add(channel)
        if kind == "presence":
            members.join(channel, self, channel_data)
        self.send(messages.succeeded(channel, members.of(channel) if kind == "presence" else "{}"))
        self._server.hub.subscribe(channel, self)

    def _leave(self, channel: str) -> None:
        self._channels.discard(channel)
        self._server.hub.unsubscribe(channel, self)
        self._server.members.leave(channel, self)

    def _leave_all(self) -> None:
        for channel in list(self._channels):
            self._leave(channel)

    def _flush(self) -> None:
        """Send what the WebSocket protocol has to send; empty data ends the connection."""
        for data in self._protocol.data_to_send():
            if data:
                self._server.hub.ledger.sent_bytes += len(data)
                self._transport.write(data)
            else:
                self._transport.close()
