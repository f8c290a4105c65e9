"""What Locust is told: merged counts every now and then, or an event an exchange where somebody listens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from time import time
from typing import Any

import numpy as np
from locust.env import Environment
from locust.stats import RequestStats, StatsEntry, StatsError, bucket_response_time

from wiretax.channels.workload import Workload
from wiretax.wire.ledger import Failure
from wiretax.wire.publisher import Listener
from wiretax.wire.response import Response
from wiretax.wire.slices import Slice

METHOD = "POST"


def outside_listener(environment: Environment) -> Listener | None:
    """A function that fires Locust's request event, where somebody but Locust listens to it; else None."""
    handlers = environment.events.request._handlers
    if all(getattr(handler, "__module__", "").startswith("locust.") for handler in handlers):
        return None

    def fire(workload: Workload, latency_ns: int, response: Response | None, failure: Failure | None) -> None:
        if response is not None and not response.acknowledged:
            failure = Failure(response.answer.kind, response.answer.status, response.answer.message)
        environment.events.request.fire(  # type: ignore[no-untyped-call]
            request_type=METHOD,
            name=workload.name,
            response_time=latency_ns / 1e6,
            response_length=response.body_bytes if response else 0,
            exception=_exception(failure) if failure else None,
            context={},
            start_time=time() - latency_ns / 1e9,
        )

    return fire


class StatsFeed:
    """Merges slices into Locust's statistics as they grow, as a worker's report is merged."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._told: dict[Slice, Counter[Failure]] = {}

    def tell(self, piece: Slice, latencies_ns: Sequence[float]) -> None:
        """Tell Locust of the latencies noted since the last time, and of failures not told yet."""
        failed = piece.measured.failed + piece.boundary.failed
        fresh = failed - self._told.get(piece, Counter())
        self._told[piece] = failed
        stats = self._environment.stats
        if latencies_ns or fresh:
            entry = _entry(stats, piece.workload.name, latencies_ns, fresh.total())
            stats.get(piece.workload.name, METHOD).extend(entry)
            stats.total.extend(entry)
        for failure, count in fresh.items():
            key = StatsError.create_key(METHOD, piece.workload.name, _exception(failure))
            error = stats.errors.setdefault(key, StatsError(METHOD, piece.workload.name, _exception(failure)))
            error.occurrences += count

    def tell_all(self, piece: Slice) -> None:
        """Tell Locust of a slice that is over and settled; its times are those of its histogram's buckets."""
        buckets = piece.measured.latency.buckets()
        middles_ns = (buckets.lows_s() + buckets.highs_s()) / 2 * 1e9
        self.tell(piece, np.repeat(middles_ns, buckets.counts).tolist())
        self.forget(piece)

    def forget(self, piece: Slice) -> None:
        """Nothing more will come of this slice."""
        self._told.pop(piece, None)


def _entry(stats: RequestStats, name: str, latencies_ns: Sequence[float], failures: int) -> StatsEntry:
    entry = StatsEntry(stats, name, METHOD)
    now = time()
    entry.num_requests = len(latencies_ns) + failures
    entry.num_failures = failures
    # Only acknowledged exchanges have a time.
    entry.num_none_requests = failures
    entry.last_request_timestamp = now
    entry.num_reqs_per_sec[int(now)] = entry.num_requests
    if failures:
        entry.num_fail_per_sec[int(now)] = failures
    if latencies_ns:
        # Locust's types say int; its own request event hands it floats, in milliseconds.
        milliseconds: Any = np.array(latencies_ns) / 1e6
        entry.total_response_time = milliseconds.sum().item()
        entry.min_response_time = milliseconds.min().item()
        entry.max_response_time = milliseconds.max().item()
        values, counts = np.unique(np.round(milliseconds, 1), return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            entry.response_times[bucket_response_time(value)] += count
    return entry


class ExchangeFailed(Exception):  # noqa: N818 - shown to users by its name
    """How a failed exchange is shown in Locust."""


def _exception(failure: Failure) -> ExchangeFailed:
    status = f" {failure.status}" if failure.status else ""
    return ExchangeFailed(f"{failure.kind}{status}: {failure.message}")
