"""An exchange taken apart: frames and HPACK's fields add up to the bytes, and a byte that does not fit is told."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes
from hpack import Encoder

from wiretax.wire.publishers.http_parts import PREFACE, Http1Parts, Http2Parts, ModelError, Parts

PATH = "/apps/123456/events"
QUERY = "?auth_key=0123456789abcdef0123&body_md5="
FIELDS = [
    (":method", "POST"),
    (":authority", "127.0.0.1:8080"),
    (":scheme", "https"),
    (":path", PATH + QUERY + "0" * 32),
    ("user-agent", "python-httpx/0.28.1"),
]


def frame(kind: int, flags: int, payload: bytes, stream: int = 1) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def fields(number: int) -> list[tuple[str, str]]:
    """A head whose path no other has."""
    return [(name, value.replace("0" * 32, f"{number:032}")) for name, value in FIELDS]


def test_http_1_is_split_at_its_lines() -> None:
    reader = Http1Parts()
    line, query, headers, body = "POST /apps/1/events HTTP/1.1\r\n", "?auth_key=k", "Host: a\r\n\r\n", b"{}"
    reader.sent((line.replace(" HTTP", query + " HTTP") + headers).encode())
    reader.sent(body)
    reader.received(b"HTTP/1.1 200 OK\r\n")
    reader.received(b"Content-Length: 2\r\n\r\n{}")
    assert reader.finish() == Parts(len(line), len(query), len(headers), 2, 0, 38, 2, 0)


def test_http_1_without_a_whole_head_is_an_error() -> None:
    reader = Http1Parts()
    reader.sent(b"POST / HTTP/1.1\r\n")
    with pytest.raises(ModelError):
        reader.finish()


def test_every_frame_is_in_one_part() -> None:
    reader = Http2Parts()
    block = Encoder().encode(FIELDS)
    settings, window = frame(4, 0, b"", 0), frame(8, 0, bytes(4), 0)
    reader.sent(PREFACE + settings)
    reader.sent(frame(1, 4, block) + window)
    reader.sent(frame(0, 0, b"{}") + frame(0, 1, b""))
    reader.received(settings + frame(1, 4, b"\x88"))
    reader.received(frame(0, 1, b"{}"))
    parts = reader.finish()
    assert parts.framing_sent == 24 + 9 + 13
    assert parts.body == 9 + 2 + 9
    assert (parts.framing_received, parts.response_head, parts.response_body) == (9, 10, 11)
    assert parts.request_line + parts.auth_query + parts.header == 9 + len(block)
    # Two fields of the static table, and the path without its query as a literal.
    assert parts.request_line == 1 + 1 + len(Encoder().encode([(":path", PATH)]))
    assert astuple(reader.finish()) == (0,) * 9


def test_a_later_head_costs_its_query_and_little_else() -> None:
    reader, encoder = Http2Parts(), Encoder()
    reader.sent(PREFACE)
    reader.sent(frame(1, 4, encoder.encode(fields(1))))
    first = reader.finish()
    reader.sent(frame(1, 4, encoder.encode(fields(2))))
    later = reader.finish()
    assert (later.request_line, later.auth_query) == (first.request_line, first.auth_query)
    assert first.header > later.header == 9 + 1 + 1


def test_a_path_that_came_before_is_one_byte_and_no_query() -> None:
    reader, encoder = Http2Parts(), Encoder()
    reader.sent(PREFACE)
    for _ in range(2):
        reader.sent(frame(1, 4, encoder.encode(FIELDS)))
        parts = reader.finish()
    assert (parts.request_line, parts.auth_query) == (3, 0)


def test_a_table_that_runs_over_is_followed() -> None:
    reader, encoder = Http2Parts(), Encoder()
    reader.sent(PREFACE)
    sizes = []
    for number in range(60):
        block = encoder.encode(fields(number))
        reader.sent(frame(1, 4, block))
        parts = reader.finish()
        assert parts.request_line + parts.auth_query + parts.header == 9 + len(block)
        sizes.append(parts.header)
    # The fields that stay the same fall out of the table and are written anew, again and again.
    assert sizes.count(sizes[0]) > 1


def test_a_head_in_pieces_with_padding_and_priority_is_put_together() -> None:
    reader = Http2Parts()
    block = Encoder().encode(FIELDS)
    reader.sent(PREFACE)
    data = frame(1, 0x8 | 0x20, b"\x03" + bytes(5) + block[:10] + bytes(3)) + frame(9, 4, block[10:])
    for at in range(len(data)):
        reader.sent(data[at : at + 1])
    parts = reader.finish()
    assert parts.request_line + parts.auth_query + parts.header == len(data)


@pytest.mark.parametrize("size", [0, 100, 65_536])
def test_a_table_of_the_servers_size_is_followed(size: int) -> None:
    client, server = H2Connection(), H2Connection(H2Configuration(client_side=False))
    reader = Http2Parts()
    client.initiate_connection()
    server.update_settings({SettingCodes.HEADER_TABLE_SIZE: size})
    data = server.data_to_send()
    client.receive_data(data)
    reader.received(data)
    total = 0
    for number in range(30):
        client.send_headers(client.get_next_available_stream_id(), fields(number), end_stream=True)
        data = client.data_to_send()
        reader.sent(data)
        total += len(data)
        parts = reader.finish()
        total -= parts.request_line + parts.auth_query + parts.header + parts.framing_sent
    assert total == 0


def test_a_head_the_model_would_write_otherwise_is_an_error() -> None:
    reader = Http2Parts()
    reader.sent(PREFACE)
    with pytest.raises(ModelError, match="by the model of its HPACK table"):
        reader.sent(frame(1, 4, Encoder().encode(FIELDS, huffman=False)))


def test_an_exchange_that_ends_inside_a_frame_is_an_error() -> None:
    reader = Http2Parts()
    reader.received(b"\x00\x00")
    with pytest.raises(ModelError, match="inside a frame"):
        reader.finish()


def test_what_does_not_begin_as_http_2_is_an_error() -> None:
    with pytest.raises(ModelError, match="preface"):
        Http2Parts().sent(b"GET / HTTP/1.1\r\n\r\n")
