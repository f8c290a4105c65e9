"""Counting exchanges, whoever makes them: all that a publisher does besides its loop."""

from __future__ import annotations

from collections.abc import Callable

import gevent

from wiretax.channels.workload import Workload
from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.exchange_error import CUT, ExchangeError
from wiretax.wire.connections.response import Response
from wiretax.wire.ledger import UNCONNECTED, Failure, Tally
from wiretax.wire.parts import Parts
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.publishers.sample import Listener, Sample
from wiretax.wire.slices import Slice

# How long a user waits after a failed connection attempt, so that it does not retry as fast as the server refuses.
RECONNECT_PAUSE_S = 0.1

# Called with each response that acknowledged nothing; it may close the slice.
OnRejected = Callable[[Workload, Response], None]


class ExchangeCounter:
    """Counts the exchanges of one user with one workload in one slice.

    Used as a context: on entry it makes sure of a fresh connection if the workload limits the calls per
    connection; on exit it adds what happened on the connection to the slice.
    """

    __slots__ = (
        "_before",
        "_calls_left",
        "_close",
        "_connection",
        "_listener",
        "_on_rejected",
        "_slice",
        "_source",
    )

    def __init__(
        self,
        connection: Connection,
        source: RequestSource,
        slice_: Slice,
        listener: Listener | None = None,
        on_rejected: OnRejected | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        """``close``: closes the connection and what is kept beside it; None for the connection alone."""
        self._connection = connection
        self._source = source
        self._slice = slice_
        self._listener = listener
        self._on_rejected = on_rejected
        self._close = close or connection.close
        self._calls_left = source.workload.transport.max_calls

    def __enter__(self) -> ExchangeCounter:
        if self._calls_left:
            # The connection may be left over from another workload, which has used up some of its calls.
            self._close()
        self._before = self._connection.snapshot()
        return self

    def __exit__(self, *_: object) -> None:
        # No exchange is under way on this connection, on entry or on exit.
        self._slice.add_connection(self._before, self._connection.snapshot())

    def close_if_used_up(self) -> None:
        """Close the connection after as many calls as the workload makes on one."""
        if self._calls_left:
            self._calls_left -= 1
            if not self._calls_left:
                # Also if the server was not told to close: some libraries close without announcing it.
                self._close()
                self._calls_left = self._source.workload.transport.max_calls

    def count_requests(self, requests: int, acknowledged: int, parts: Parts, payload_bytes: int) -> None:
        """Count exchanges that began and ended in the slice, by their sums; failures and latencies are counted
        one by one."""
        workload, tally = self._source.workload, self._slice.measured
        tally.add(requests, parts, payload_bytes)
        tally.events += acknowledged * workload.call.batch_size
        tally.messages += acknowledged * workload.call.messages

    def count_response(
        self,
        response: Response,
        latency_ns: int,
        parts: Parts,
        payload_bytes: int,
        events: int,
        messages: int,
        began_open: bool = True,
    ) -> None:
        """Count one exchange: as measured if it began and ended in the slice, else at its boundary.

        Args:
            response: the whole response.
            latency_ns: from the first byte sent to the last byte received.
            parts: the bytes of the exchange.
            payload_bytes: the data of its events.
            events: how many it carried.
            messages: events times channels.
            began_open: whether the slice was open when the exchange began.
        """
        slice_ = self._slice
        measured = began_open and slice_.open
        tally = slice_.measured if measured else slice_.boundary
        tally.add(1, parts, payload_bytes)
        if not response.acknowledged:
            self.count_rejected(tally, response, latency_ns)
            return
        tally.events += events
        tally.messages += messages
        if measured:
            slice_.latencies_ns.append(latency_ns)
        else:
            tally.latency.record([latency_ns])

    def count_rejected(self, tally: Tally, response: Response, latency_ns: int) -> None:
        """Count a response that acknowledged nothing, and report it."""
        answer = response.answer
        tally.latency.record_censored([latency_ns])
        tally.failures += 1
        tally.failed.add(Failure(answer.kind, answer.status, answer.message))
        if self._on_rejected is not None:
            self._on_rejected(self._source.workload, response)

    def count_unfinished(self, error: ExchangeError, is_unknown: bool, age_ns: int) -> None:
        """Count an exchange without a whole response; wait a little if there was no connection.

        Args:
            error: how it ended. If its user was stopped, what stopped the user is raised again.
            is_unknown: whether the request left whole, so that its events may have been published.
            age_ns: how long the exchange had lasted.
        """
        slice_ = self._slice
        tally = slice_.measured if slice_.open else slice_.boundary
        tally.unfinished += 1
        tally.unknown += is_unknown
        tally.unfinished_sent_bytes += error.sent
        tally.unfinished_received_bytes += error.received
        tally.latency.record_censored([age_ns])
        if error.failure != CUT:
            tally.failures += 1
            tally.failed.add(error.failure)
        if error.__cause__ is not None:
            raise error.__cause__ from None
        if self._listener is not None:
            self._listener(Sample(self._source.workload, age_ns, error.sent, error.received, None, error.failure))
        if error.failure.kind in UNCONNECTED:
            gevent.sleep(RECONNECT_PAUSE_S)
