"""The hot path: one user publishes one workload for as long as a slice is open."""

from __future__ import annotations

from time import perf_counter_ns, time

import gevent

from wiretax.channels.workload import Workload
from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.exchange_error import ExchangeError
from wiretax.wire.connections.response import Response
from wiretax.wire.ledger import UNCONNECTED
from wiretax.wire.publishers.exchange_counter import (
    RECONNECT_PAUSE_S,
    Listener,
    OnRejected,
    count_acknowledged,
    count_failure,
    count_unfinished,
)
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice

FOREVER_NS = 2**63


class Publisher:
    """Sends requests over one connection, one after the other, and counts them."""

    __slots__ = ("_connection", "_on_rejected", "_used_ns")

    def __init__(self, connection: Connection, on_rejected: OnRejected | None = None) -> None:
        """``on_rejected``: hears of answers that acknowledged nothing; None where nobody cares."""
        self._connection = connection
        self._on_rejected = on_rejected
        self._used_ns = perf_counter_ns()

    def publish(
        self, source: RequestSource, slice_: Slice, until_ns: int = FOREVER_NS, listener: Listener | None = None
    ) -> None:
        """Publish until the slice closes, or until ``until_ns`` on ``perf_counter_ns``; at least once.

        Counts are kept in locals and added to the slice at the end, whichever way it comes.
        """
        exchange, render, next_body = self._connection.exchange, source.head.render, source.next_body
        writes, weigh, note_latency = source.writes, source.payload_of, slice_.latencies_ns.append
        calls_left = calls = source.workload.transport.max_calls
        if calls or self._is_stale(source.idle_close_ns):
            # A connection kept by the workload before would be one too few.
            self._connection.close()
        before = self._connection.snapshot()
        requests = acknowledged = head_bytes = body_bytes = answer_head_bytes = answer_body_bytes = 0
        weighed_bytes = 0
        began_ns = -1
        try:
            while slice_.open and began_ns < until_ns:
                body = next_body()
                head = render(body, int(time()))
                began_ns = perf_counter_ns()
                try:
                    response = exchange(head, body, writes)
                except ExchangeError as error:
                    latency_ns = perf_counter_ns() - began_ns
                    count_unfinished(slice_, error, len(head) + len(body), latency_ns)
                    if error.__cause__ is not None:
                        raise error.__cause__ from None
                    if listener is not None:
                        listener(source.workload, latency_ns, None, error.failure)
                    if error.failure.kind in UNCONNECTED:
                        gevent.sleep(RECONNECT_PAUSE_S)
                    continue
                latency_ns = perf_counter_ns() - began_ns
                if calls:
                    calls_left -= 1
                    if not calls_left:
                        # Also where the server was not told to: some libraries close without saying so.
                        self._connection.close()
                        calls_left = calls
                if slice_.open:
                    requests += 1
                    head_bytes += len(head)
                    body_bytes += len(body)
                    if weigh is not None:
                        weighed_bytes += weigh(body)
                    answer_head_bytes += response.head_bytes
                    answer_body_bytes += response.body_bytes
                    if response.acknowledged:
                        acknowledged += 1
                        note_latency(latency_ns)
                    else:
                        count_failure(slice_.measured, response, latency_ns)
                        self._note_rejected(source.workload, response)
                else:  # closed during the exchange, which mypy can't see
                    count_acknowledged(  # type: ignore[unreachable]
                        slice_.boundary,
                        source,
                        1,
                        len(head),
                        len(body),
                        response.acknowledged,
                        source.payload_bytes(body),
                    )
                    slice_.boundary.response_head_bytes += response.head_bytes
                    slice_.boundary.response_body_bytes += response.body_bytes
                    if response.acknowledged:
                        slice_.boundary.latency.record([latency_ns])
                    else:
                        count_failure(slice_.boundary, response, latency_ns)
                        self._note_rejected(source.workload, response)
                if listener is not None:
                    listener(source.workload, latency_ns, response, None)
        finally:
            measured = slice_.measured
            payload_bytes = requests * source.workload.payload_per_request if weigh is None else weighed_bytes
            count_acknowledged(measured, source, requests, head_bytes, body_bytes, acknowledged, payload_bytes)
            measured.response_head_bytes += answer_head_bytes
            measured.response_body_bytes += answer_body_bytes
            # Nothing is under way on this connection, before or after.
            slice_.add_connection(before, self._connection.snapshot())
            self._used_ns = perf_counter_ns()

    def _note_rejected(self, workload: Workload, response: Response) -> None:
        if self._on_rejected is not None:
            self._on_rejected(workload, response)

    def _is_stale(self, idle_close_ns: int) -> bool:
        """Whether the library would have closed the connection, idle for as long as it was."""
        return 0 < idle_close_ns < perf_counter_ns() - self._used_ns
