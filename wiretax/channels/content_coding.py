"""Content codings (``Content-Encoding``): what a compressed body says, decoded up to a bound."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from io import BytesIO

# Messages of the API are short. Beyond this a body is a mistake or a decompression bomb.
MAX_DECODED_BYTES = 1_048_576
# Each coding may multiply the work; servers apply one.
MAX_CODINGS = 3


class CodingError(ValueError):
    """A body can't be decoded: why, as part of a sentence."""


def decode(body: bytes, coding: str) -> bytes:
    """The content of a body.

    Args:
        body: as it was received, without transfer coding.
        coding: the Content-Encoding field; empty if there was none. Several codings were applied in their order.

    Raises:
        CodingError: the coding is unknown, the data is invalid or cut short, or it has more than
            ``MAX_DECODED_BYTES`` once decoded.
    """
    if not coding or not body:
        return body
    names = [each for name in coding.split(",") if (each := name.strip().lower()) not in ("", "identity")]
    if len(names) > MAX_CODINGS:
        raise CodingError(f"it has {len(names)} content codings, more than {MAX_CODINGS}")
    for name in reversed(names):
        decoder = DECODERS.get(name)
        if decoder is None:
            raise CodingError(f"its content coding {name[:40]!r} is unknown (known: {', '.join(DECODERS)})")
        try:
            body = decoder(body)
        except (zlib.error, OSError, EOFError) as error:
            raise CodingError(f"it is not valid {name} data: {str(error)[:80]}") from None
        if len(body) > MAX_DECODED_BYTES:
            raise CodingError(f"its {name} data has more than {MAX_DECODED_BYTES:,} bytes once decoded")
    return body


def _inflate(body: bytes, wbits: int) -> bytes:
    decoder = zlib.decompressobj(wbits)
    content = decoder.decompress(body, MAX_DECODED_BYTES + 1)
    if len(content) <= MAX_DECODED_BYTES and not decoder.eof:
        raise EOFError("it is cut short")
    return content


def _gunzip(body: bytes) -> bytes:
    return _inflate(body, zlib.MAX_WBITS + 16)


def _deflate(body: bytes) -> bytes:
    """Named deflate, and zlib by the standard; some servers send raw deflate, which browsers accept, too."""
    try:
        return _inflate(body, zlib.MAX_WBITS)
    except zlib.error:
        return _inflate(body, -zlib.MAX_WBITS)


def _of_arrow(name: str) -> Callable[[bytes], bytes]:
    """A decoder of pyarrow's, which the run's files need anyway; the standard library has no br and no zstd."""

    def decompress(body: bytes) -> bytes:
        # Takes a moment, and few servers use these.
        import pyarrow as pa

        with pa.CompressedInputStream(BytesIO(body), name) as stream:
            content: bytes = stream.read(MAX_DECODED_BYTES + 1)
        return content

    return decompress


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _of_arrow("brotli"),
    "zstd": _of_arrow("zstd"),
}
