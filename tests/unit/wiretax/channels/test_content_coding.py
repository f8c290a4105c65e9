"""Compressed bodies: what they say, or one line that says why they can't be read."""

from __future__ import annotations

import gzip
import zlib

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.answers import read_answer
from wiretax.channels.content_coding import DECODERS, MAX_DECODED_BYTES, CodingError, decode


def raw_deflate(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(content) + compressor.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda content: pa.Codec("brotli").compress(content, asbytes=True),
    "zstd": lambda content: pa.Codec("zstd").compress(content, asbytes=True),
}
# ``{}`` by other programs: brotliCompressSync of Node 20, and zstd 1.5.4.
CAPTURED = {"br": "8b00807b7d03", "zstd": "28b52ffd04581100007b7dd194f27a"}


@pytest.mark.parametrize(("coding", "captured"), CAPTURED.items())
def test_what_other_programs_compressed_is_read(coding: str, captured: str) -> None:
    assert decode(bytes.fromhex(captured), coding) == b"{}"


def test_each_coding_has_an_encoder_here() -> None:
    assert ENCODERS.keys() == DECODERS.keys()


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_compressed_answer_means_what_it_says(coding: str) -> None:
    encode = ENCODERS[coding]
    assert read_answer(200, encode(b'{"ok":true}'), coding).acknowledged
    error = read_answer(200, encode(b'{"error":"too large","code":413}'), coding)
    assert (error.kind, error.status, error.message) == ("error_body", 413, "too large")
    refused = read_answer(401, encode(b"Unknown auth_key"), coding.upper())
    assert (refused.kind, refused.message) == ("rejected", "Unknown auth_key")


def test_raw_deflate_identity_and_several_codings_are_read() -> None:
    assert decode(raw_deflate(b"{}"), "deflate") == b"{}"
    assert decode(b"{}", "identity") == decode(b"{}", "") == b"{}"
    assert decode(gzip.compress(zlib.compress(b"{}")), "deflate, gzip") == b"{}"
    assert decode(b"", "gzip") == b""


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_bomb_is_decoded_up_to_a_bound(coding: str) -> None:
    bomb = ENCODERS[coding](bytes(20 * MAX_DECODED_BYTES))
    assert len(bomb) < MAX_DECODED_BYTES
    with pytest.raises(CodingError, match="more than 1,048,576 bytes once decoded"):
        decode(bomb, coding)
    assert len(decode(ENCODERS[coding](bytes(MAX_DECODED_BYTES)), coding)) == MAX_DECODED_BYTES


@pytest.mark.parametrize("coding", ENCODERS)
def test_data_that_is_damaged_or_cut_short_is_one_clear_line(coding: str) -> None:
    for body in (b"what?", ENCODERS[coding](b'{"ok":true}')[:-1]):
        answer = read_answer(200, body, coding)
        assert answer.kind == "unreadable"
        assert answer.message.startswith(f"the body can't be read: it is not valid {coding} data: ")
        assert "\n" not in answer.message


def test_an_unknown_coding_is_named() -> None:
    says = "its content coding 'snappy' is unknown (known: gzip, x-gzip, deflate, br, zstd)"
    assert read_answer(200, b"x", "snappy").message == f"the body can't be read: {says}"
    refused = read_answer(503, b"x", "snappy")
    assert (refused.kind, refused.status) == ("rejected", 503)
    assert refused.message == f"Service Unavailable; the body can't be read: {says}"
    with pytest.raises(CodingError, match="4 content codings, more than 3"):
        decode(b"x", "gzip, gzip, gzip, gzip")


@given(body=st.binary(max_size=64), coding=st.sampled_from(list(ENCODERS)) | st.text(max_size=20))
def test_any_bytes_are_content_or_one_error(body: bytes, coding: str) -> None:
    answer = read_answer(200, body, coding)
    assert answer.kind in ("acknowledged", "error_body", "unreadable")
    assert len(answer.message) < 220
