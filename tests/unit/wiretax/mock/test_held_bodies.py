"""Bodies that don't become whole: bounded on a connection and in all, and refused after a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import Event, ResponseReceived, StreamReset
from mock_client import EVENTS, chunked, publish, request_head, signed_target, trigger_body
from served import KeptTransport, connect, feed, mock_server, responses

from wiretax.mock.protocols.connection import MAX_SWEEPS
from wiretax.mock.protocols.http1 import MAX_FRAMING_BYTES, Http1Connection
from wiretax.mock.protocols.http2 import Http2Connection
from wiretax.mock.server import MockServer

BODY = trigger_body()
HEAD = request_head(EVENTS, "Content-Length: 1000")
PIECE = 900


@pytest.fixture
def server() -> Iterator[MockServer]:
    """Holds two pieces on a connection, and five in all."""
    with mock_server() as server:
        server.max_held_here, server.max_held = 2 * PIECE, 5 * PIECE
        yield server


class Peer:
    """The client of one HTTP/2 connection to the mock."""

    def __init__(self, server: MockServer) -> None:
        self.connection, self.transport = connect(Http2Connection, server)
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()

    def begin(self, body: bytes, path: str = EVENTS, end: bool = False) -> int:
        """Begin a request with this part of its body; the stream."""
        stream = self.h2.get_next_available_stream_id()
        head = {":method": "POST", ":scheme": "https", ":authority": "mock.test", ":path": path}
        self.h2.send_headers(stream, list(head.items()))
        self.h2.send_data(stream, body, end_stream=end)
        return stream

    def hear(self) -> list[Event]:
        """Deliver what was sent; what the mock says to it."""
        self.connection.data_received(self.h2.data_to_send())
        said = bytes(self.transport.written)
        self.transport.written.clear()
        return self.h2.receive_data(said)

    def outcomes(self) -> dict[int, tuple[str, ...]]:
        """By stream, its status and whether it was reset."""
        found: dict[int, tuple[str, ...]] = {}
        for event in self.hear():
            if isinstance(event, ResponseReceived):
                found[event.stream_id] = (dict(event.headers)[":status"],)
            elif isinstance(event, StreamReset):
                assert event.error_code == ErrorCodes.NO_ERROR
                found[event.stream_id] = (*found[event.stream_id], "reset")
        return found


def statuses(transport: KeptTransport) -> list[int]:
    return [status for status, _ in responses(bytes(transport.written))]


def test_unfinished_bodies_on_many_connections_are_bounded_in_all(server: MockServer) -> None:
    ends = [connect(Http1Connection, server) for _ in range(8)]
    for connection, transport in ends:
        feed(connection, transport, [HEAD + b"x" * PIECE])
    assert [statuses(transport) for _, transport in ends] == [[]] * 5 + [[503]] * 3
    assert server.held == 5 * PIECE
    assert server.ledger.rejected == {"held_bytes": 3}
    # A body that becomes whole, or whose client leaves, makes room.
    connection, transport = ends[0]
    feed(connection, transport, [b"x" * 100])
    assert statuses(transport) == [401]
    ends[1][0].connection_lost(None)
    assert server.held == 3 * PIECE


def test_unfinished_bodies_on_many_streams_are_bounded_on_their_connection(server: MockServer) -> None:
    peer = Peer(server)
    streams = [peer.begin(b"x" * PIECE) for _ in range(4)]
    assert peer.outcomes() == dict.fromkeys(streams[2:], ("503", "reset"))
    assert server.held == 2 * PIECE
    # A stream that is given up makes room.
    peer.h2.reset_stream(streams[0])
    stream = peer.begin(BODY, signed_target(EVENTS, BODY), end=True)
    assert peer.outcomes() == {stream: ("200",)}
    peer.connection.connection_lost(None)
    assert server.held == 0


def test_a_body_that_drips_is_refused_over_http_1(server: MockServer) -> None:
    connection, transport = connect(Http1Connection, server)
    feed(connection, transport, [publish(EVENTS, BODY), HEAD])
    for _ in range(MAX_SWEEPS + 1):
        assert not transport.closed
        connection.data_received(b"x")
        connection.sweep()
    assert statuses(transport) == [200, 408]
    assert transport.closed
    assert server.held == 0


def test_a_body_that_drips_is_refused_over_http_2_and_the_connection_goes_on(server: MockServer) -> None:
    peer = Peer(server)
    slow = peer.begin(b"x")
    for _ in range(MAX_SWEEPS + 1):
        assert peer.outcomes() == {}
        peer.h2.send_data(slow, b"x")
        peer.h2.ping(b"12345678")
        peer.connection.data_received(peer.h2.data_to_send())
        peer.connection.sweep()
    quick = peer.begin(BODY, signed_target(EVENTS, BODY), end=True)
    assert peer.outcomes() == {slow: ("408", "reset"), quick: ("200",)}
    assert server.held == 0


def test_requests_that_follow_each_other_in_pieces_are_no_slow_request(server: MockServer) -> None:
    connection, transport = connect(Http1Connection, server)
    for _ in range(3 * MAX_SWEEPS):
        whole = publish(EVENTS, BODY)
        feed(connection, transport, [whole[:-3]])
        connection.sweep()
        feed(connection, transport, [whole[-3:]])
    assert statuses(transport) == [200] * 3 * MAX_SWEEPS


def test_chunks_of_one_byte_are_bounded_before_authentication(server: MockServer) -> None:
    chunk = b"1\r\nx\r\n"
    server.max_held_here = server.max_held = MAX_FRAMING_BYTES
    connection, transport = connect(Http1Connection, server)
    feed(connection, transport, [request_head(EVENTS, "Transfer-Encoding: chunked")])
    feed(connection, transport, [chunk] * MAX_FRAMING_BYTES)
    assert statuses(transport) == [413]
    assert server.ledger.rejected == {"framing_bytes": 1}
    framing = len(chunk) - 1
    assert connection.received <= MAX_FRAMING_BYTES // framing * len(chunk) + 200


@pytest.mark.parametrize("trailing", [b"X-Trailer: ", b"0;"], ids=["trailer", "extension"])
def test_endless_framing_is_bounded(server: MockServer, trailing: bytes) -> None:
    start = chunked("/", b"x")[: -len(b"0\r\n\r\n")] + (b"0\r\n" if b":" in trailing else b"") + trailing
    connection, transport = connect(Http1Connection, server)
    feed(connection, transport, [start, *[b"x" * 1000] * 200])
    assert statuses(transport) == [413]
