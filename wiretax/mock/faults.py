"""The faults a mock can inject, the requests they hit, and the bytes that leave instead. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from typing import Any, Literal, NamedTuple, get_args

Kind = Literal[
    "slow",
    "half-body",
    "reset",
    "half-reset",
    "close",
    "close-unsaid",
    "rate-limit",
    "server-error",
    "plain-text",
    "error-body",
    "not-json",
    "stall",
    "short-length",
    "long-length",
    "drop",
    "duplicate",
    "reorder",
    "delay-delivery",
    "disconnect-subscriber",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# The kinds that take a time, with its default (s).
WAITS_S: dict[str, float] = {"slow": 0.2, "rate-limit": 1.0, "delay-delivery": 0.2}
# The kinds that change what subscribers get, and not the response.
OF_DELIVERY = frozenset({"drop", "duplicate", "reorder", "delay-delivery", "disconnect-subscriber"})

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
BLANK_LINE = b"\r\n\r\n"
LENGTH = re.compile(rb"(\r\nContent-Length: )(\d+)")


class Ending(Enum):
    """What happens to a connection after a response."""

    KEEP = "kept open"
    CLOSE = "closed"
    RESET = "reset by RST"
    STALL = "kept open, but nothing more is read or sent"


class Delivery(NamedTuple):
    """The bytes sent for one request, and what happens to the connection afterwards."""

    data: bytes
    ending: Ending


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    The events are accepted, but the response is late ("slow"), breaks off ("half-body": closed inside the body,
    "half-reset": RST half way), never comes ("reset": RST instead, "stall": nothing at all), ends the connection
    ("close": announced in a header, "close-unsaid": not), or has a Content-Length that is one too small or too
    large ("short-length", "long-length"). Or the events are rejected, and the response is 429 with Retry-After
    ("rate-limit"), 500 in JSON ("server-error"), 503 in plain text ("plain-text"), 200 with an error in its body,
    as soketi sends it ("error-body"), or 200 without JSON ("not-json").

    Or the response is in order, and subscribers get the events never ("drop"), twice ("duplicate"), after those of
    the next request ("reorder") or late, with everything after them ("delay-delivery"); or one of the subscribers
    is disconnected before it gets them, and told to connect again ("disconnect-subscriber").

    Attributes:
        kind: one of ``KINDS``.
        share: share of the requests it hits, above 0 and up to 1.
        wait_s: the delay of "slow" and "delay-delivery", the Retry-After of "rate-limit" (whole seconds); unused
            by other kinds.
    """

    kind: Kind
    share: float = 1.0
    wait_s: float = 0.0

    @property
    def rejects(self) -> bool:
        """Whether the events are rejected."""
        return self.kind in REJECTIONS

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        wait = {"wait_s": self.wait_s} if self.kind in WAITS_S else {}
        return {"kind": self.kind, "share": self.share, **wait}

    def __str__(self) -> str:
        """As the option ``--fault`` reads it."""
        wait = f":{self.wait_s:.6f}s" if self.kind in WAITS_S else ""
        return f"{self.kind}:{self.share!r}{wait}"


@dataclass(frozen=True, slots=True)
class FaultList:
    """The faults of a mock; at most one hits a request.

    Attributes:
        faults: their shares add up to 1 at most.
        seed: random seed; the same seed hits the same requests.
        after: number of requests before the first fault.
    """

    faults: Sequence[Fault] = ()
    seed: int = 1
    after: int = 0

    def __bool__(self) -> bool:
        return bool(self.faults)

    def draw(self, connection: int, request: int) -> Fault | None:
        """The fault of a request, drawn from its number and its connection's number; None for no fault."""
        digest = blake2b(f"{self.seed}/{connection}/{request}".encode(), digest_size=8).digest()
        point = int.from_bytes(digest) / 2**64
        for fault in self.faults:
            point -= fault.share
            if point < 0:
                return fault
        return None


NO_FAULTS = FaultList()


class MockResponse(NamedTuple):
    """A response whatever HTTP carries it."""

    status: int
    content_type: str
    body: bytes


REJECTIONS: dict[str, MockResponse] = {
    "rate-limit": MockResponse(429, JSON, b'{"error":"Too many requests.","code":429}'),
    "server-error": MockResponse(500, JSON, b'{"error":"Internal server error.","code":500}'),
    "plain-text": MockResponse(503, TEXT, b"Service Unavailable"),
    "error-body": MockResponse(200, JSON, b'{"error":"The received data is incorrect.","code":400}'),
    "not-json": MockResponse(200, TEXT, b"It works!"),
}


def apply_fault(fault: Fault, answer: bytes) -> Delivery:
    """The bytes to send instead of a whole HTTP/1.1 response."""
    head = answer.find(BLANK_LINE) + len(BLANK_LINE)
    match fault.kind:
        case "half-body":
            return Delivery(answer[: head + (len(answer) - head) // 2], Ending.CLOSE)
        case "reset":
            return Delivery(b"", Ending.RESET)
        case "half-reset":
            return Delivery(answer[: len(answer) // 2], Ending.RESET)
        case "close":
            announced = b"\r\nConnection: close\r\n" in answer[:head]
            return Delivery(answer if announced else with_header(answer, b"Connection: close"), Ending.CLOSE)
        case "close-unsaid":
            return Delivery(answer, Ending.CLOSE)
        case "rate-limit":
            return Delivery(with_header(answer, b"Retry-After: %d" % fault.wait_s), Ending.KEEP)
        case "stall":
            return Delivery(b"", Ending.STALL)
        case "short-length":
            return Delivery(_with_length(answer, -1), Ending.KEEP)
        case "long-length":
            return Delivery(_with_length(answer, +1), Ending.KEEP)
        case _:
            return Delivery(answer, Ending.KEEP)


def with_header(answer: bytes, line: bytes) -> bytes:
    """A response with one more header, the last."""
    head = answer.find(BLANK_LINE)
    return answer[:head] + b"\r\n" + line + answer[head:]


def _with_length(answer: bytes, change: int) -> bytes:
    return LENGTH.sub(lambda found: found[1] + b"%d" % max(0, int(found[2]) + change), answer, count=1)
