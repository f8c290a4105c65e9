"""What a test has measured so far, in figures that are made while it runs: plain sums, by the gates' own metrics.

A frame of pandas costs a tenth of a second on a busy machine; this costs a thousandth.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from math import nan
from time import time
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.gates.measured import Counts, Measured
from analysis.gates.metrics import METRICS
from analysis.measures.connections import (
    MANY_CALLS,
    calls_on_connection,
    closes_early,
    closing_in_words,
    setup_per_event,
)
from analysis.measures.latency import P50_P99, Histogram, Quantile, column_names
from analysis.measures.mode import no_gain
from analysis.measures.throughput import Ratio, ratio_of
from analysis.text.labels import describe, event
from wiretax.runs.record import Row, RunRecord, slice_row
from wiretax.runs.schema import QUEUE_COLUMNS, WORKLOAD_COLUMNS
from wiretax.wire.histogram import SIZE, Buckets, bucket_lows_ns
from wiretax.wire.slices import Slice

SAMPLE_S = 2.0
# Half an hour of samples.
MOST_SAMPLES = 900
# A row's columns of each percentile: its value, and whether that is a lower bound.
PERCENTILES = column_names(P50_P99)
# What is measured over the whole test, by the name the page knows it by.
FIGURES = {
    "events_per_second": "events_per_second",
    "sent_per_event": "http.request.size.per_event",
    "received_per_event": "http.response.size.per_event",
    "head_per_request": "http.request.head.size",
    "overhead_factor": "overhead_factor",
    "saving": "saving",
}
# HTTP's layers in the order of the wire, by what is summed of each.
LAYERS = {
    "payload": ("payload_total_bytes",),
    "envelope": ("envelope",),
    "request_line": ("request_line_bytes",),
    "auth_query": ("auth_query_bytes",),
    "headers": ("header_bytes",),
    "framing": ("framing_sent_bytes", "unfinished_sent_bytes"),
    "answer": ("received",),
}
_INDICES = np.arange(SIZE)
_LOWS_S, _HIGHS_S = bucket_lows_ns(_INDICES) / 1e9, bucket_lows_ns(_INDICES + 1) / 1e9
_DESCRIBING = {name for name, _ in (*WORKLOAD_COLUMNS, *QUEUE_COLUMNS)}
Counted = npt.NDArray[np.int64]
# Events a second, p50 and p99 in seconds, and whether each of these is a lower bound.
Sample = tuple[float, float | None, float | None, bool, bool]


@dataclass(slots=True)
class _Standing:
    """One workload's sums over what is closed, and where it stood at the last sample.

    Attributes:
        row: a row of ``slices.parquet`` with the sums of all.
        histogram: calls by latency, acknowledged ones and others, a row each.
        sampled: the same at the last sample.
        sampled_s: seconds it had been sent for at the last sample.
        sampled_events: events it had published at the last sample.
        rates: messages per second by round.
        latest: the round taken last, with its messages and its duration (s).
    """

    row: Row
    histogram: Counted = field(default_factory=lambda: np.zeros((2, SIZE), dtype=np.int64))
    sampled: Counted = field(default_factory=lambda: np.zeros((2, SIZE), dtype=np.int64))
    sampled_s: float = 0.0
    sampled_events: float = 0.0
    rates: dict[int, float] = field(default_factory=dict)
    latest: tuple[int, int, float] = (-1, 0, 0.0)


class Live:
    """Fed with the record of a test, every now and then.

    Attributes:
        workloads: figures a workload, as of the last sample.
        key: tells it from any other of this process.
        samples: how many were taken, those that are kept no more included.
    """

    def __init__(self, by_rounds: bool) -> None:
        """``by_rounds``: whether workloads are sent in turn and compared round by round; else they are sent at the
        same time, compete, and have no gain."""
        self._by_rounds = by_rounds
        self._began_s = time()
        self._sampled_at_s = 0.0
        self._taken = 0
        self._buckets: list[Buckets] = []
        self._standing: dict[str, _Standing] = {}
        self._history: deque[tuple[float, dict[str, Sample]]] = deque(maxlen=MOST_SAMPLES)
        self.key = f"{self._began_s:.6f}"
        self.samples = 0
        self.workloads: list[dict[str, Any]] = []

    def sample(self, record: RunRecord, still_open: Iterable[Slice] = ()) -> None:
        """Take in what the record has that it had not at the last sample, and slices that are not in it yet."""
        self._take(record)
        now = time()
        rows = [each.row for each in self._standing.values()]
        histograms = {name: each.histogram for name, each in self._standing.items()}
        lasting = {name: each.row["duration_s"] for name, each in self._standing.items()}
        events = {name: float(each.row["events"]) for name, each in self._standing.items()}
        open_calls: Counter[str] = Counter()
        for number, slice_ in enumerate(still_open, 1):
            name, row = slice_.workload.name, slice_row(slice_, 0, 0)
            self._stand(slice_.workload.name, row)
            row["duration_s"] = slice_.duration_s or now - slice_.started_at
            rows.append({**row, "round": number})
            seen = _counted(slice_)
            histograms[name] = histograms[name] + seen if name in histograms else seen
            lasting[name] = lasting.get(name, 0.0) + row["duration_s"]
            open_calls[name] += slice_.measured.latency.total
        measured = Measured.of_rows(rows)
        for name, calls in open_calls.items():
            # Latencies are noted as they come; counts only when a user's turn ends.
            per_call = _events_per_call(measured.workloads[name], measured.counts(name))
            events[name] = events.get(name, 0.0) + calls * per_call
        # What came in a moment says little.
        if not self.samples or now - self._sampled_at_s >= SAMPLE_S / 2:
            sampled = self._sampled(measured, histograms, lasting, events)
            self._history.append((round(now - self._began_s, 2), sampled))
            self._sampled_at_s = now
            self.samples += 1
        self.workloads = [self._figures(measured, name, histograms[name]) for name in measured.workloads]

    @property
    def why_no_gain(self) -> str:
        """Why there is no gain, and which plan measures one; empty in a sweep."""
        return "" if self._by_rounds else no_gain("free", {each["api"] for each in self.workloads})

    def history(self, since: int) -> list[tuple[float, dict[str, Sample]]]:
        """The samples after the first so many: seconds since the beginning, and by workload events per second, p50
        and p99 (s; None where too few calls came) and whether each is a lower bound; a workload that was not sent
        meanwhile is missing."""
        fresh = min(self.samples - since, len(self._history))
        return list(self._history)[len(self._history) - fresh :] if fresh > 0 else []

    def _take(self, record: RunRecord) -> None:
        for row in record.slices[self._taken :]:
            standing = self._stand(row["workload"], row)
            if standing.latest[0] != row["round"]:
                standing.latest = (row["round"], 0, 0.0)
            round_, messages, seconds = standing.latest
            # Workers hold a slice at the same time.
            more_s = max(0.0, row["duration_s"] - seconds)
            standing.latest = (round_, messages + row["messages"], seconds + more_s)
            for column, value in {**row, "duration_s": more_s}.items():
                if column not in _DESCRIBING:
                    known = standing.row.get(column)
                    standing.row[column] = None if value is None or known is None else known + value
            standing.row["round"] = 0
            if self._by_rounds and standing.latest[2]:
                standing.rates[round_] = standing.latest[1] / standing.latest[2]
        self._taken = len(record.slices)
        for place, (_, name, buckets) in enumerate(record.latency):
            before = self._buckets[place] if place < len(self._buckets) else None
            # A round's histogram grows when another worker reports on it.
            if buckets is not before:
                _add(self._standing[name].histogram, buckets)
                if before is not None:
                    _add(self._standing[name].histogram, before, -1)
        self._buckets = [buckets for _, _, buckets in record.latency]

    def _stand(self, name: str, row: Row) -> _Standing:
        if name not in self._standing:
            nothing = {column: value if column in _DESCRIBING else 0 for column, value in row.items()}
            self._standing[name] = _Standing(nothing)
        return self._standing[name]

    def _sampled(
        self,
        measured: Measured,
        histograms: dict[str, Counted],
        lasting: dict[str, float],
        events: dict[str, float],
    ) -> dict[str, Sample]:
        """Rate and percentiles of what came since the last sample."""
        found: dict[str, Sample] = {}
        for name in measured.workloads:
            standing = self._standing[name]
            fresh, seconds = histograms[name] - standing.sampled, lasting[name] - standing.sampled_s
            published = max(0.0, events[name] - standing.sampled_events)
            standing.sampled, standing.sampled_s = histograms[name].copy(), lasting[name]
            standing.sampled_events = events[name]
            if seconds <= 0:
                continue
            p50, p99 = _percentiles(fresh)
            bounds = (p50.is_lower_bound, p99.is_lower_bound)
            found[name] = (published / seconds, _known(p50.seconds), _known(p99.seconds), *bounds)
        return found

    def _figures(self, measured: Measured, name: str, histogram: Counted) -> dict[str, Any]:
        columns, counts = measured.workloads[name], measured.counts(name)
        row = _with_use(columns, counts)
        times = {
            title: value
            for titles, each in zip(PERCENTILES.values(), _percentiles(histogram), strict=True)
            for title, value in zip(titles, (_known(each.seconds), each.is_lower_bound), strict=True)
        }
        gain = self._gain(name, measured.triggers.get(name))
        figures = {key: METRICS[metric].whole(measured, name) for key, metric in FIGURES.items()}
        is_baseline = measured.triggers.get(name) == name
        return {
            "name": name,
            "sent_as": describe(row),
            "event": event(row),
            "api": columns["api"],
            "baseline": measured.triggers.get(name),
            **{key: None if value is None else float(value) for key, value in figures.items()},
            **({"saving": None} if is_baseline else {}),
            "layers": _layers(counts),
            "calls_on_connection": _finite(row["calls_on_connection"]),
            "closing": _closing(row, measured) if row["server_closes"] else None,
            "gain": None if gain is None else [_known(gain.estimate), _known(gain.low), _known(gain.high)],
            "rounds": 0 if gain is None else gain.rounds,
            **times,
            "samples": int(histogram.sum()),
            "events": counts["events"],
            "failures": counts["failures"],
        }

    def _gain(self, name: str, trigger: str | None) -> Ratio | None:
        if trigger is None or trigger == name or not self._by_rounds:
            return None
        own, alone = self._standing[name].rates, self._standing[trigger].rates
        return ratio_of(np.array([own[each] / alone[each] for each in own if own[each] and alone.get(each)]))


def _with_use(columns: Counts, counts: Counts) -> dict[Hashable, Any]:
    """A workload's columns and sums, with what connections did for it."""
    row: dict[Hashable, Any] = {}
    row.update(counts.items())
    row.update(columns.items())
    calls = calls_on_connection(row)
    row |= {"calls_on_connection": calls, "server_closes": closes_early(row, calls)}
    return row


def _finite(calls: float) -> float | None:
    """JSON has no infinity: None for all calls."""
    return None if calls >= MANY_CALLS else calls


def _closing(row: Mapping[Hashable, Any], measured: Measured) -> str:
    """What it comes to that the server closed connections."""
    name = row["workload"]
    cable = METRICS["cable.size.per_event"].whole(measured, name)
    told = {**row, "setup_per_event": setup_per_event(row)}
    return closing_in_words(told, nan if cable is None else float(cable))


def _layers(counts: Counts) -> dict[str, float] | None:
    """Bytes per event by layer, those below HTTP both ways; None where no event was acknowledged."""
    events, carried = counts["events"], counts["carried_events"]
    if not events:
        return None
    layers = {name: sum(counts[part] for part in parts) / events for name, parts in LAYERS.items()}
    unread = counts["close_received_bytes"] or 0
    layers["tls"] = (counts["tls_sent_bytes"] + counts["tls_received_bytes"] + unread) / carried
    if counts["tcp_ip"] is not None:
        layers["tcp_ip"] = counts["tcp_ip"] / carried
    return {name: round(value, 2) for name, value in layers.items()}


def _events_per_call(columns: Mapping[str, Any], counts: Mapping[str, Any]) -> float:
    """A batch of a queue leaves with what has gathered, any other is full."""
    if not columns["rate"]:
        return float(columns["batch_size"])
    return counts["events"] / counts["requests"] if counts["requests"] else 0.0


def _counted(slice_: Slice) -> Counted:
    """A slice's calls by latency, however late they ended: acknowledged ones and others, a row each."""
    own, late = slice_.measured.latency, slice_.boundary.latency
    return np.stack([own.counts + late.counts, own.censored + late.censored])


def _percentiles(counted: Counted) -> list[Quantile]:
    result = np.flatnonzero(counted.any(axis=0))
    return Histogram(_LOWS_S[result], _HIGHS_S[result], *counted[:, result]).quantiles(tuple(P50_P99.values()))


def _add(counted: Counted, buckets: Buckets, times: int = 1) -> None:
    for row, counts in zip(counted, (buckets.counts, buckets.censored), strict=True):
        row[buckets.indices] += times * counts.astype(np.int64)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
