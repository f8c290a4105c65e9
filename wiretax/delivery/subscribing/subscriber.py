"""What happens on one subscriber's connection, without I/O: handshake, subscriptions, pings, events, and bytes."""

from __future__ import annotations

from collections.abc import Iterable

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI

from wiretax import __version__
from wiretax.channels.bodies.encryption import encrypted_bytes
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.websocket import messages
from wiretax.channels.websocket.decryption import Decryption, DecryptionError
from wiretax.channels.websocket.messages import Message, MessageError
from wiretax.channels.websocket.subscription import auth, kind_of, member
from wiretax.delivery.subscribing.collector import Collector

# Of a masked frame: what a client sends.
MASK_BYTES = 4
LARGEST_MESSAGE = 64 * 1024 * 1024
DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
END_OF_HEAD = b"\r\n\r\n"


class Subscriber:
    """One connection of a subscriber.

    Attributes:
        socket_id: what the server calls the connection; empty until it is established.
        pings: how many pings were sent.
        pongs: how many were answered.
        confirmed: the channels whose subscription the server confirmed.
        activity_timeout_s: after how much silence a ping should be sent.
        code: the code of a ``pusher:error`` or a close that ended it; None if none came.
        reason: the words that came with it.
        refused: why the server refused a subscription; empty if it refused none.
    """

    def __init__(self, number: int, endpoint: Endpoint, collector: Collector) -> None:
        """
        Args:
            number: the subscriber's.
            endpoint: the server, and the app that subscribes.
            collector: gets what arrives.
        """
        self.number = number
        self._endpoint = endpoint
        self._app = endpoint.app
        self._collector = collector
        self._decryption = Decryption(self._app.master_key) if self._app.master_key is not None else None
        self._member = member(str(number))
        self._reset()

    def begin(self) -> bytes:
        """Begin a new connection: the request that opens it."""
        self._reset()
        self._protocol.send_request(self._protocol.connect())
        return self._sent("handshake")

    def _reset(self) -> None:
        target = messages.path(self._app.key, self._endpoint.prefix, __version__)
        secure = self._endpoint.scheme == "https"
        path, _, query = target.partition("?")
        uri = WebSocketURI(secure, self._endpoint.host, self._endpoint.port, path, query, None, None)
        self._protocol = ClientProtocol(uri, max_size=LARGEST_MESSAGE)
        self._head = b""  # of the response, as far as it has come
        self._parts: list[bytes] = []
        self._parts_header = 0
        self.socket_id = ""
        self.confirmed: set[str] = set()
        self.pings = self.pongs = 0
        self.activity_timeout_s = 120.0
        self.code: int | None = None
        self.reason = self.refused = ""

    def receive(self, data: bytes, arrived_s: float) -> bytes:
        """Take what was read from the socket; what is to be sent in reply.

        Args:
            data: the bytes; empty at the end.
            arrived_s: when the read returned, seconds on ``time.monotonic``.
        """
        protocol = self._protocol
        if protocol.state is State.CONNECTING:
            self._count_handshake(data)
        try:
            protocol.receive_data(data) if data else protocol.receive_eof()
        except (WebSocketException, EOFError) as error:
            self.reason = self.reason or str(error)
        out = b""
        for event in protocol.events_received():
            if isinstance(event, Frame):
                out += self._take(event, arrived_s)
            elif isinstance(event, Response) and protocol.handshake_exc is not None:
                self.reason = _without_body(event, protocol.handshake_exc)
        return out + self._sent("control")

    @property
    def is_over(self) -> bool:
        """Whether the connection is to be closed: the WebSocket has ended."""
        # Until the server's close has come, what it sent before may still be on its way.
        protocol = self._protocol
        refused = protocol.handshake_exc is not None
        return refused or protocol.state is State.CLOSED or protocol.close_rcvd is not None

    def subscribe(self, channels: Iterable[str]) -> bytes:
        """Ask for the events of channels: what is to be sent. The connection must be established."""
        out = b""
        for channel in channels:
            channel_data = self._member if kind_of(channel) == "presence" else ""
            signature = auth(self._app, self.socket_id, channel, channel_data)
            out += self._send(messages.subscribe(channel, signature, channel_data))
        return out

    def unsubscribe(self, channels: Iterable[str]) -> bytes:
        """Ask for no more events of channels: what is to be sent."""
        out = b""
        for channel in channels:
            self.confirmed.discard(channel)
            out += self._send(messages.unsubscribe(channel))
        return out

    def ping(self) -> bytes:
        """Ask the server for a sign of life, which comes after everything before it: what is to be sent."""
        self.pings += 1
        return self._send(messages.ping())

    def close(self) -> bytes:
        """End the connection: what is to be sent."""
        if self._protocol.state is not State.OPEN:
            return b""
        self._protocol.send_close(1000)
        return self._sent("control")

    def _send(self, message: bytes) -> bytes:
        if self._protocol.state is not State.OPEN:
            return b""
        self._protocol.send_text(message)
        return self._sent("protocol")

    def _sent(self, layer: str) -> bytes:
        """What the WebSocket has to send, counted in a layer."""
        out = b"".join(self._protocol.data_to_send())
        setattr(self._collector, layer, getattr(self._collector, layer) + len(out))
        return out

    def _count_handshake(self, data: bytes) -> None:
        """Count the part of what was read that belongs to the response to the handshake."""
        before = len(self._head)
        self._head += data
        end = self._head.find(END_OF_HEAD)
        whole = len(self._head) if end < 0 else end + len(END_OF_HEAD)
        self._collector.handshake += whole - before

    def _take(self, frame: Frame, arrived_s: float) -> bytes:
        size = len(frame.data)
        header = 2 if size < 126 else 4 if size < 65_536 else 10
        if frame.opcode not in DATA:
            self._collector.control += header + size
            if frame.opcode is Opcode.CLOSE and size:
                close = Close.parse(bytes(frame.data))
                self.code, self.reason = close.code, self.reason or close.reason
            return b""
        if not frame.fin or self._parts:
            self._parts.append(bytes(frame.data))
            self._parts_header += header
            if not frame.fin:
                return b""
            text, header = b"".join(self._parts), self._parts_header
            self._parts, self._parts_header = [], 0
        else:
            text = bytes(frame.data)
        return self._handle(text, header, arrived_s)

    def _handle(self, text: bytes, header: int, arrived_s: float) -> bytes:
        collector = self._collector
        try:
            message = messages.parse(text)
        except MessageError:
            # Not the Pusher protocol: nobody else's bytes either.
            collector.protocol += header + len(text)
            return b""
        if message.is_reserved:
            collector.protocol += header + len(text)
            return self._answer(message)
        data, added = message.data, 0
        is_encrypted = kind_of(message.channel) == "encrypted"
        if is_encrypted and self._decryption is None:
            # Its size inside can be read without the key.
            within = encrypted_bytes(data)
            added = 0 if within is None else len(data) - within
        elif is_encrypted and self._decryption is not None:
            try:
                plain = self._decryption.data(message.channel, data)
            except DecryptionError as error:
                collector.give_up(str(error))
            else:
                added = len(data) - len(plain.encode())
                data = plain
        payload = len(data) if data.isascii() else len(data.encode())
        if is_encrypted and self._decryption is None:
            payload -= added
        collector.messages += 1
        collector.frame_header += header
        collector.payload += payload
        collector.encryption += added
        collector.envelope += len(text) - payload - added
        collector.add(self.number, message.channel, message.event, data, arrived_s)
        return b""

    def _answer(self, message: Message) -> bytes:
        """Take a message of the protocol: what is to be sent in reply."""
        if message.event == messages.PING:
            return self._send(messages.pong())
        if message.event == messages.ESTABLISHED:
            found = message.document()
            self.socket_id = str(found.get("socket_id", ""))
            timeout = found.get("activity_timeout", self.activity_timeout_s)
            self.activity_timeout_s = (
                float(timeout) if isinstance(timeout, int | float) else self.activity_timeout_s
            )
        elif message.event == messages.PONG:
            self.pongs += 1
        elif message.event == messages.SUCCEEDED:
            self.confirmed.add(message.channel)
        elif message.event == messages.SUBSCRIPTION_ERROR:
            words = message.document().get("error") or message.data
            self.refused = f"the subscription to {message.channel} was refused: {words}"
        elif message.event == messages.ERROR:
            found = message.document()
            code = found.get("code")
            self.reason = str(found.get("message", ""))
            if isinstance(code, int):
                self.code = code
        return b""


def _without_body(response: Response, error: Exception) -> str:
    """Why a server did not accept a WebSocket, in a line."""
    if isinstance(error, InvalidHandshake) and response.status_code != 101:
        return f"the server answered {response.status_code} {response.reason_phrase} instead of a WebSocket"
    return str(error)
