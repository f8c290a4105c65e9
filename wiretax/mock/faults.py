"""What a mock can be told to get wrong, which requests that hits, and what leaves for them. No I/O."""

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
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# The kinds that take a time, and what it is where none is given (s).
WAITS_S: dict[str, float] = {"slow": 0.2, "rate-limit": 1.0}

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
BLANK_LINE = b"\r\n\r\n"
LENGTH = re.compile(rb"(\r\nContent-Length: )(\d+)")


class Ending(Enum):
    """What becomes of a connection after an answer."""

    KEEP = "it is kept"
    CLOSE = "it is closed"
    RESET = "it is reset, by RST"
    STALL = "it is kept, and nothing more is read or sent"


class Delivery(NamedTuple):
    """What leaves for one request, and what becomes of the connection after it."""

    data: bytes
    ending: Ending


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong.

    The answer comes late ("slow"); breaks off ("half-body": closed inside the body, "half-reset": by RST half
    way); does not come ("reset": RST instead, "stall": nothing, ever); ends the connection ("close": said in a
    header, "close-unsaid": not); or has a Content-Length of one too few or too many ("short-length",
    "long-length"). In all of those the events were taken. Or nothing is taken, and the answer is 429 with
    Retry-After ("rate-limit"), 500 in JSON ("server-error"), 503 in plain text ("plain-text"), 200 with an error
    in its body, as soketi has it ("error-body"), or 200 without JSON ("not-json").

    Attributes:
        kind: which of those.
        share: of the requests, over 0 and up to 1.
        wait_s: the delay of "slow", the Retry-After of "rate-limit" (whole seconds); of no use to the others.
    """

    kind: Kind
    share: float = 1.0
    wait_s: float = 0.0

    @property
    def refuses(self) -> bool:
        """Whether the events are not taken."""
        return self.kind in REFUSALS

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        wait = {"wait_s": self.wait_s} if self.kind in WAITS_S else {}
        return {"kind": self.kind, "share": self.share, **wait}

    def __str__(self) -> str:
        """As the option ``--fault`` takes it."""
        wait = f":{self.wait_s:.6f}s" if self.kind in WAITS_S else ""
        return f"{self.kind}:{self.share!r}{wait}"


@dataclass(frozen=True, slots=True)
class FaultList:
    """All a mock gets wrong; a request meets one of them at most.

    Attributes:
        faults: their shares add up to 1 at most.
        seed: what decides which requests they hit; the same seed hits the same ones.
        spared: requests that are served well before the first fault.
    """

    faults: Sequence[Fault] = ()
    seed: int = 1
    spared: int = 0

    def __bool__(self) -> bool:
        return bool(self.faults)

    def draw(self, connection: int, request: int) -> Fault | None:
        """The fault of one request, by its number on its connection and the connection's; None for none."""
        digest = blake2b(f"{self.seed}/{connection}/{request}".encode(), digest_size=8).digest()
        point = int.from_bytes(digest) / 2**64
        for fault in self.faults:
            point -= fault.share
            if point < 0:
                return fault
        return None


NO_FAULTS = FaultList()


class CannedAnswer(NamedTuple):
    """An answer that does not depend on its request."""

    status: int
    content_type: str
    body: bytes


REFUSALS: dict[str, CannedAnswer] = {
    "rate-limit": CannedAnswer(429, JSON, b'{"error":"Too many requests.","code":429}'),
    "server-error": CannedAnswer(500, JSON, b'{"error":"Internal server error.","code":500}'),
    "plain-text": CannedAnswer(503, TEXT, b"Service Unavailable"),
    "error-body": CannedAnswer(200, JSON, b'{"error":"The received data is incorrect.","code":400}'),
    "not-json": CannedAnswer(200, TEXT, b"It works!"),
}


def spoil(fault: Fault, answer: bytes) -> Delivery:
    """What leaves instead of a whole answer, head and body, that is ready to be sent."""
    head = answer.find(BLANK_LINE) + len(BLANK_LINE)
    match fault.kind:
        case "half-body":
            return Delivery(answer[: head + (len(answer) - head) // 2], Ending.CLOSE)
        case "reset":
            return Delivery(b"", Ending.RESET)
        case "half-reset":
            return Delivery(answer[: len(answer) // 2], Ending.RESET)
        case "close":
            said = b"\r\nConnection: close\r\n" in answer[:head]
            return Delivery(answer if said else with_header(answer, b"Connection: close"), Ending.CLOSE)
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
    """An answer with one header more, the last."""
    head = answer.find(BLANK_LINE)
    return answer[:head] + b"\r\n" + line + answer[head:]


def _with_length(answer: bytes, change: int) -> bytes:
    return LENGTH.sub(lambda found: found[1] + b"%d" % max(0, int(found[2]) + change), answer, count=1)
