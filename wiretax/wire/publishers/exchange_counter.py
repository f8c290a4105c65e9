"""Counting exchanges, whoever makes them: what each adds to the tallies of its slice."""

from __future__ import annotations

from collections.abc import Callable

from wiretax.channels.workload import Workload
from wiretax.wire.connections.exchange_error import ExchangeError
from wiretax.wire.connections.response import Response
from wiretax.wire.ledger import Failure, Tally
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice

# A server that refuses connections is asked again at this pace by each user, not as fast as it refuses.
RECONNECT_PAUSE_S = 0.1

# Called after each exchange that somebody wants to hear of: latency in ns, the response or how it failed.
Listener = Callable[[Workload, int, Response | None, Failure | None], None]
# Called with each answer that acknowledged nothing; it may close the slice.
OnRejected = Callable[[Workload, Response], None]


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


def count_acknowledged(
    tally: Tally,
    source: RequestSource,
    requests: int,
    head_bytes: int,
    body_bytes: int,
    acknowledged: int,
    payload_bytes: int,
) -> None:
    workload = source.workload
    tally.events += acknowledged * workload.call.batch_size
    tally.messages += acknowledged * workload.call.messages
    count_requests(tally, source, requests, head_bytes, body_bytes, payload_bytes)


def count_requests(
    tally: Tally, source: RequestSource, requests: int, head_bytes: int, body_bytes: int, payload_bytes: int
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
