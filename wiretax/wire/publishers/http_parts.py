"""Splitting the bytes that a library wrote and read into the parts of an exchange: HTTP/1.1 and HTTP/2.

In HTTP/2, the 9 bytes of a frame's head count with what the frame carries. HEADERS and CONTINUATION are the head,
DATA the body, everything else (preface, SETTINGS, WINDOW_UPDATE, PING, GOAWAY, RST_STREAM) framing. A header block
is split field by field by an encoder whose table is the same as the library's:

- request_line: ``:method``, ``:scheme``, and ``:path`` as if it had no query;
- auth_query: the rest of ``:path``;
- headers: ``:authority``, all other fields, and the frames' heads.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Protocol

from hpack import Decoder, Encoder, HeaderTuple

from wiretax.wire.connections.response import refuse_long
from wiretax.wire.parts import Parts

BLANK_LINE = b"\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEAD = Struct("!HBBBL")
SETTING = Struct("!HL")
DATA, HEADERS, SETTINGS, CONTINUATION = 0x0, 0x1, 0x4, 0x9
ACK, PADDED, PRIORITY = 0x1, 0x8, 0x20
END_HEADERS = 0x4
HEADER_TABLE_SIZE = 0x1
PRIORITY_BYTES = 5


class ModelError(Exception):
    """The bytes that a library wrote are not those of the model."""


class PartsReader(Protocol):
    """Gets the bytes of one connection, and splits them into parts at the end of each exchange."""

    def sent(self, data: bytes) -> None: ...

    def received(self, data: bytes) -> None: ...

    def finish(self) -> Parts:
        """The parts of the exchange since the last call. Raises ModelError if the bytes can't be split."""
        ...


class Http1Parts:
    """One request and its response, as text."""

    __slots__ = ("_received", "_sent")

    def __init__(self) -> None:
        self._sent = self._received = b""

    def sent(self, data: bytes) -> None:
        self._sent += data

    def received(self, data: bytes) -> None:
        self._received += data
        refuse_long(len(self._received))

    def finish(self) -> Parts:
        sent, received = self._sent, self._received
        self._sent = self._received = b""
        head = sent.find(BLANK_LINE) + len(BLANK_LINE)
        answer_head = received.find(BLANK_LINE) + len(BLANK_LINE)
        if head < len(BLANK_LINE) or answer_head < len(BLANK_LINE):
            raise ModelError("an exchange without a head")
        line = sent.find(b"\r\n") + len(b"\r\n")
        query_at = sent.find(b"?", 0, line)
        query = sent.find(b" ", query_at) - query_at if query_at >= 0 else 0
        return Parts(
            request_line=line - query,
            auth_query=query,
            header=head - line,
            body=len(sent) - head,
            response_head=answer_head,
            response_body=len(received) - answer_head,
        )


class Frames:
    """Cuts one direction of a connection into frames."""

    __slots__ = ("_data", "_take")

    def __init__(self, take: Callable[[int, int, bytes], None]) -> None:
        """``take``: called with each frame's type, flags and payload."""
        self._take = take
        self._data = b""

    @property
    def pending(self) -> int:
        """Bytes of an incomplete frame."""
        return len(self._data)

    def feed(self, data: bytes) -> None:
        data = self._data + data
        at = 0
        while len(data) - at >= FRAME_HEAD.size:
            high, low, kind, flags, _ = FRAME_HEAD.unpack_from(data, at)
            end = at + FRAME_HEAD.size + (high << 8 | low)
            if len(data) < end:
                break
            self._take(kind, flags, data[at + FRAME_HEAD.size : end])
            at = end
        self._data = data[at:]


class Http2Parts:
    """The frames of one connection, with a model of its HPACK table."""

    __slots__ = ("_block", "_decoder", "_encoder", "_incoming", "_outgoing", "_parts", "_paths", "_preface")

    def __init__(self) -> None:
        self._outgoing, self._incoming = Frames(self._take_sent), Frames(self._take_received)
        self._decoder, self._encoder = Decoder(), Encoder()
        self._parts = Parts()
        self._block = b""
        self._preface = PREFACE
        self._paths: dict[bytes, int] = {}

    def sent(self, data: bytes) -> None:
        if self._preface:
            if not data.startswith(self._preface):
                raise ModelError("a connection that does not begin with HTTP/2's preface")
            self._parts.framing_sent += len(self._preface)
            data, self._preface = data[len(self._preface) :], b""
        self._outgoing.feed(data)

    def received(self, data: bytes) -> None:
        self._incoming.feed(data)

    def finish(self) -> Parts:
        parts, self._parts = self._parts, Parts()
        if self._outgoing.pending or self._incoming.pending:
            raise ModelError("an exchange that ended inside a frame")
        return parts

    def _take_sent(self, kind: int, flags: int, payload: bytes) -> None:
        size = FRAME_HEAD.size + len(payload)
        if kind == DATA:
            self._parts.body += size
        elif kind in (HEADERS, CONTINUATION):
            fragment = _without_padding(flags, payload) if kind == HEADERS else payload
            self._parts.header += size - len(fragment)
            self._block += fragment
            if flags & END_HEADERS:
                block, self._block = self._block, b""
                self._split(block)
        else:
            self._parts.framing_sent += size

    def _take_received(self, kind: int, flags: int, payload: bytes) -> None:
        size = FRAME_HEAD.size + len(payload)
        if kind == DATA:
            self._parts.response_body += size
        elif kind in (HEADERS, CONTINUATION):
            self._parts.response_head += size
        else:
            self._parts.framing_received += size
            if kind == SETTINGS and not flags & ACK:
                self._take_settings(payload)

    def _take_settings(self, payload: bytes) -> None:
        for setting, value in SETTING.iter_unpack(payload):
            if setting == HEADER_TABLE_SIZE:
                self._encoder.header_table_size = value
                self._decoder.max_allowed_table_size = value

    def _split(self, block: bytes) -> None:
        """Encode a header block's fields one by one, and check that together they are the block."""
        parts = self._parts
        modelled = b""
        for field in self._decoder.decode(block, raw=True):
            encoded = self._encoder.encode([field])
            modelled += encoded
            if field[0] == b":path":
                line = min(self._line_share(field), len(encoded))
                parts.request_line += line
                parts.auth_query += len(encoded) - line
            elif field[0] in (b":method", b":scheme"):
                parts.request_line += len(encoded)
            else:
                parts.header += len(encoded)
        if modelled != block:
            raise ModelError(f"a head of {len(block)} bytes, {len(modelled)} by the model of its HPACK table")

    def _line_share(self, field: HeaderTuple) -> int:
        """The bytes of ``:path`` without its query, encoded with an empty table."""
        path = bytes(field[1]).partition(b"?")[0]
        share = self._paths.get(path)
        if share is None:
            share = self._paths[path] = len(Encoder().encode([(b":path", path)]))
        return share


def _without_padding(flags: int, payload: bytes) -> bytes:
    begin, end = 0, len(payload)
    if flags & PADDED:
        begin, end = 1, len(payload) - payload[0]
    if flags & PRIORITY:
        begin += PRIORITY_BYTES
    return payload[begin:end]
