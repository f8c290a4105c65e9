"""Reading responses: whole, in pieces, chunked, ended by closing, and what is none."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pytest

from wiretax.wire.connections.response import Response, ResponseError, ResponseMemo, ResponseReader

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
UNFRAMED = b"HTTP/1.1 200 OK\r\n\r\n{}"
OLD = b"HTTP/1.0 200 OK\r\n\r\n{}"
OLD_KEPT = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"
OLD_KEPT_UNFRAMED = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n{}"
OLD_CHUNKED = b"HTTP/1.0 200 OK\r\n" + CHUNKED[17:]
# As Symfony's response prints itself, which Reverb sends: names padded to one width.
REVERB = (
    b"HTTP/1.0 200 OK\r\nCache-Control:  no-cache, private\r\nContent-Length: 2\r\n"
    b"Content-Type:   application/json\r\nDate:           Tue, 24 Nov 2026 12:00:00 GMT\r\n\r\n{}"
)
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 8\r\n\r\nAccepted"
BLANK_FIRST = b"\r\n\r\n" + PLAIN


def read(raw: bytes, size: int) -> Response | None:
    reader = ResponseReader()
    for start in range(0, len(raw), size):
        response = reader.feed(raw[start : start + size])
        if response is not None:
            assert start + size >= len(raw)
            return response
    return reader.end()


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("raw", "body_bytes", "keeps_alive"),
    [
        (PLAIN, 2, True),
        (CHUNKED, 17, True),
        (CONTINUED, 2, True),
        (CLOSING, 2, False),
        (UNFRAMED, 2, False),
        (OLD, 2, False),
        (OLD_KEPT, 2, True),
        (OLD_KEPT_UNFRAMED, 2, False),
        (OLD_CHUNKED, 17, False),
        (REVERB, 2, False),
        (EMPTY, 0, True),
        (ACCEPTED, 8, True),
        (BLANK_FIRST, 2, True),
    ],
)
def test_every_byte_is_head_or_body(raw: bytes, body_bytes: int, keeps_alive: bool, size: int) -> None:
    response = read(raw, size)
    assert response is not None
    assert response.acknowledged
    assert response.body_bytes == body_bytes
    assert response.head_bytes == len(raw) - body_bytes
    assert response.keeps_alive is keeps_alive


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"{}")),
        ("br", pa.Codec("brotli").compress(b"{}", asbytes=True)),
        ("zstd", pa.Codec("zstd").compress(b"{}", asbytes=True)),
    ],
    ids=["gzip", "br", "zstd"],
)
def test_a_compressed_body_is_understood_and_counted_as_received(coding: str, body: bytes, size: int) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n".encode()
    plain = head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    for raw in (plain, chunked):
        response = read(raw, size)
        assert response is not None
        assert response.acknowledged
        assert response.head_bytes + response.body_bytes == len(raw)
    assert response.body_bytes == len(body) + len(b"%x" % len(body)) + 9


def test_a_body_that_quotes_a_status_line_is_body() -> None:
    quoting = b'{"error":"HTTP/1.1 429\\r\\n"}'
    raw = b"HTTP/1.1 429 No\r\nContent-Length: %d\r\n\r\n%s" % (len(quoting), quoting)
    response = read(raw, 10_000)
    assert response is not None
    assert (response.head_bytes, response.body_bytes) == (len(raw) - len(quoting), len(quoting))


@pytest.mark.parametrize("raw", [PLAIN[:-1], PLAIN[:20], CHUNKED[:-2], CONTINUED[:45], b""])
def test_a_response_cut_short_is_none(raw: bytes) -> None:
    reader = ResponseReader()
    assert reader.feed(raw) is None
    assert reader.end() is None


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "not an HTTP/1.1 response"),
        (PLAIN + PLAIN, "more than one response"),
        (PLAIN + PLAIN[:9], "more than one response"),
        (PLAIN + b"garbage", "more than one response"),
        (b"HTTP/1.1 099 None\r\nContent-Length: 0\r\n\r\n", "a response with status 99"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "switched"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 1_100_000, "more than 1048576 bytes"),
    ],
)
def test_what_is_not_one_response_is_an_error(raw: bytes, says: str) -> None:
    with pytest.raises(ResponseError, match=says):
        ResponseReader().feed(raw)


def test_a_head_without_end_is_an_error() -> None:
    reader = ResponseReader()
    assert reader.feed(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 65_536) is None
    with pytest.raises(ResponseError, match="head has more than 65536 bytes"):
        reader.feed(b"x")


def test_the_memo_knows_what_it_was_given_and_stays_bounded() -> None:
    memo = ResponseMemo()
    response = read(PLAIN, 10_000)
    assert response is not None
    memo.keep(PLAIN, response)
    assert memo.get(PLAIN) is response
    assert memo.get(CLOSING) is None
    for number in range(3000):
        memo.keep(b"%d" % number, response)
    assert len(memo) <= 1024
