"""Fields that are checked once: what was found in order before hides nothing that is not."""

from __future__ import annotations

from collections.abc import Iterator
from time import time

import pytest
from mock_client import EVENTS, publish, request, signed_target, trigger_body
from served import KeptTransport, connect, cut, feed, mock_server, responses

from wiretax.mock.ledger import LEDGER_PATH
from wiretax.mock.protocols.connection import MAX_HEAD_BYTES, MAX_SWEEPS
from wiretax.mock.protocols.http1 import Http1Connection
from wiretax.mock.protocols.known_fields import MAX_KNOWN, MAX_KNOWN_BYTES, Known, KnownFields
from wiretax.mock.server import MockServer

BODY = trigger_body()
# Signed once for all of these tests, whose turn may come more than ten minutes later on a slow machine.
WHOLE = publish(EVENTS, BODY, auth_timestamp=str(int(time()) + 500))
FIELDS = WHOLE[WHOLE.index(b" HTTP/1.1\r\n") : WHOLE.index(b"\r\n\r\n") + 4]


@pytest.fixture
def server() -> Iterator[MockServer]:
    """A mock that knows the fields of a signed event."""
    with mock_server() as server:
        connection, transport = connect(Http1Connection, server)
        feed(connection, transport, [WHOLE])
        assert statuses(transport) == [200]
        yield server


def statuses(transport: KeptTransport) -> list[int]:
    return [status for status, _ in responses(bytes(transport.written))]


def asked(server: MockServer, *pieces: bytes) -> tuple[list[int], bool]:
    """What a new connection is answered, and whether it was closed."""
    connection, transport = connect(Http1Connection, server)
    feed(connection, transport, pieces)
    connection.connection_lost(None)
    assert server.held == 0
    return statuses(transport), transport.closed


def parsed(server: MockServer, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The reads that are parsed from now on."""
    reads: list[bytes] = []
    parse = Http1Connection._parse

    def watched(connection: Http1Connection, data: bytes) -> None:
        reads.append(data)
        parse(connection, data)

    monkeypatch.setattr(Http1Connection, "_parse", watched)
    return reads


def parts(raw: bytes) -> tuple[bytes, bytes]:
    """The head and the body of a request."""
    head, body = raw.split(b"\r\n\r\n", 1)
    return head + b"\r\n\r\n", body


def test_known_fields_are_answered_on_any_connection(server: MockServer) -> None:
    assert server.known_fields.find(FIELDS)
    assert asked(server, WHOLE, publish(EVENTS, BODY), WHOLE) == ([200] * 3, False)


def hiding(before: bytes) -> bytes:
    """A request of the size of the known one from its last known field line on, with fields in front of them."""
    target = signed_target(EVENTS, BODY).encode()
    return b"POST " + target + b" HTTP/1.1\r\n" + before + FIELDS + BODY


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (hiding(b"Host: a\r\nX: x"), 400),
        (hiding(b"Host: a\r\n\r\n"), 401),
        (WHOLE.replace(b"Host: mock.test\r\n", b"Host: a\r\nHost: b\r\n"), 400),
        (WHOLE.replace(b"Host: mock.test\r\n", b"Hoss: mock.test\r\n"), 400),
    ],
    ids=["fields in front", "a body that holds them", "two of the same size", "none of the same size"],
)
def test_known_fields_hide_no_others(server: MockServer, raw: bytes, status: int) -> None:
    assert asked(server, WHOLE, raw)[0][:2] == [200, status]


def test_a_read_with_more_than_one_request_is_checked(server: MockServer) -> None:
    hostless = request(signed_target(EVENTS, BODY), BODY).replace(b"Host: mock.test\r\n", b"")
    assert asked(server, WHOLE, WHOLE + hostless) == ([200, 200, 400], True)
    assert asked(server, WHOLE, WHOLE + hostless[:40], hostless[40:]) == ([200, 200, 400], True)


def test_a_body_that_looks_like_a_known_request_stays_a_body(server: MockServer) -> None:
    large = publish(EVENTS, WHOLE)
    cut = len(large) - len(WHOLE)
    assert asked(server, WHOLE, large[:cut], large[cut:], WHOLE) == ([200, 400, 200], False)


def test_the_version_before_known_fields_counts(server: MockServer) -> None:
    assert asked(server, WHOLE, WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"), WHOLE) == ([200, 200], True)


def test_closing_fields_close_when_they_are_known_too(server: MockServer) -> None:
    closing = publish(EVENTS, BODY, "Connection: close")
    for _ in range(2):
        assert asked(server, closing) == ([200], True)


def test_a_long_request_line_before_known_fields_is_refused(server: MockServer) -> None:
    target = "/" + "x" * (MAX_HEAD_BYTES - len(b"POST /") - len(FIELDS))
    assert asked(server, WHOLE, request(target, BODY)) == ([200, 404], False)
    assert asked(server, WHOLE, request(target + "x", BODY)) == ([200, 431], True)


def test_a_body_over_the_bound_is_refused_although_its_fields_are_known(server: MockServer) -> None:
    server.max_body_bytes = len(BODY) - 1
    assert asked(server, WHOLE) == ([413], True)


def test_the_ledger_has_no_body_for_head(server: MockServer) -> None:
    connection, transport = connect(Http1Connection, server)
    feed(connection, transport, [request(LEDGER_PATH.decode(), method="HEAD")])
    assert responses(bytes(transport.written), {0}) == [(200, b"")]


def test_known_fields_need_no_parser(server: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = parsed(server, monkeypatch)
    longer = publish(EVENTS, trigger_body(data="x" * 1000))
    assert asked(server, WHOLE, longer, *parts(WHOLE), *parts(longer), WHOLE) == ([200] * 5, False)
    assert reads == []


def test_fields_become_known_by_a_head_without_its_body(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_server() as server:
        reads = parsed(server, monkeypatch)
        assert asked(server, *parts(WHOLE), WHOLE, *parts(WHOLE)) == ([200] * 3, False)
        assert reads == [*parts(WHOLE)]


@pytest.mark.parametrize("known", [True, False])
def test_a_body_in_any_two_pieces_is_read_alike(server: MockServer, known: bool) -> None:
    head, body = parts(WHOLE)
    for at in range(1, len(body)):
        if not known:
            server.known_fields = KnownFields()
        assert asked(server, head, body[:at], body[at:] + WHOLE, WHOLE) == ([200] * 3, False)


def test_bytes_after_a_body_that_came_alone_are_the_next_request(server: MockServer) -> None:
    head, body = parts(WHOLE)
    hostless = WHOLE.replace(b"Host: mock.test\r\n", b"")
    assert asked(server, head, body + hostless) == ([200, 400], True)
    assert asked(server, head, body + head, body, WHOLE) == ([200] * 3, False)
    # What looks like a request is a body if a head announces it.
    large = publish(EVENTS, WHOLE)
    assert asked(server, large[: -len(WHOLE)], WHOLE, WHOLE) == ([400, 200], False)


@pytest.mark.parametrize(
    "length", [b"0", b"00", b"", b"+9", b"-9", b"1_0", b"9, 9", b"0x9", b"9" * 30, b"9" * 5000]
)
def test_lengths_that_announce_no_body_are_not_waited_for(server: MockServer, length: bytes) -> None:
    head, _ = parts(WHOLE)
    unlike = head.replace(b"Content-Length: %d" % len(BODY), b"Content-Length: " + length)
    answered = asked(server, WHOLE, unlike)
    server.known_fields = KnownFields()
    assert answered == asked(server, WHOLE, unlike)
    assert len(answered[0]) == 2


def test_a_length_with_zeros_in_front_is_the_same_length(server: MockServer) -> None:
    zeros = WHOLE.replace(b"Content-Length: ", b"Content-Length: 00")
    assert asked(server, WHOLE, zeros, *parts(zeros), WHOLE) == ([200] * 4, False)


@pytest.mark.parametrize(
    "method", [b"GET", b"HEAD", b"CONNECT", b"OPTIONS", b"PRI", b"post", b"POST ", b"\r\nPOST"]
)
def test_other_methods_before_known_fields_are_parsed(server: MockServer, method: bytes) -> None:
    raw = method + WHOLE.removeprefix(b"POST")
    answers = []
    for pieces in ([raw], parts(raw)):
        connection, transport = connect(Http1Connection, server)
        feed(connection, transport, [WHOLE, *pieces])
        known, server.known_fields = server.known_fields, KnownFields()
        other, unknown = connect(Http1Connection, server)
        feed(other, unknown, [WHOLE, *pieces])
        server.known_fields = known
        assert (transport.written, transport.closed) == (unknown.written, unknown.closed)
        answers.append((transport.written, transport.closed))
    assert answers[0] == answers[1]


def test_any_byte_in_a_target_is_answered_as_the_parser_does(server: MockServer) -> None:
    for byte in range(256):
        raw = WHOLE.replace(b"auth_key", b"auth" + bytes([byte]) + b"key")
        head, body = parts(raw)
        known = asked(server, raw), asked(server, head), asked(server, head, body)
        # A connection parses the rest of a request that it began to parse.
        assert known == (
            asked(server, raw[:1], raw[1:]),
            asked(server, raw[:1], head[1:]),
            asked(server, *cut(raw, range(len(raw)))),
        )


def test_a_known_head_that_asks_before_it_sends_is_answered(server: MockServer) -> None:
    head, body = parts(publish(EVENTS, BODY, "Expect: 100-continue"))
    for _ in range(2):
        assert asked(server, head, body) == ([100, 200], False)
        assert asked(server, head + body) == ([200], False)
    head, body = parts(publish(EVENTS, BODY, "Connection: Upgrade\r\nUpgrade: h2c"))
    for _ in range(2):
        assert asked(server, head, body) == asked(server, head + body) == ([400], True)


def test_closing_fields_close_when_their_body_comes_alone(server: MockServer) -> None:
    head, body = parts(publish(EVENTS, BODY, "Connection: close"))
    for _ in range(2):
        assert asked(server, head, body, WHOLE) == ([200], True)


def test_a_body_over_the_bound_is_refused_when_it_comes_alone(server: MockServer) -> None:
    server.max_body_bytes = len(BODY) - 1
    assert asked(server, *parts(WHOLE)) == ([413], True)


def test_a_known_head_whose_body_does_not_come_is_refused(server: MockServer) -> None:
    head, body = parts(WHOLE)
    connection, transport = connect(Http1Connection, server)
    feed(connection, transport, [head])
    for sent in body[:MAX_SWEEPS]:
        connection.sweep()
        feed(connection, transport, [bytes([sent])])
    assert statuses(transport) == []
    connection.sweep()
    assert (statuses(transport), transport.closed) == ([408], True)


def test_bodies_that_come_after_a_while_are_no_slow_requests(server: MockServer) -> None:
    head, body = parts(WHOLE)
    connection, transport = connect(Http1Connection, server)
    for _ in range(3 * MAX_SWEEPS):
        feed(connection, transport, [head])
        connection.sweep()
        feed(connection, transport, [body, WHOLE])
    assert statuses(transport) == [200] * 6 * MAX_SWEEPS


def test_few_and_short_fields_are_kept() -> None:
    known = KnownFields()
    fields = b" HTTP/1.1\r\nX: %b\r\nContent-Length: 1\r\n\r\n"
    for number in range(10 * MAX_KNOWN):
        known.add(fields % b"%d" % number, True)
    assert known.find(fields % b"%d" % (10 * MAX_KNOWN - 1))
    known.add(long := fields % (b"x" * MAX_KNOWN_BYTES), True)
    known.add(old := b" HTTP/1.0\r\nContent-Length: 1\r\n\r\n", True)
    assert len(known) <= MAX_KNOWN
    assert known.find(long) is known.find(old) is None


def test_fields_with_another_length_are_the_same() -> None:
    known = KnownFields()
    fields = b" HTTP/1.1\r\nHost: a\r\ncontent-length:%b\r\nX: 1\r\n\r\n"
    known.add(fields % b"1", False)
    same = Known(b" HTTP/1.1\r\nHost: a\r\ncontent-length:", b"\r\nX: 1\r\n\r\n", False)
    assert known.find(fields % b"1") == known.find(fields % b"23") == same
    assert known.find(fields % b" 1") is known.find(fields % b"") is known.find(fields % b"1a") is None
    # Digits elsewhere are others.
    assert known.find(b" HTTP/1.1\r\nHost: a\r\ncontent-length:\r\nX: 11\r\n\r\n") is None
