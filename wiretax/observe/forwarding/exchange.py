"""One observed request and its response."""

from __future__ import annotations

from dataclasses import dataclass

from wiretax.channels.answers import Answer, read_answer
from wiretax.channels.request.parser import Publication, SentEvent, read_publication
from wiretax.delivery.counting.content_key import content_key
from wiretax.observe.forwarding.heads import read_method, read_target
from wiretax.wire.counters import TcpCounters
from wiretax.wire.ledger import Failure

# The status of the proxy's own responses.
REFUSED = 403


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as the publisher sent it, and its response as it came back. Sizes are bytes.

    Attributes:
        connection: the number of its connection, from 0.
        head: the raw head of the request.
        body_bytes: the received part of the request's body, with its framing.
        publication: what it publishes; None if it is no publishing call.
        response_head_bytes: status line, headers and blank line, with interim responses before them.
        response_body_bytes: the response's body, with its framing.
        answer: what the response means; None if it is missing or incomplete.
        failure: how the exchange failed; None if it did not.
        began_ns: when its first byte came, on the clock of ``perf_counter_ns``.
        ended_ns: when the response's last byte was passed on, or the connection to either side was lost.
        withheld: whether the server never saw it, and the response is the proxy's.
        keys: what identifies its events at a subscriber: for each of them a key per channel; empty if deliveries
            are not counted.
        held_ns: how long it was complete and not forwarded, as its channels were not subscribed to yet.
        forwarded: whether it was sent on to the server.
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
    withheld: bool = False
    keys: tuple[tuple[int, ...], ...] = ()
    held_ns: int = 0
    forwarded: bool = True

    @property
    def target(self) -> bytes:
        """Path and query."""
        return read_target(self.head)

    @property
    def call(self) -> str:
        """Method and path, without the query and its signature."""
        return b" ".join((read_method(self.head), self.target.partition(b"?")[0])).decode("latin-1")

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


class OpenExchange:
    """A request without a response yet.

    Attributes:
        complete: whether the request was received completely.
        response: bytes of the response's head and body.
        refusal: the proxy's own response, if the request is withheld from the server; else empty.
        events: what it publishes, if deliveries are counted.
        head, began_ns, body, body_bytes, answer, failure, held_ns, forwarded: as in ``Exchange``; ``body`` is the
            decoded body.
    """

    __slots__ = (
        "answer",
        "began_ns",
        "body",
        "body_bytes",
        "complete",
        "events",
        "failure",
        "forwarded",
        "head",
        "held_ns",
        "refusal",
        "response",
    )

    def __init__(self, head: bytes, began_ns: int) -> None:
        self.head = head
        self.began_ns = began_ns
        self.body = b""
        self.body_bytes = 0
        self.complete = False
        self.answer: Answer | None = None
        self.failure: Failure | None = None
        self.response = (0, 0)
        self.refusal = b""
        self.events: list[SentEvent] = []
        self.held_ns = 0
        self.forwarded = True

    @property
    def publication(self) -> Publication | None:
        """What it publishes, once it is complete; None if it is no publishing call."""
        return read_publication(read_target(self.head), self.body)

    def add_refusal(self) -> None:
        """The refusal is the response."""
        head, blank_line, body = self.refusal.partition(b"\r\n\r\n")
        self.response = (len(head + blank_line), len(body))
        self.answer = read_answer(REFUSED, body)

    def end(self, connection: int, ended_ns: int) -> Exchange:
        """The exchange, which has ended."""
        return Exchange(
            connection=connection,
            head=self.head,
            body_bytes=self.body_bytes,
            publication=self.publication,
            response_head_bytes=self.response[0],
            response_body_bytes=self.response[1],
            answer=self.answer,
            failure=self.failure,
            began_ns=self.began_ns,
            ended_ns=ended_ns,
            withheld=bool(self.refusal),
            keys=tuple(
                tuple(content_key(channel, event.name, event.data) for channel in event.channels)
                for event in self.events
            ),
            held_ns=self.held_ns,
            forwarded=self.forwarded,
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What the kernel counted for some exchanges of one connection.

    Attributes:
        exchanges: the exchanges between two readings; with pipelining, more than one.
        tcp: bytes and segments as the publisher's side has them; None if the kernel has no counters.
    """

    exchanges: tuple[Exchange, ...]
    tcp: TcpCounters | None
