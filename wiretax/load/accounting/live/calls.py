"""How long the calls of a running test take, and what each workload's calls were since the sample before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.measures.counts import Counts, SliceCounts
from analysis.measures.latency import P50_P99, LatencyDistribution, Quantile
from wiretax.runs.record import RunRecord
from wiretax.wire.histogram import SIZE, Buckets, bucket_lows_ns
from wiretax.wire.slices import Slice

_INDICES = np.arange(SIZE)
_LOWS_S, _HIGHS_S = bucket_lows_ns(_INDICES) / 1e9, bucket_lows_ns(_INDICES + 1) / 1e9
# Calls by latency, acknowledged ones and others, a row each.
Counted = npt.NDArray[np.int64]


class CallSample(NamedTuple):
    """One workload's calls since the sample before.

    Attributes:
        events_per_second: acknowledged events, while it was sent.
        failed_per_second: failed calls, likewise.
        p50_s, p99_s: latency of a call (s); None with too few calls.
        p50_is_bound, p99_is_bound: whether it is a lower bound.
    """

    events_per_second: float
    failed_per_second: float
    p50_s: float | None
    p50_is_bound: bool
    p99_s: float | None
    p99_is_bound: bool


@dataclass(slots=True)
class _Workload:
    """One workload's calls, and what had been counted of it at the last sample.

    Attributes:
        histogram: its calls by latency.
        sampled: the same at the last sample.
        sampled_s: for how many seconds it had been sent at the last sample.
        sampled_events: events it had published at the last sample.
        sampled_failures: calls that had failed at the last sample.
    """

    histogram: Counted = field(default_factory=lambda: np.zeros((2, SIZE), dtype=np.int64))
    sampled: Counted = field(default_factory=lambda: np.zeros((2, SIZE), dtype=np.int64))
    sampled_s: float = 0.0
    sampled_events: float = 0.0
    sampled_failures: int = 0


class LiveCalls:
    """The calls of a test so far, by latency, as far as they are in its record."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[int, str], Buckets] = {}
        self._workloads: dict[str, _Workload] = {}

    def read(self, record: RunRecord, fresh: Iterable[Mapping[str, Any]]) -> None:
        """Read the histograms that came with rows of the record that are new."""
        for round_, name in {(row["round"], row["workload"]) for row in fresh}:
            buckets, before = record.buckets(round_, name), self._buckets.get((round_, name))
            histogram = self._workloads.setdefault(name, _Workload()).histogram
            _add(histogram, buckets)
            # A round's histogram grows when another worker reports it.
            if before is not None:
                _add(histogram, before, -1)
            self._buckets[round_, name] = buckets

    def histograms(self) -> dict[str, Counted]:
        """The calls of each workload by latency."""
        return {name: each.histogram for name, each in self._workloads.items()}

    def sample(
        self,
        counted: SliceCounts,
        events_of: Callable[[str], float],
        histograms: Mapping[str, Counted],
        open_calls: Counter[str],
    ) -> dict[str, CallSample]:
        """Rates and percentiles since the last sample, of the workloads that were sent since then.

        Args:
            counted: all slices so far, open ones included.
            events_of: how many events of a workload the record has.
            histograms: the calls of each workload, those of open slices included.
            open_calls: how many calls of open slices there are.
        """
        found: dict[str, CallSample] = {}
        for name, described in counted.workloads.items():
            before, counts = self._workloads.setdefault(name, _Workload()), counted.counts(name)
            events = events_of(name)
            # Latencies of an open slice are recorded at once, its counts only when a user's turn ends.
            events += open_calls[name] * _events_per_call(described, counts)
            fresh, seconds = histograms[name] - before.sampled, counts["duration_s"] - before.sampled_s
            published = max(0.0, events - before.sampled_events)
            before.sampled, before.sampled_s = histograms[name].copy(), counts["duration_s"]
            failed, before.sampled_failures = counts["failures"] - before.sampled_failures, counts["failures"]
            before.sampled_events = events
            if seconds <= 0:
                continue
            p50, p99 = percentiles(fresh)
            times = [each for time in (p50, p99) for each in (known(time.seconds), time.is_lower_bound)]
            found[name] = CallSample(published / seconds, max(0, failed) / seconds, *times)  # type: ignore[arg-type]
        return found

    def complete(self) -> None:
        """Give up what only samples need: there will be none."""
        self._buckets.clear()
        self._workloads.clear()


def calls_of(slice_: Slice) -> Counted:
    """A slice's calls by latency, however late they ended: acknowledged ones and others, a row each."""
    own, late = slice_.measured.latency, slice_.boundary.latency
    return np.stack([own.counts + late.counts, own.censored + late.censored])


def percentiles(counted: Counted) -> list[Quantile]:
    """p50 and p99 of calls (s)."""
    result = np.flatnonzero(counted.any(axis=0))
    return LatencyDistribution(_LOWS_S[result], _HIGHS_S[result], *counted[:, result]).quantiles(
        tuple(P50_P99.values())
    )


def known(value: float) -> float | None:
    """JSON has no NaN."""
    return None if isnan(value) else float(value)


def _events_per_call(described: Counts, counts: Counts) -> float:
    """A queue's batch leaves with the events that have arrived, any other batch is full."""
    if not described["rate"]:
        return float(described["batch_size"])
    return counts["events"] / counts["requests"] if counts["requests"] else 0.0


def _add(counted: Counted, buckets: Buckets, times: int = 1) -> None:
    for row, counts in zip(counted, (buckets.counts, buckets.censored), strict=True):
        row[buckets.indices] += times * counts.astype(np.int64)
