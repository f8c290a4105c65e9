"""The figures of a running test, by the metrics of the gates and in the columns of the table.

Making pandas frames takes a tenth of a second on a busy machine; this takes a hundredth of that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from math import nan
from time import time
from typing import Any

from analysis.findings.connection_notes import closing_note
from analysis.gates.measured.metrics import METRICS
from analysis.gates.measured.run_counts import in_gate_order
from analysis.measures.connections import MANY_CALLS, calls_on_connection, closes_early, setup_per_event
from analysis.measures.counts import Counts, SliceCounts
from analysis.measures.latency import P50_P99, column_names
from analysis.measures.layers import BARS
from analysis.measures.throughput import no_gain
from analysis.tables import columns
from analysis.text.labels import describe, event
from wiretax.load.accounting.live.calls import CallSample, Counted, LiveCalls, calls_of, known, percentiles
from wiretax.load.accounting.live.deliveries import NOTHING, DeliverySample, Incoming, LiveDeliveries
from wiretax.load.accounting.live.failures import LiveFailures
from wiretax.load.accounting.live.history import KINDS, LiveHistory, Point
from wiretax.load.accounting.live.names import Names
from wiretax.load.accounting.live.queues import LiveQueues, QueueSample
from wiretax.load.accounting.running import RunningCounts
from wiretax.runs.record import RunRecord, slice_row
from wiretax.wire.slices import Slice

SAMPLE_S = 2.0
# A row's columns of each percentile: its value, and whether that is a lower bound.
PERCENTILES = column_names(P50_P99)
# Metrics over the whole test, by their names in the page.
FIGURES = {
    "events_per_second": "events_per_second",
    "sent_per_event": "http.request.size.per_event",
    "received_per_event": "http.response.size.per_event",
    "head_per_request": "http.request.head.size",
    "overhead_factor": "overhead_factor",
    "saving": "saving",
}
COLUMNS = (
    columns.EVENTS,
    columns.SENT,
    columns.RECEIVED,
    columns.HEAD,
    columns.OVERHEAD,
    columns.SAVING,
    columns.GAIN,
    columns.P50,
    columns.P99,
    columns.CALLS,
)
# For the page: the headings of the workloads' cells, and the layers in the order of the wire.
HEADINGS = ["sent as", *(column.title for column in COLUMNS), "failures"]
LAYERS = [{"key": bar.key, "label": bar.label} for bar in BARS]
# The figures of a point, by the kind of sample.
FIELDS = dict(zip(KINDS, (CallSample._fields, QueueSample._fields, DeliverySample._fields), strict=True))


class Live:
    """The figures of a test so far, updated from its record every two seconds.

    Attributes:
        every_s: seconds between two samples.
        by_rounds: whether workloads are sent in turn.
        began_s: when the figures began, seconds since the epoch.
        workloads: figures per workload, as of the last sample.
        failures: what failed.
        is_complete: whether the test has ended and all is in the figures.
    """

    every_s = SAMPLE_S

    def __init__(self, by_rounds: bool) -> None:
        """``by_rounds``: whether workloads are sent in turn and compared round by round. Otherwise they are sent
        at the same time and compete, so they have no gain."""
        self.by_rounds = by_rounds
        self._counts = RunningCounts(compares=by_rounds)
        self.began_s = self._heard_at_s = time()
        self._sampled_at_s = 0.0
        self._rows_read = 0
        self._calls = LiveCalls()
        self._history = LiveHistory(FIELDS)
        self._names = Names()
        # A row of slices.parquet of each workload.
        self._columns: dict[str, dict[Any, Any]] = {}
        self._queues = LiveQueues(self.began_s, carries=not by_rounds)
        self._deliveries = LiveDeliveries()
        self.failures = LiveFailures()
        self.is_complete = False
        self.workloads: list[dict[str, Any]] = []

    @property
    def key(self) -> str:
        """Tells the history of this test from all others of this process, and from itself before points were
        merged: a page with another key needs all points."""
        return f"{self.began_s:.6f}-{self._history.merged}"

    @property
    def point_s(self) -> float:
        """The time that a point covers (s), if samples are taken regularly."""
        return self.every_s * self._history.merged

    def sample(
        self,
        record: RunRecord,
        still_open: Sequence[Slice] = (),
        with_queue: Iterable[Slice] = (),
        incoming: Incoming = NOTHING,
    ) -> None:
        """Read what is new in the record, the slices that are not in it yet, the open queues, and what subscribers
        of a free run have received."""
        self._read(record)
        now = time()
        self.failures.read(now - self.began_s, record, still_open)
        histograms = self._calls.histograms()
        open_rows: list[dict[str, Any]] = []
        open_calls: Counter[str] = Counter()
        for number, slice_ in enumerate(still_open, 1):
            row = slice_row(slice_, 0, 0)
            name = row["workload"]
            self._columns.setdefault(name, row)
            # A separate round, different from all rounds in the record.
            open_rows.append({**row, "round": -number, "duration_s": slice_.duration_s or now - slice_.started_at})
            seen = calls_of(slice_)
            histograms[name] = histograms[name] + seen if name in histograms else seen
            open_calls[name] += slice_.measured.latency.total
        counted = self._counts.with_rows(open_rows)
        self._counts.update_gains(counted.triggers)
        # Too little arrives in a moment for a sample.
        if now - self._sampled_at_s >= SAMPLE_S / 2:
            sampled = self._calls.sample(counted, self._counts.events, histograms, open_calls)
            received = self._deliveries.sample(record, incoming, now - self._heard_at_s)
            self._history.add(self._at_s(now), sampled, self._queues.sample(now, with_queue), received)
            self._sampled_at_s = self._heard_at_s = now
        for name in counted.workloads:
            self._names.add(name, self._columns[name])
        names = self._names.in_order(in_gate_order(counted.workloads))
        self.workloads = [self._figures(counted, name, histograms[name]) for name in names]

    def complete(self, record: RunRecord) -> None:
        """Read the rest of a run that has ended. What only sampling needs is given up."""
        self._sampled_at_s = 0.0
        self.sample(record)
        self._history.complete()
        self._calls.complete()
        self.is_complete = True

    def sample_queues(self, with_queue: Iterable[Slice]) -> None:
        """Read only the open queues, while users send."""
        now = time()
        found = self._queues.sample(now, with_queue)
        if found:
            self._history.add(self._at_s(now), {}, found, {})

    def _at_s(self, now_s: float) -> float:
        return round(now_s - self.began_s, 2)

    @property
    def why_no_gain(self) -> str:
        """Why there is no gain, and which plan measures it; empty in a sweep."""
        return "" if self.by_rounds else no_gain("free", {each["api"] for each in self.workloads})

    def history(self, since: int) -> list[Point]:
        """The points after the first ``since``. A workload that was not sent in the time of a point is missing in
        it."""
        return self._history.since(since)

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self._history.points)

    def queues(self) -> list[dict[str, Any]]:
        """The queues that have samples: see ``LiveQueues.workloads``."""
        found = self._queues.workloads.values()
        for each in found:
            if not self._names.knows(each["name"]):
                self._names.add(each["name"], each["columns"])
        return [{**each, "columns": None, "sent_as": self._names.of(each["name"])} for each in found]

    def deliveries(self) -> list[dict[str, Any]]:
        """What subscribers received: see ``LiveDeliveries.rows``."""
        rows = self._deliveries.rows()
        return [
            each if each["event"] is None else {**each, "sent_as": self._names.of(each["name"])} for each in rows
        ]

    def _read(self, record: RunRecord) -> None:
        """Read the rows that are new, and the histograms that came with them. The others are as they were, so a
        sample costs the same after hours as in the beginning."""
        fresh = record.slices[self._rows_read :]
        for row in fresh:
            self._columns.setdefault(row["workload"], row)
            self._counts.add(row)
        self._rows_read += len(fresh)
        self._calls.read(record, fresh)

    def _figures(self, counted: SliceCounts, name: str, histogram: Counted) -> dict[str, Any]:
        described, counts = counted.workloads[name], counted.counts(name)
        baseline = counted.triggers.get(name)
        values = {key: METRICS[metric].whole(counted, name) for key, metric in FIGURES.items()}
        figures = {key: nan if value is None else float(value) for key, value in values.items()}
        if baseline == name:
            figures["saving"] = nan
        gain = self._counts.gain(name, baseline)
        times = {
            title: value
            for titles, each in zip(PERCENTILES.values(), percentiles(histogram), strict=True)
            for title, value in zip(titles, (each.seconds, each.is_lower_bound), strict=True)
        }
        # A row like those of the table.
        row: dict[Any, Any] = {**counts, **described, **figures, **times, **_use(described, counts)}
        row |= {"gain": gain.estimate, "gain_low": gain.low, "gain_high": gain.high}
        # In charts it keeps its name, whatever the server does.
        label = self._names.of(name)
        sent_as = label.replace(describe(self._columns[name]), describe(row), 1)
        return {
            "name": name,
            "label": label,
            "sent_as": sent_as,
            "event": event(row),
            "api": described["api"],
            "baseline": baseline,
            **{key: known(value) for key, value in figures.items()},
            "layers": _layers(counts),
            "calls_on_connection": _known_calls(float(row["calls_on_connection"])),
            "closing": _closing(row, counted) if row["server_closes"] else None,
            "gain": [known(gain.estimate), known(gain.low), known(gain.high)] if gain.rounds else None,
            "rounds": gain.rounds,
            **{title: value if isinstance(value, bool) else known(value) for title, value in times.items()},
            "samples": int(histogram.sum()),
            "events": counts["events"],
            "failures": counts["failures"],
            "cells": [sent_as, *(column.cell(row) for column in COLUMNS), f"{counts['failures']:,}"],
        }


def _use(described: Counts, counts: Counts) -> dict[Any, Any]:
    """How a workload used connections."""
    row: dict[Any, Any] = {**counts, **described}
    calls = calls_on_connection(row)
    return {"calls_on_connection": calls, "server_closes": closes_early(row, calls)}


def _closing(row: dict[Hashable, Any], counted: SliceCounts) -> str:
    """The cost of the connections that the server closed."""
    cable = METRICS["cable.size.per_event"].whole(counted, row["workload"])
    return closing_note({**row, "setup_per_event": setup_per_event(row)}, nan if cable is None else float(cable))


def _layers(counts: Counts) -> dict[str, float] | None:
    """Bytes per event by the bars of the page; None if no event was acknowledged. A bar that could not be measured
    is left out."""
    if not counts["events"]:
        return None
    found = {}
    for bar in BARS:
        sizes = [counts[layer.sum] for layer in bar.layers]
        per = "carried_events" if bar.layers[0].is_below_http else "events"
        if None not in sizes:
            found[bar.key] = round(sum(sizes) / counts[per], 2)
    return found


def _known_calls(calls: float) -> float | None:
    """JSON has no infinity: None for all calls."""
    return None if calls >= MANY_CALLS else calls
