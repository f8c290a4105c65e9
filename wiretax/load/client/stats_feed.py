"""Locust's statistics: counts that are merged at intervals, instead of an event per exchange.

Each call is reported once, when it ends, so Locust counts the same requests as wiretax, including those without a
complete response. Its response time is its latency; that of a call without an acknowledgement is its age when it
ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import time
from typing import Any

import numpy as np
import numpy.typing as npt
from locust import stats as locust_stats
from locust.env import Environment
from locust.stats import RequestStats, StatsEntry, StatsError

from wiretax.load.client.locust_stats import FineEntry
from wiretax.wire.failures import Failure, Failures
from wiretax.wire.histogram import SIZE, bucket_lows_ns
from wiretax.wire.slices import Slice, lasted_s

METHOD = "POST"
Counts = npt.NDArray[np.int64]
_INDICES = np.arange(SIZE)
_MIDDLES_MS = (bucket_lows_ns(_INDICES) + bucket_lows_ns(_INDICES + 1)) / 2e6


@dataclass(slots=True)
class _Reported:
    """Counts of a slice that Locust has already: calls by latency bucket, failures, bytes of response bodies."""

    calls: Counts = field(default_factory=lambda: np.zeros(SIZE, dtype=np.int64))
    failed: Counter[Failure] = field(default_factory=Counter)
    body_bytes: int = 0


class StatsFeed:
    """Merges slices into Locust's statistics as they grow, as a worker's report is merged."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._reported: dict[Slice, _Reported] = {}
        self._muted: set[Slice] = set()
        # Locust keeps each text that it is given.
        self._shown: dict[str, Failures] = {}

    def tell(self, slice_: Slice) -> None:
        """Report the calls of a settled slice that ended since the last report."""
        if slice_ in self._muted:
            return
        reported = self._reported.get(slice_) or _Reported()
        tallies = (slice_.measured, slice_.boundary)
        calls: Counts = sum(
            (each.latency.counts + each.latency.censored for each in tallies), start=0 * reported.calls
        )
        failed = slice_.measured.failed + slice_.boundary.failed
        body_bytes = _body_bytes(slice_, int(calls.sum()))
        fresh = _Reported(calls - reported.calls, failed - reported.failed, body_bytes - reported.body_bytes)
        self._reported[slice_] = _Reported(calls, failed, body_bytes)
        stats, name = self._environment.stats, slice_.workload.name
        if fresh.calls.any():
            entry = _entry(stats, name, fresh)
            stats.get(name, METHOD).extend(entry)
            stats.total.extend(entry)
        self._tell_errors(name, fresh.failed)

    def tell_slices(self, slices: Sequence[Slice]) -> None:
        """Report a finished slice of a sweep, given as the slices of all processes."""
        for slice_ in slices:
            self.tell(slice_)
            self.forget(slice_)
        if not slices or not all(slice_.counts for slice_ in slices):
            return
        stats = self._environment.stats
        requests = sum(slice_.measured.requests + slice_.measured.unfinished for slice_ in slices)
        failures = sum(slice_.measured.failures for slice_ in slices)
        seconds = lasted_s(slices)
        for entry in (stats.get(slices[0].workload.name, METHOD), stats.total):
            if isinstance(entry, FineEntry):
                entry.add_slice(requests, failures, seconds)

    def forget(self, slice_: Slice) -> None:
        """Drop a slice's counts; it will not be reported any more."""
        self._reported.pop(slice_, None)
        self._muted.discard(slice_)

    def mute(self, slice_: Slice) -> None:
        """Ignore all later reports of this slice."""
        self._muted.add(slice_)

    def _tell_errors(self, name: str, failed: Counter[Failure]) -> None:
        errors, now_s = self._environment.stats.errors, time()
        for reported, count in failed.items():
            failure = self._shown.setdefault(name, Failures()).add(reported, count)
            key = StatsError.create_key(METHOD, name, ExchangeFailed.of(failure))
            error = errors.setdefault(key, StatsError(METHOD, name, ExchangeFailed.of(failure)))
            error.occurrences += count
            error.first_seen = error.first_seen or now_s
            error.last_seen = now_s


def _body_bytes(slice_: Slice, calls: int) -> int:
    """The bytes of the response bodies of this many calls. Users count them at the end of a turn only: until then
    the responses that are not counted yet are estimated to be as long as the others."""
    tallies = (slice_.measured, slice_.boundary)
    counted, body_bytes = (
        sum(getattr(each, name) for each in tallies) for name in ("requests", "response_body_bytes")
    )
    responses = calls - sum(each.unfinished for each in tallies)
    return round(body_bytes * responses / counted) if counted else 0


def _entry(stats: RequestStats, name: str, fresh: _Reported) -> StatsEntry:
    entry = locust_stats.StatsEntry(stats, name, METHOD)
    now_s = time()
    buckets = np.flatnonzero(fresh.calls)
    milliseconds, counts = _MIDDLES_MS[buckets], fresh.calls[buckets]
    entry.num_requests = int(counts.sum())
    entry.num_failures = fresh.failed.total()
    entry.total_content_length = fresh.body_bytes
    entry.last_request_timestamp = now_s
    entry.num_reqs_per_sec[int(now_s)] = entry.num_requests
    if entry.num_failures:
        entry.num_fail_per_sec[int(now_s)] = entry.num_failures
    # Typed as int by Locust, whose own request event passes floats, in milliseconds.
    times: Any = milliseconds
    entry.total_response_time = (times * counts).sum().item()
    entry.min_response_time = times.min().item()
    entry.max_response_time = times.max().item()
    for value, count in zip(times.tolist(), counts.tolist(), strict=True):
        entry.response_times[locust_stats.bucket_response_time(value)] += count
    return entry


class ExchangeFailed(Exception):  # noqa: N818 - shown to users by its name
    """How a failed exchange is shown in Locust.

    Attributes:
        type: the status of the response, or the kind of failure if there was none.
    """

    type: str = ""

    @classmethod
    def of(cls, failure: Failure) -> ExchangeFailed:
        status = f" {failure.status}" if failure.status else ""
        made = cls(f"{failure.kind}{status}: {failure.message}")
        made.type = str(failure.status or failure.kind)
        return made
