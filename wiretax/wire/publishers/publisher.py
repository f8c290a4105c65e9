"""The hot path: one user publishes one workload for as long as a slice is open."""

from __future__ import annotations

from time import perf_counter_ns, time

from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.exchange_error import ExchangeError
from wiretax.wire.publishers.exchange_counter import ExchangeCounter, OnRejected
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.publishers.sample import Listener, Sample
from wiretax.wire.slices import Slice

FOREVER_NS = 2**63


class Publisher:
    """Sends requests over one connection, one after the other, and counts them."""

    __slots__ = ("_connection", "_on_rejected", "_used_ns")

    def __init__(self, connection: Connection, on_rejected: OnRejected | None = None) -> None:
        """``on_rejected``: called with each response that acknowledged nothing; None to ignore them."""
        self._connection = connection
        self._on_rejected = on_rejected
        self._used_ns = perf_counter_ns()

    def publish(
        self, source: RequestSource, slice_: Slice, until_ns: int = FOREVER_NS, listener: Listener | None = None
    ) -> None:
        """Publish until the slice closes, or until ``until_ns`` on ``perf_counter_ns``; at least once.

        Counts are kept in locals and added to the slice at the end, however the loop ends.
        """
        exchange, render, next_body = self._connection.exchange, source.head.render, source.next_body
        writes, weigh, note_latency = source.writes, source.weigh, slice_.latencies_ns.append
        calls_left = calls = source.workload.transport.max_calls
        if self._is_stale(source.idle_close_ns):
            self._connection.close()
        counter = ExchangeCounter(self._connection, source, slice_, listener, self._on_rejected)
        requests = acknowledged = head_bytes = body_bytes = answer_head_bytes = answer_body_bytes = 0
        weighed_bytes = encryption_bytes = 0
        began_ns, paced, paced_from_ns = -1, 0.0, slice_.paced_from_ns
        last_ns = perf_counter_ns()
        with counter:
            try:
                while slice_.open and began_ns < until_ns:
                    body = next_body()
                    head = render(body, int(time()))
                    began_ns = perf_counter_ns()
                    try:
                        response = exchange(head, body, writes)
                    except ExchangeError as error:
                        latency_ns = perf_counter_ns() - began_ns
                        counter.count_unfinished(error, error.sent == len(head) + len(body), latency_ns)
                        continue
                    ended_ns = perf_counter_ns()
                    latency_ns = ended_ns - began_ns
                    if calls:
                        calls_left -= 1
                        if not calls_left:
                            # Also if the server was not told to close: some libraries close without announcing it.
                            self._connection.close()
                            calls_left = calls
                    if slice_.open:
                        requests += 1
                        if last_ns < paced_from_ns <= ended_ns:
                            # The first one in the window of rates, by its share; those before it don't count.
                            paced = (ended_ns - paced_from_ns) / (ended_ns - last_ns) - requests
                        last_ns = ended_ns
                        head_bytes += len(head)
                        body_bytes += len(body)
                        if weigh is not None:
                            payload, encryption = weigh(body)
                            weighed_bytes += payload
                            encryption_bytes += encryption
                        answer_head_bytes += response.head_bytes
                        answer_body_bytes += response.body_bytes
                        if response.acknowledged:
                            acknowledged += 1
                            note_latency(latency_ns)
                        else:
                            counter.count_rejected(slice_.measured, response, latency_ns)
                    else:  # closed during the exchange, which mypy can't see
                        slice_.paced += slice_.paced_share(last_ns, ended_ns)  # type: ignore[unreachable]
                        payload, encryption = source.weight(body)
                        parts = source.parts(
                            1, len(head), len(body), response.head_bytes, response.body_bytes, encryption
                        )
                        workload = source.workload
                        counter.count_response(
                            response,
                            latency_ns,
                            parts,
                            payload,
                            workload.call.batch_size,
                            workload.call.messages,
                        )
                    if listener is not None:
                        received = response.head_bytes + response.body_bytes
                        sample = Sample(source.workload, latency_ns, len(head) + len(body), received, response)
                        listener(sample)
            finally:
                payload_bytes = requests * source.workload.payload_per_request if weigh is None else weighed_bytes
                parts = source.parts(
                    requests, head_bytes, body_bytes, answer_head_bytes, answer_body_bytes, encryption_bytes
                )
                counter.count_requests(requests, acknowledged, parts, payload_bytes)
                if last_ns >= paced_from_ns:
                    slice_.paced += requests + paced
                self._used_ns = perf_counter_ns()

    def _is_stale(self, idle_close_ns: int) -> bool:
        """Whether the library would have closed the connection, which has been idle since its last use."""
        return 0 < idle_close_ns < perf_counter_ns() - self._used_ns
