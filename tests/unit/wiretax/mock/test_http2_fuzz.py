"""The mock's HTTP/2 with any frames in any pieces: it answers or ends, and never takes what is not signed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from hpack import Decoder, Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from hypothesis import example, given
from hypothesis import strategies as st
from mock_client import EVENTS, signed_target, trigger_body
from served import connect, cut, feed, mock_server

from wiretax.mock.protocols.bodies import Body
from wiretax.mock.protocols.http2 import Http2Connection
from wiretax.mock.rules import Accepted, Rules
from wiretax.mock.server import MockServer

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize()
BODY = trigger_body()
LIMIT = 2000
LONG = b"x" * LIMIT

Op = tuple[str, int, int, bool]


class WatchedRules(Rules):
    """Keeps the bodies that were accepted."""

    taken: list[bytes]

    def check(self, method: bytes, target: str, body: Body, now: float) -> Accepted:
        accepted = super().check(method, target, body, now)
        self.taken.append(bytes(body))
        return accepted


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with mock_server() as server:
        server.rules = WatchedRules(server.options.app, server.options.limits)
        server.max_body_bytes, server.max_held_here, server.max_held = LIMIT, 2 * LIMIT, 3 * LIMIT
        yield server


def fields(which: int) -> list[tuple[str, str]]:
    head = [(":method", "POST"), (":scheme", "https"), (":authority", "mock.test")]
    if which == 0:
        return [*head, (":path", signed_target(EVENTS, BODY))]
    if which == 1:
        return [*head, (":path", signed_target(EVENTS, BODY, secret="another"))]
    if which == 2:
        return [*head, (":path", "/"), ("x-long", "x" * 17_000)]
    if which == 3:
        return [*head[:2], (":path", "/"), ("host", "a"), ("host", "b")]
    if which == 4:
        return [(":method", "CONNECT"), (":authority", "mock.test")]
    if which == 5:
        return [*head, (":path", signed_target(EVENTS, BODY)), ("content-length", "3")]
    return [("x-trailer", "x")]


def frames(op: Op, encoder: Encoder) -> list[Frame]:
    kind, stream, which, end = op
    flags = ["END_STREAM"] if end else []
    match kind:
        case "head":
            # Packing a long field would take longer than all else.
            block = encoder.encode(fields(which % 7), huffman=which % 7 != 2)
            parts = [block[start : start + 16_000] for start in range(0, len(block), 16_000)]
            if which == 7 and len(block) > 20:
                parts = [block[:20], block[20:]]
            heads: list[Frame] = [HeadersFrame(stream, parts[0], flags=flags)]
            heads += [ContinuationFrame(stream, part) for part in parts[1:]]
            heads[-1].flags.add("END_HEADERS")
            return heads
        case "request":
            block = encoder.encode(fields(0))
            return [
                HeadersFrame(stream, block, flags=["END_HEADERS"]),
                DataFrame(stream, BODY, flags=["END_STREAM"]),
            ]
        case "data":
            return [DataFrame(stream, [BODY, b"", LONG, b"x"][which % 4], flags=flags)]
        case "reset":
            return [RstStreamFrame(stream, which)]
        case "window":
            return [WindowUpdateFrame(0 if end else stream, [0, 1, 70_000, 2**31 - 1][which % 4])]
        case "settings":
            return [SettingsFrame(0, [{4: 0}, {4: 2**31 - 1}, {1: 0}, {5: 16_384}][which % 4])]
        case "ping":
            return [PingFrame(0, b"12345678", flags=["ACK"] if end else [])]
        case "priority":
            return [PriorityFrame(stream, depends_on=which, stream_weight=3)]
        case _:
            return [GoAwayFrame(0, stream)]


KINDS = ["request", "head", "data", "reset", "window", "settings", "ping", "priority", "goodbye"]
# Most ops are of few streams, so that they meet. One draw for each, as four take longer than the mock does.
OPS = st.sampled_from(list(product(KINDS[:4] * 4 + KINDS, [1, 3, 5, 7, 9, 2], range(8), [False, True])))
NOISE = st.tuples(st.integers(0, 600), st.binary(max_size=12), st.integers(0, 3))
CUTS = st.lists(st.integers(1, 2000), max_size=12)


def sent(ops: list[Op], noise: tuple[int, bytes, int] | None) -> bytes:
    encoder = Encoder()
    raw = PREFACE + b"".join(frame.serialize() for op in ops for frame in frames(op, encoder))
    if noise is None:
        return raw
    at = noise[0] % (len(raw) + 1)
    return raw[:at] + noise[1] + raw[at + noise[2] :]


def answer(server: MockServer, pieces: list[bytes]) -> tuple[dict[int, str], list[bytes], bool]:
    """The status of each stream, the bodies that were accepted, and whether the mock closed."""
    rules = server.rules
    assert isinstance(rules, WatchedRules)
    rules.taken = []
    connection, transport = connect(Http2Connection, server)
    feed(connection, transport, pieces)
    connection.sweep()
    statuses: dict[int, str] = {}
    decoder = Decoder()
    written = memoryview(bytes(transport.written))
    while written:
        frame, length = Frame.parse_frame_header(written[:9])
        frame.parse_body(written[9 : 9 + length])
        written = written[9 + length :]
        if isinstance(frame, HeadersFrame):
            assert frame.stream_id not in statuses
            statuses[frame.stream_id] = dict(decoder.decode(frame.data))[":status"]
    assert connection.sent == len(transport.written)
    connection.connection_lost(None)
    assert server.held == 0
    return statuses, rules.taken, transport.closed


# The client's goodbye in the same read as its last request.
@example([("request", 1, 0, True), ("goodbye", 0, 0, True)], None, [-17])
@given(st.lists(OPS, max_size=8), st.none() | NOISE, CUTS)
def test_any_frames_in_any_pieces_are_answered_alike(
    server: MockServer, ops: list[Op], noise: tuple[int, bytes, int] | None, cuts: list[int]
) -> None:
    raw = sent(ops, noise)
    whole = answer(server, [raw])
    assert all(body == BODY for body in whole[1])
    assert len(whole[1]) <= sum(op[0] in ("request", "data") for op in ops)
    assert answer(server, cut(raw, cuts)) == whole
