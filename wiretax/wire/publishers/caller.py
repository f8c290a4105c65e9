"""Publishing events that are handed over call by call, as from a queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic, time
from types import TracebackType
from typing import NamedTuple, Self

from wiretax.channels.bodies.events import Event
from wiretax.channels.bodies.weighed import weighed_writer
from wiretax.channels.profiles import load_profile
from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.exchange_error import ExchangeError
from wiretax.wire.ledger import Failure
from wiretax.wire.publishers.exchange_counter import ExchangeCounter, OnRejected
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.publishers.sample import Listener, Sample
from wiretax.wire.slices import Slice

# Called with the number of messages that a call is about to send; raises MessageLimitError if they exceed a limit.
Reserve = Callable[[int], None]


class MessageLimitError(Exception):
    """A call that exceeds the message limit: it was not sent."""


class CallResult(NamedTuple):
    """One call that ended.

    Attributes:
        acknowledged: whether its events were published.
        began_s: before its first byte was handed to the socket, seconds on ``time.monotonic``.
        ended_s: after the last byte of its response came, likewise.
        failure: why its events were not published; None if they were.
        is_unknown: whether the request was sent whole and no response came: its events may have been published.
    """

    acknowledged: bool
    began_s: float
    ended_s: float
    failure: Failure | None = None
    is_unknown: bool = False


class Caller:
    """Makes calls over one connection, between entry and exit of its context.

    Calls are counted in one slice; those that begin or end after it closed count at its boundary.
    """

    __slots__ = ("_connection", "_counter", "_listener", "_reserve", "_slice", "_source", "_write_body")

    def __init__(
        self,
        connection: Connection,
        source: RequestSource,
        slice_: Slice,
        listener: Listener | None = None,
        on_rejected: OnRejected | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        """``source``: renders the heads; its bodies are not used."""
        self._connection = connection
        self._source = source
        self._slice = slice_
        self._listener = listener
        self._reserve = reserve
        self._counter = ExchangeCounter(connection, source, slice_, listener, on_rejected)
        workload = source.workload
        profile = load_profile(workload.transport.client)
        self._write_body = weighed_writer(workload.call.api, profile, source.encryption)

    def __enter__(self) -> Self:
        self._counter.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._counter.__exit__()

    def call(self, events: Sequence[Event], intended_s: Sequence[float] = ()) -> CallResult:
        """Publish events in one call, which may fail.

        Args:
            events: what to publish.
            intended_s: when each was meant to arrive, seconds on ``time.monotonic``; for callers that note it.

        Raises whatever ``reserve`` raises; nothing was sent then.
        """
        slice_, source = self._slice, self._source
        messages = sum(len(event.channels) for event in events)
        if self._reserve is not None:
            self._reserve(messages)
        body = self._write_body(events)
        head = source.head.render(body, int(time()))
        # A queue may be drained after its slice has closed.
        began_open = slice_.open
        began_s = monotonic()
        try:
            response = self._connection.exchange(head, body, source.writes)
        except ExchangeError as error:
            ended_s = monotonic()
            is_whole = error.sent == len(head) + len(body)
            self._counter.count_unfinished(error, is_whole, round((ended_s - began_s) * 1e9))
            return CallResult(False, began_s, ended_s, error.failure, is_whole)
        ended_s = monotonic()
        latency_ns = round((ended_s - began_s) * 1e9)
        self._counter.close_if_used_up()
        payload, encryption = body.weight
        parts = source.parts(1, len(head), len(body), response.head_bytes, response.body_bytes, encryption)
        self._counter.count_response(response, latency_ns, parts, payload, len(events), messages, began_open)
        if self._listener is not None:
            self._listener(Sample(source.workload, latency_ns, parts.sent, parts.received, response))
        if response.acknowledged:
            return CallResult(True, began_s, ended_s)
        answer = response.answer
        return CallResult(False, began_s, ended_s, Failure(answer.kind, answer.status, answer.message))
