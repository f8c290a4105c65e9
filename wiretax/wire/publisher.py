"""The hot path: one user publishes one workload for as long as a slice is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns, time

import gevent

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.events import bodies
from wiretax.channels.payloads import payloads
from wiretax.channels.profiles import load_profile
from wiretax.channels.replay import Replay, payload_of, replayed_bodies
from wiretax.channels.request import RequestHead
from wiretax.channels.workload import Workload
from wiretax.wire.connection import Connection, ExchangeError
from wiretax.wire.ledger import UNCONNECTED, Failure, Tally
from wiretax.wire.response import Response
from wiretax.wire.slices import Slice

# A server that refuses connections is asked again at this pace by each user, not as fast as it refuses.
RECONNECT_PAUSE_S = 0.1
FOREVER_NS = 2**63
# HPACK remembers the last dozen or so signed paths of a connection: a body that came again within a second would
# cost one byte there, which new events never do. Prime, so that batches do not fall into step with it.
DISTINCT_DOCUMENTS = 1009

# Called after each exchange that somebody wants to hear of: latency in ns, the response or how it failed.
Listener = Callable[[Workload, int, Response | None, Failure | None], None]
# Called with each answer that acknowledged nothing; it may close the slice.
OnRejected = Callable[[Workload, Response], None]


@dataclass(frozen=True, slots=True)
class Source:
    """One workload's requests, shared by all users that send it.

    Attributes:
        workload: what is sent.
        next_body: the next body, encoded when asked for.
        payload_of: the bytes of data in a body, where they differ from one to the next; else None.
        head: renders and signs the head for a body.
        writes: 1 where head and body go to the socket together, 2 where apart.
        request_line_bytes: of every request, without the query.
        auth_query_bytes: of every request.
        idle_close_ns: how long the library keeps an idle connection; 0 for as long as the server does.
    """

    workload: Workload
    next_body: Callable[[], bytes]
    payload_of: Callable[[bytes], int] | None
    head: RequestHead
    writes: int
    request_line_bytes: int
    auth_query_bytes: int
    idle_close_ns: int

    @classmethod
    def of(cls, workload: Workload, endpoint: Endpoint, seed: int, replay: Replay | None = None) -> Source:
        """The source of a workload's requests to an endpoint, its payloads drawn from ``seed``, or those of a
        ``replay``."""
        profile = load_profile(workload.client)
        head = RequestHead(endpoint, profile, workload.api, workload.connection)
        sizes = head.sizes(0)
        if replay is None:
            least = DISTINCT_DOCUMENTS if workload.by_library else 4
            data = payloads(workload.payload_kind, workload.payload_bytes, seed, least)
            supply, weigh = bodies(workload, profile, data), None
        else:
            supply, weigh = replayed_bodies(workload, profile, replay.sent_by(workload)), payload_of
        idle_close_ns = int(profile.idle_close_s * 1e9)
        line, query = sizes.request_line, sizes.auth_query
        return cls(workload, supply, weigh, head, profile.writes, line, query, idle_close_ns)

    def payload_bytes(self, body: bytes) -> int:
        """The bytes of data in one of its bodies."""
        return self.workload.payload_per_request if self.payload_of is None else self.payload_of(body)


class Publisher:
    """Sends requests over one connection, one after the other, and counts them."""

    __slots__ = ("_connection", "_on_rejected", "_used_ns")

    def __init__(self, connection: Connection, on_rejected: OnRejected | None = None) -> None:
        """``on_rejected``: hears of answers that acknowledged nothing; None where nobody cares."""
        self._connection = connection
        self._on_rejected = on_rejected
        self._used_ns = perf_counter_ns()

    def publish(
        self, source: Source, slice_: Slice, until_ns: int = FOREVER_NS, listener: Listener | None = None
    ) -> None:
        """Publish until the slice closes, or until ``until_ns`` on ``perf_counter_ns``; at least once.

        Counts are kept in locals and added to the slice at the end, whichever way it comes.
        """
        exchange, render, next_body = self._connection.exchange, source.head.render, source.next_body
        writes, weigh, note_latency = source.writes, source.payload_of, slice_.latencies_ns.append
        calls_left = calls = source.workload.most_calls
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
                    _count(  # type: ignore[unreachable]
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
            _count(measured, source, requests, head_bytes, body_bytes, acknowledged, payload_bytes)
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


def count_unfinished(slice_: Slice, error: ExchangeError, request_bytes: int, age_ns: int) -> None:
    """Count an exchange without a whole response, ``age_ns`` old when it ended."""
    tally = slice_.measured if slice_.open else slice_.boundary
    tally.unfinished += 1
    tally.unknown += error.sent == request_bytes
    tally.unfinished_sent_bytes += error.sent
    tally.unfinished_received_bytes += error.received
    tally.latency.record_censored([age_ns])
    # An exchange that its own user cut off says nothing of the endpoint.
    if error.failure.kind != "cut":
        tally.failures += 1
        tally.failed[error.failure] += 1


def _count(
    tally: Tally,
    source: Source,
    requests: int,
    head_bytes: int,
    body_bytes: int,
    acknowledged: int,
    payload_bytes: int,
) -> None:
    workload = source.workload
    tally.events += acknowledged * workload.batch_size
    tally.messages += acknowledged * workload.messages_per_request
    count_requests(tally, source, requests, head_bytes, body_bytes, payload_bytes)


def count_requests(
    tally: Tally, source: Source, requests: int, head_bytes: int, body_bytes: int, payload_bytes: int
) -> None:
    """Count requests whose responses came whole, part by part."""
    line, query = requests * source.request_line_bytes, requests * source.auth_query_bytes
    tally.requests += requests
    tally.request_line_bytes += line
    tally.auth_query_bytes += query
    tally.header_bytes += head_bytes - line - query
    tally.body_bytes += body_bytes
    tally.payload_bytes += payload_bytes


def count_failure(tally: Tally, response: Response, latency_ns: int) -> None:
    """Count an answer that acknowledged nothing."""
    answer = response.answer
    tally.latency.record_censored([latency_ns])
    tally.failures += 1
    tally.failed[Failure(answer.kind, answer.status, answer.message)] += 1
