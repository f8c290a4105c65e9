"""One observed request and what came back."""

from __future__ import annotations

from dataclasses import dataclass

from wiretax.channels.answers import Answer
from wiretax.channels.request.parser import Publication
from wiretax.wire.counters import TcpCounters
from wiretax.wire.ledger import Failure


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as the publisher sent it, and its response as it came back. Sizes are bytes.

    Attributes:
        connection: the number of its connection, from 0.
        head: the request's head, raw.
        body_bytes: the request's body as framed, as far as it came.
        publication: what it publishes; None where it is no publishing call.
        response_head_bytes: status line, headers and blank line, interim responses before them included.
        response_body_bytes: the response's body as framed.
        answer: what the response means; None where none came whole.
        failure: how the exchange failed, None where it didn't.
        began_ns: when its first byte came, on the clock of ``perf_counter_ns``.
        ended_ns: when the response's last byte was passed on, or the exchange was given up.
    """

    connection: int
    head: bytes
    body_bytes: int
    publication: Publication | None
    response_head_bytes: int
    response_body_bytes: int
    answer: Answer | None
    failure: Failure | None
    began_ns: int
    ended_ns: int

    @property
    def target(self) -> bytes:
        """Path and query."""
        return read_target(self.head)

    @property
    def request_line_bytes(self) -> int:
        """The request line and its end, without the query."""
        return self.head.find(b"\n", len(self.head) - len(self.head.lstrip())) + 1 - self.query_bytes

    @property
    def query_bytes(self) -> int:
        """The query with its ``?``."""
        _, mark, query = self.target.partition(b"?")
        return len(mark + query)

    @property
    def header_bytes(self) -> int:
        """Header lines and the blank line."""
        return len(self.head) - self.request_line_bytes - self.query_bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What the kernel counted for some exchanges of one connection.

    Attributes:
        exchanges: those that lay between two readings; with pipelining more than one.
        tcp: bytes and segments as the publisher's side has them; None where the kernel keeps no count.
    """

    exchanges: tuple[Exchange, ...]
    tcp: TcpCounters | None


def read_target(head: bytes) -> bytes:
    """Path and query of a raw head."""
    words = head.lstrip().split(b" ", 2)
    return words[1] if len(words) > 1 else b""
