"""The response reader with any bytes in any pieces: one response, or one clear error, and never anything else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wiretax.wire.connections.response import Response, ResponseError, ResponseReader

LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 100 Continue",
        b"HTTP/1.1 103 Early Hints",
        b"HTTP/1.1 204 No Content",
        b"HTTP/1.1 429 Too Many Requests",
        b"HTTP/1.1 099 None",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Connection: close",
        b"Content-Length: 2",
        b"Content-Length: 0",
        b"Content-Length: 99999999999999999999",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: gzip, chunked",
        b"Retry-After: 3",
        b"X-Fill: \xff\x00",
        b" folded",
        b"",
        b"{}",
        b'{"error":"HTTP/1.1 200 OK","code":429}',
        b"2",
        b"0",
        b"1;ext=x",
        b"fffffffffffffffff",
    ]
)
PIECES = st.one_of(
    LINES.map(lambda line: line + b"\r\n"), LINES, st.sampled_from([b"\r\n", b"\n", b"\r"]), st.binary(max_size=8)
)
RESPONSES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.0 500 Internal Server Error\r\nConnection: close\r\n\r\nHTTP/1.0 500\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ]
)
# Lines in any order; and whole responses, with something put in at one place.
STREAMS = st.one_of(
    st.lists(PIECES, max_size=12).map(b"".join),
    st.builds(
        lambda raw, at, piece, cut: raw[: at % (len(raw) + 1)] + piece + raw[at % (len(raw) + 1) + cut :],
        st.lists(RESPONSES, min_size=1, max_size=2).map(b"".join),
        st.integers(0, 200),
        st.one_of(st.just(b""), PIECES),
        st.integers(0, 3),
    ),
)
CUTS = st.lists(st.integers(1, 300), max_size=8)


def read(raw: bytes, cuts: list[int]) -> tuple[Response | ResponseError | None, int]:
    """What comes of these bytes, cut at these places, and how many of them it took."""
    reader = ResponseReader()
    ends = [*sorted({cut for cut in cuts if cut < len(raw)}), len(raw)]
    start = 0
    for end in ends:
        try:
            response = reader.feed(raw[start:end])
        except ResponseError as error:
            return error, end
        if response is not None:
            return response, end
        start = end
    try:
        return reader.end(), len(raw)
    except ResponseError as error:
        return error, len(raw)


@given(STREAMS, CUTS)
def test_any_bytes_in_any_pieces_are_one_response_or_one_error(raw: bytes, cuts: list[int]) -> None:
    one_by_one, whole_at = read(raw, list(range(len(raw))))
    outcome, end = read(raw, cuts)
    if isinstance(outcome, Response):
        assert outcome.head_bytes + outcome.body_bytes == end
        head = raw[: outcome.head_bytes]
        assert head.endswith(b"\r\n\r\n")
        assert outcome.answer.status >= 100
    if end == whole_at or not raw[whole_at:end].strip(b"\r\n"):
        assert type(outcome) is type(one_by_one)
        if isinstance(outcome, Response) and end == whole_at:
            assert outcome == one_by_one
    else:
        # More came in the same read as the end of the response.
        assert isinstance(outcome, ResponseError)
