"""Calls whose events somebody else decides on, over one connection, each counted as it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic, time
from types import TracebackType
from typing import NamedTuple, Self

import gevent

from wiretax.channels.bodies.events import Event, body_writer
from wiretax.channels.profiles import load_profile
from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.exchange_error import ExchangeError
from wiretax.wire.ledger import UNCONNECTED, Failure
from wiretax.wire.publishers.exchange_counter import (
    RECONNECT_PAUSE_S,
    Listener,
    OnRejected,
    count_failure,
    count_requests,
    count_unfinished,
)
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice

# Called with the number of messages that a call is about to send; raises MessageLimitError if they exceed a limit.
Reserve = Callable[[int], None]


class MessageLimitError(Exception):
    """A call that exceeds the message limit: it was not sent."""


class Call(NamedTuple):
    """One call that ended.

    Attributes:
        acknowledged: whether its events were published.
        began_s: before its first byte was handed to the socket, on ``time.monotonic``.
        ended_s: after the last byte of its response came.
        failure: why they were not published; None if they were.
    """

    acknowledged: bool
    began_s: float
    ended_s: float
    failure: Failure | None = None


class Caller:
    """Sends calls while it is entered, and counts them in a slice; those that end after it in its boundary."""

    __slots__ = (
        "_before",
        "_calls_left",
        "_connection",
        "_listener",
        "_on_rejected",
        "_piece",
        "_reserve",
        "_source",
        "_write_body",
    )

    def __init__(
        self,
        connection: Connection,
        source: RequestSource,
        slice_: Slice,
        listener: Listener | None = None,
        on_rejected: OnRejected | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        """``source``: gives the heads; its bodies are not used. ``listener``, ``on_rejected`` and ``reserve``
        are optional."""
        self._on_rejected = on_rejected
        self._reserve = reserve
        self._connection = connection
        self._source = source
        self._piece = slice_
        self._listener = listener
        self._calls_left = source.workload.transport.max_calls
        self._write_body = body_writer(source.workload.call.api, load_profile(source.workload.transport.client))

    def __enter__(self) -> Self:
        if self._calls_left:
            # A connection kept by the workload before would be one too few.
            self._connection.close()
        self._before = self._connection.snapshot()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Nothing is under way on this connection, before or after.
        self._piece.add_connection(self._before, self._connection.snapshot())

    def call(self, events: Sequence[Event]) -> Call:
        """Publish events in one call, which may fail. What the ration raises is raised; nothing was sent then."""
        slice_, source = self._piece, self._source
        messages = sum(len(event.channels) for event in events)
        if self._reserve is not None:
            self._reserve(messages)
        body = self._write_body(events)
        head = source.head.render(body, int(time()))
        # A call that begins after its slice, in what is left of a queue, is none of it.
        began_open = slice_.open
        began_s = monotonic()
        try:
            response = self._connection.exchange(head, body, source.writes)
        except ExchangeError as error:
            ended_s = monotonic()
            age_ns = round((ended_s - began_s) * 1e9)
            count_unfinished(slice_, error, len(head) + len(body), age_ns)
            if error.__cause__ is not None:
                raise error.__cause__ from None
            if self._listener is not None:
                self._listener(source.workload, age_ns, None, error.failure)
            if error.failure.kind in UNCONNECTED:
                gevent.sleep(RECONNECT_PAUSE_S)
            return Call(False, began_s, ended_s, error.failure)
        ended_s = monotonic()
        latency_ns = round((ended_s - began_s) * 1e9)
        self._close_in_turn()
        whole = began_open and slice_.open
        tally = slice_.measured if whole else slice_.boundary
        count_requests(tally, source, 1, len(head), len(body), sum(len(event.data.encode()) for event in events))
        tally.response_head_bytes += response.head_bytes
        tally.response_body_bytes += response.body_bytes
        if not response.acknowledged:
            count_failure(tally, response, latency_ns)
            if self._on_rejected is not None:
                self._on_rejected(source.workload, response)
        else:
            tally.events += len(events)
            tally.messages += messages
            if whole:
                slice_.latencies_ns.append(latency_ns)
            else:
                tally.latency.record([latency_ns])
        if self._listener is not None:
            self._listener(source.workload, latency_ns, response, None)
        if response.acknowledged:
            return Call(True, began_s, ended_s)
        answer = response.answer
        return Call(False, began_s, ended_s, Failure(answer.kind, answer.status, answer.message))

    def _close_in_turn(self) -> None:
        """Close the connection after as many calls as the workload gives it."""
        if self._calls_left:
            self._calls_left -= 1
            if not self._calls_left:
                # Also where the server was not told to: some libraries close without saying so.
                self._connection.close()
                self._calls_left = self._source.workload.transport.max_calls
