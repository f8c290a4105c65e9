"""The meaning of a response. A 200 is not always a success: soketi answers 200 with an error in the body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from http import HTTPStatus
from typing import Literal, TypeGuard

import orjson

from wiretax.channels.content_coding import CodingError, decode
from wiretax.channels.pages import EXPECTED_JSON, describe_page

Kind = Literal["acknowledged", "rejected", "error_body", "unreadable"]

MESSAGE_LENGTH = 200
# Codes in a body beyond it are no codes: files keep them in 32 bits.
MOST_CODE = 999_999
# Wait after a 429 without a Retry-After, which soketi sends.
USUAL_WAIT_S = 1.0
# Statuses that ask for the same call later.
RETRYABLE = frozenset({408, 425, 429})
# Statuses that accept a call without a word. The Ruby library reads no body after a 202, and Node's none at all.
# After a 200 most libraries fail without JSON, and a 200 may come from any web server.
ACCEPTED_BY_STATUS = frozenset({202, 204})
UNDECODED = "the body can't be read"
SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Answer:
    """The meaning of one response.

    Attributes:
        kind: "acknowledged": the events were accepted. "rejected": a status other than 2xx. "error_body": a 2xx
            with an error in its body. "unreadable": a 2xx whose body is not a JSON object, or can't be decoded.
        status: the HTTP status, or the code in the body of an "error_body" (1 to ``MOST_CODE``).
        message: the server's message, shortened, or the title of an HTML page; empty on success.
    """

    kind: Kind
    status: int
    message: str

    @property
    def acknowledged(self) -> bool:
        return self.kind == "acknowledged"

    @property
    def words(self) -> str:
        """Status and message, like ``400: 20 events in one batch``."""
        return in_words(self.status, self.message)


def read_answer(status: int, body: bytes, coding: str = "") -> Answer:
    """Read a response. Accepts ``{}``, ``{"ok":true}``, ``{"batch":..}`` and ``{"channels":..}``; with a 202 or a
    204 also an empty body and text, but no HTML.

    Args:
        status: the HTTP status.
        body: without transfer coding.
        coding: the Content-Encoding field; empty if there was none.
    """
    try:
        body = decode(body, coding)
    except CodingError as error:
        undecoded = f"{UNDECODED}: {error}"
        if 200 <= status < 300:
            return Answer("unreadable", status, undecoded)
        return Answer("rejected", status, f"{_phrase(status)}; {undecoded}")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not 200 <= status < 300:
        return Answer("rejected", status, _message(document, body) or _phrase(status))
    if not isinstance(document, dict):
        if status in ACCEPTED_BY_STATUS and not body.lstrip().startswith(b"<"):
            return Answer("acknowledged", status, "")
        got = describe_page(body) or repr(_shorten(body))
        return Answer("unreadable", status, f"{EXPECTED_JSON}{got}")
    if "error" in document or "code" in document:
        code = document.get("code")
        return Answer("error_body", code if _is_code(code) else status, _message(document, body))
    return Answer("acknowledged", status, "")


def in_words(status: int, message: str) -> str:
    """``400: 20 events in one batch``; the message alone if there was no response, whose status is 0."""
    return f"{status}: {message}" if status else message


def is_rejected(kind: str, status: int) -> bool:
    """Whether the server works and did not accept the call. ``kind``: of an answer or of a failed exchange."""
    return kind in ("rejected", "error_body") and not 500 <= status < 600


def is_final(kind: str, status: int) -> bool:
    """Whether the server would reject the same call again. It may accept it later if it was busy (408, 425, 429),
    failed (5xx) or did not answer."""
    return is_rejected(kind, status) and status not in RETRYABLE


def read_retry_after(field: str, now: float) -> float:
    """How long a server asks clients to wait (s, 0 or more).

    Args:
        field: the Retry-After header: seconds, also with a fraction, or a date; anything else gives
            ``USUAL_WAIT_S``.
        now: seconds since the epoch.
    """
    text = field.strip()
    if SECONDS.fullmatch(text):
        return float(text)
    try:
        date = parsedate_tz(text)
        # HTTP's dates are UTC, whether they say so or not.
        return USUAL_WAIT_S if date is None else max(0.0, mktime_tz((*date[:9], date[9] or 0)) - now)
    except (ValueError, OverflowError):
        return USUAL_WAIT_S


def _is_code(code: object) -> TypeGuard[int]:
    """Whether a server's code is a number that can be counted by; true and false are none."""
    return isinstance(code, int) and not isinstance(code, bool) and 0 < code <= MOST_CODE


def _message(document: object, body: bytes) -> str:
    if isinstance(document, dict) and isinstance(document.get("error"), str):
        return str(document["error"])[:MESSAGE_LENGTH]
    return describe_page(body) or _shorten(body)


def _shorten(body: bytes) -> str:
    return body[:MESSAGE_LENGTH].decode("utf-8", "replace").strip()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"
