"""Reading responses: httptools for the framing, and a memo of responses seen before."""

from __future__ import annotations

from dataclasses import dataclass

import httptools

from wiretax.channels.answers import Answer, read_answer

MEMO_SIZE = 1024
MAX_RESPONSE_BYTES = 1_048_576
MAX_HEAD_BYTES = 65_536
BLANK_LINE = b"\r\n\r\n"
LINE_ENDS = b"\r\n"


class ResponseError(Exception):
    """The bytes that came back are not one HTTP/1.1 response."""


@dataclass(frozen=True, slots=True)
class Response:
    """One response as it was received.

    Attributes:
        answer: what it means.
        acknowledged: whether the events were accepted.
        head_bytes: status line, headers and blank line, including interim responses before it.
        body_bytes: everything after the head, including chunk framing.
        keeps_alive: whether the server keeps the connection open.
        retry_after: the Retry-After field as it was sent; empty if there was none.
        status_code: the HTTP status, which an error inside a 200 differs from; listeners to Locust's request event
            know it by this name.
    """

    answer: Answer
    acknowledged: bool
    head_bytes: int
    body_bytes: int
    keeps_alive: bool
    retry_after: str = ""
    status_code: int = 0


def refuse_long(received: int) -> None:
    """Refuse a response that is too long.

    Raises:
        ResponseError: more than ``MAX_RESPONSE_BYTES`` of it came.
    """
    if received > MAX_RESPONSE_BYTES:
        raise ResponseError(f"a response of more than {MAX_RESPONSE_BYTES} bytes")


class ResponseReader:
    """Assembles one response from the data that a socket yields.

    Attributes:
        fields: its header fields with lower-case names, without those of interim responses.
    """

    __slots__ = (
        "_body",
        "_final",
        "_framed",
        "_head_done",
        "_heads",
        "_keeps_alive",
        "_parser",
        "_raw",
        "_surplus",
        "fields",
    )

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # Of bytearrays, so that a response in many small pieces takes a time that grows with its size.
        self._raw = bytearray()
        self._body = bytearray()
        self.fields: dict[str, str] = {}
        self._heads = 0  # complete ones, those of interim responses included
        self._head_done = False
        self._framed = False
        self._final = False
        self._surplus = False
        self._keeps_alive = False

    # Called by httptools

    def on_message_begin(self) -> None:
        if self._final:
            self._surplus = True
        self.fields = {}
        self._head_done = self._framed = False

    def on_header(self, name: bytes, value: bytes) -> None:
        field = name.lower()
        if field in (b"content-length", b"transfer-encoding"):
            self._framed = True
        self.fields[field.decode("latin-1")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._head_done = True
        self._heads += 1

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        # An interim response (100, 103) is followed by the one that counts.
        if not self._is_interim():
            self._final = True
            # Only known here: the parser forgets it after the message.
            self._keeps_alive = self._parser.should_keep_alive()

    def _is_interim(self) -> bool:
        return 100 <= self._parser.get_status_code() < 200

    def feed(self, data: bytes) -> Response | None:
        """Add data that the socket yielded; returns the response once it is whole.

        Raises:
            ResponseError: it is not HTTP, too large, or more than one response.
        """
        self._raw += data
        refuse_long(len(self._raw))
        if not self._heads and len(self._raw) - len(data) > MAX_HEAD_BYTES:
            raise ResponseError(f"a response whose head has more than {MAX_HEAD_BYTES} bytes")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise ResponseError("the server switched protocols") from None
        except httptools.HttpParserError as error:
            if not self._final:
                raise ResponseError(f"not an HTTP/1.1 response: {error}") from None
            self._surplus = True
        if self._surplus:
            raise ResponseError("more than one response to one request")
        return self._finish() if self._final else None

    def end(self) -> Response | None:
        """The server closed: returns the response if closing marks its end, else None.

        Raises:
            ResponseError: its status is none of HTTP.
        """
        whole = self._head_done and not self._framed and not self._final and not self._is_interim()
        return self._finish() if whole else None

    def _finish(self) -> Response:
        status = self._parser.get_status_code()
        if status < 100:
            raise ResponseError(f"a response with status {status}")
        # The last head is the final response's; interim responses before it are counted as head.
        head = 0
        for _ in range(self._heads):
            # Empty lines before a status line are not the blank line that ends its head.
            while self._raw[head] in LINE_ENDS:
                head += 1
            head = self._raw.find(BLANK_LINE, head) + len(BLANK_LINE)
        answer = read_answer(status, bytes(self._body), self.fields.get("content-encoding", ""))
        retry_after = self.fields.get("retry-after", "")
        body = len(self._raw) - head
        return Response(answer, answer.acknowledged, head, body, self._keeps_alive, retry_after, status)


class ResponseMemo:
    """Responses that were received in one piece, by their bytes.

    A server's responses differ little (by the date, if at all), so most need no parsing: exactly the same bytes
    were parsed before.
    """

    __slots__ = ("_known", "get")

    def __init__(self) -> None:
        self._known: dict[bytes, Response] = {}
        self.get = self._known.get

    def __len__(self) -> int:
        return len(self._known)

    def keep(self, raw: bytes, response: Response) -> None:
        """Remember a response whose end isn't marked by closing the connection."""
        if len(self._known) >= MEMO_SIZE:
            self._known.clear()
        self._known[raw] = response
