"""Fields that are checked once: what was found in order before hides nothing that is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mock_client import EVENTS, publish, request, signed_target, trigger_body
from served import KeptTransport, connect, feed, mock_server, responses

from wiretax.mock.connection import MAX_HEAD_BYTES
from wiretax.mock.head_fields import MAX_KNOWN, MAX_KNOWN_BYTES, KnownFields
from wiretax.mock.http1 import Http1Connection
from wiretax.mock.ledger import LEDGER_PATH
from wiretax.mock.server import MockServer

BODY = trigger_body()
WHOLE = publish(EVENTS, BODY)
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
    return statuses(transport), transport.closed


def test_known_fields_are_answered_on_any_connection(server: MockServer) -> None:
    assert server.known_fields.find(FIELDS, len(FIELDS) - 10 + len(BODY))
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


def test_few_and_short_fields_are_kept() -> None:
    known = KnownFields()
    for number in range(10 * MAX_KNOWN):
        known.add(b" HTTP/1.1\r\nX: %d\r\n\r\n" % number, 1, True)
    known.add(long := b" HTTP/1.1\r\nX: " + b"x" * MAX_KNOWN_BYTES, 1, True)
    known.add(old := b" HTTP/1.0\r\nX: 1\r\n\r\n", 1, True)
    assert len(known) <= MAX_KNOWN
    assert known.find(long, len(long) - 9) is known.find(old, len(old) - 9) is None
