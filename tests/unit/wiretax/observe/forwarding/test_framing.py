"""Messages of any publisher and server, in pieces of any size."""

from __future__ import annotations

import gzip
from itertools import pairwise

import httptools
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.answers import read_answer
from wiretax.observe.forwarding.framing import Framer, Message

LINES = st.sampled_from(
    [
        b"POST /apps/1/events HTTP/1.1\r\n",
        b"GET / HTTP/1.0\r\n",
        b"HEAD / HTTP/1.1\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200\r\n",
        b"HTTP/1.1 100 Continue\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"HTTP/1.1 304 Not Modified\r\n",
        b"Host: a\r\n",
        b"Content-Length: 0\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"content-length : 5\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Connection: Upgrade\r\n",
        b"Upgrade: websocket\r\n",
        b"Connection: close\r\n",
        b" folded\r\n",
        b"\r\n",
        b"\n",
        b"hello",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"0\r\nTrailer: x\r\n\r\n",
        b"ffffffffffffffff\r\n",
        b"\0",
    ]
)
STREAMS = st.lists(LINES | st.binary(max_size=8), max_size=14).map(b"".join)
PARSERS = [httptools.HttpRequestParser, httptools.HttpResponseParser]


def framed(parser: type, chunks: list[bytes]) -> tuple[bytes, list[Message]]:
    """The bytes of all parts, those of an incomplete head included, and the messages."""
    framer = Framer(parser)
    parts = [part for chunk in chunks for part in framer.feed(chunk)]
    last = framer.finish()
    messages = [part.message for part in parts if part.message is not None]
    return b"".join(part.raw for part in parts) + framer.held, [*messages, *([last] if last else [])]


@pytest.mark.parametrize("parser", PARSERS)
@given(stream=STREAMS, cuts=st.sets(st.integers(0, 300), max_size=12))
def test_no_byte_is_lost_and_messages_do_not_depend_on_the_pieces(
    parser: type, stream: bytes, cuts: set[int]
) -> None:
    ends = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    raw, messages = framed(parser, [stream[begin:end] for begin, end in pairwise(ends)])
    assert raw == stream
    assert (raw, messages) == framed(parser, [stream])
    assert sum(len(each.head) + each.body_bytes for each in messages) <= len(stream)


@pytest.mark.parametrize(
    ("coding", "body", "content"),
    [
        ("gzip", gzip.compress(b"{}"), b"{}"),
        ("br", pa.Codec("brotli").compress(b"{}", asbytes=True), b"{}"),
        ("zstd", pa.Codec("zstd").compress(b"{}", asbytes=True), b"{}"),
        ("snappy", b"{}", b"{}"),
    ],
    ids=["gzip", "br", "zstd", "unknown"],
)
def test_a_compressed_message_is_kept_as_received_and_read(coding: str, body: bytes, content: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    raw, (message,) = framed(httptools.HttpResponseParser, [head + body])
    assert raw == head + body
    assert (message.body, message.body_bytes, message.content) == (body, len(body), content)
    assert read_answer(message.status, message.body, message.coding).acknowledged is (coding != "snappy")
