"""The bytes of HTTP/1.1 responses."""

from __future__ import annotations

from wiretax.mock.faults import BLANK_LINE, MockResponse
from wiretax.mock.protocols.connection import ACCEPTED

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Payload Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


def response(answer: MockResponse, close: bool = False) -> bytes:
    """One whole response. It has no Date header, so that its size depends on its body alone."""
    status, content_type, body = answer
    head = (
        f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n{'Connection: close' + chr(13) + chr(10) if close else ''}\r\n"
    )
    return head.encode() + body


def without_body(data: bytes) -> bytes:
    """The response to a HEAD request."""
    return data[: data.find(BLANK_LINE) + len(BLANK_LINE)]


OK = response(ACCEPTED)
