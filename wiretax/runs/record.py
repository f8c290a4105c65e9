"""A run while it is measured: rows added slice by slice, and totals of every byte, the warm-up's included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any

from wiretax.channels.workload import Server, Workload
from wiretax.wire.counters import TcpCounters
from wiretax.wire.failures import Failure, Failures
from wiretax.wire.histogram import Buckets, Histogram
from wiretax.wire.ledger import GENERATOR, Tally
from wiretax.wire.queue_series import QueueSeries
from wiretax.wire.queue_tally import Kind, QueueTally
from wiretax.wire.slices import Slice

Row = dict[str, Any]
# A histogram: round, stage, workload, kind, and the buckets that are not empty.
Times = tuple[int, int, str, str, Buckets]


@dataclass(slots=True)
class RunRecord:
    """Everything that the files of a run are written from.

    Attributes:
        meta: the contents of ``run.json``.
        slices: rows of ``slices.parquet``.
        latency: histograms of ``latency.parquet``: round, workload, and the buckets that are not empty, all
            workers together. An exchange counts in the slice it began in, however late it ended.
        failed: how often each workload failed in each way, warm-up included.
        total: all exchanges: measured, boundary and warm-up.
        sent_to: the total by server.
        aside: the part of the total that was sent in the warm-up or in a slice that was cut short.
        boundary: the part of the total that ended after the slice it began in.
        queues: rows of ``queue.parquet``, one for each worker.
        waits: histograms of ``waits.parquet``: round, stage, workload, kind, and the buckets that are not empty,
            all workers together.
        series: what queues did over time, by round and workload, if their rate changes; all stages together.
        capacity: rows of ``capacity.parquet``.
        deliveries: rows of ``delivery.parquet``.
        delivery_times: histograms of ``delivery_times.parquet``, as in ``waits``.
        server: the mock's ledger of this run, where the endpoint has one; of two servers those that have one,
            added up, and each by itself under "by_server".
    """

    meta: dict[str, Any] = field(default_factory=dict)
    slices: list[Row] = field(default_factory=list)
    latency: list[tuple[int, str, Buckets]] = field(default_factory=list)
    queues: list[Row] = field(default_factory=list)
    waits: list[Times] = field(default_factory=list)
    series: dict[tuple[int, str], QueueSeries] = field(default_factory=dict)
    capacity: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)
    delivery_times: list[Times] = field(default_factory=list)
    failed: Counter[tuple[str, Failure]] = field(default_factory=Counter)
    total: Tally = field(default_factory=Tally)
    sent_to: dict[Server, Tally] = field(default_factory=dict)
    aside: Tally = field(default_factory=Tally)
    boundary: Tally = field(default_factory=Tally)
    server: dict[str, Any] | None = None
    _failures: dict[str, Failures] = field(default_factory=dict)
    _places: dict[tuple[int, str], int] = field(default_factory=dict)
    _wait_places: dict[tuple[int, int, str, Kind], int] = field(default_factory=dict)

    def add(self, slice_: Slice, users: int, worker: int = 0) -> None:
        """Add a settled slice. One that does not count adds to the totals only."""
        for tally in (slice_.measured, slice_.boundary):
            self.total.merge(tally)
            self.sent_to.setdefault(slice_.workload.server, Tally()).merge(tally)
            for failure, count in tally.failed.most_common():
                kept = self._failures.setdefault(slice_.workload.name, Failures())
                self.failed[slice_.workload.name, kept.add(failure, count)] += count
        if not slice_.counts:
            self.aside.merge(slice_.measured)
            self.aside.merge(slice_.boundary)
            return
        self.boundary.merge(slice_.boundary)
        users = slice_.workload.arrivals.publishers or users
        if slice_.queue is not None:
            users = users if slice_.queue.publishers is None else slice_.queue.publishers
            self._add_queue(slice_, slice_.queue, worker)
        self.slices.append(slice_row(slice_, users, worker))
        key = (slice_.round, slice_.workload.name)
        latency = Histogram()
        for tally in (slice_.measured, slice_.boundary):
            latency.merge(tally.latency)
        buckets = latency.buckets()
        place = self._places.setdefault(key, len(self.latency))
        if place == len(self.latency):
            self.latency.append((*key, buckets))
        else:
            self.latency[place] = (*key, self.latency[place][2].plus(buckets))

    def _add_queue(self, slice_: Slice, queue: QueueTally, worker: int) -> None:
        self.queues.append(_queue_row(slice_, queue, worker))
        for kind, histogram in queue.times.items():
            key, buckets = (slice_.round, slice_.stage, slice_.workload.name, kind), histogram.buckets()
            place = self._wait_places.setdefault(key, len(self.waits))
            if place == len(self.waits):
                self.waits.append((*key, buckets))
            else:
                self.waits[place] = (*key, self.waits[place][4].plus(buckets))
        if queue.series is not None:
            known = (slice_.round, slice_.workload.name)
            self.series.setdefault(known, QueueSeries(queue.series.bin_s)).merge(queue.series)

    def add_delivery(self, row: Row, times: Mapping[str, Histogram]) -> None:
        """Add what subscribers received of a slice that counts.

        Args:
            row: of ``delivery.parquet``.
            times: how late deliveries were, by kind.
        """
        self.deliveries.append(row)
        key = (row["round"], row["stage"], row["workload"])
        self.delivery_times += [(*key, kind, histogram.buckets()) for kind, histogram in times.items()]

    def buckets(self, round_: int, workload: str) -> Buckets:
        """The histogram of ``latency`` of a workload in a round."""
        return self.latency[self._places[round_, workload]][2]

    def set_aside(self) -> None:
        """Start over: what was added so far counts in the totals only, as the warm-up does."""
        self.aside, self.boundary = Tally(), Tally()
        self.aside.merge(self.total)
        self.slices.clear()
        self.latency.clear()
        self.queues.clear()
        self.waits.clear()
        self.capacity.clear()
        self.deliveries.clear()
        self.delivery_times.clear()
        self.series.clear()
        self._places.clear()
        self._wait_places.clear()

    def series_rows(self) -> list[Row]:
        """Rows of ``series.parquet``."""
        return [
            {"round": round_, "workload": workload, **row}
            for (round_, workload), series in self.series.items()
            for row in series.rows()
        ]

    def failure_rows(self) -> list[Row]:
        """Rows of ``failures.parquet``, the most frequent first."""
        return [
            {"workload": workload, **failure._asdict(), "count": count}
            for (workload, failure), count in self.failed.most_common()
        ]

    def failures_by_kind(self) -> Counter[str]:
        """The number of exchanges that failed in each way, over all workloads."""
        kinds: Counter[str] = Counter()
        for (_, failure), count in self.failed.items():
            kinds[f"{failure.kind} {failure.status}" if failure.status else failure.kind] += count
        return kinds

    def generator_failures(self) -> list[str]:
        """For each limit of the machine that sends: how many calls hit it, and what to do."""
        limits: Counter[str] = Counter()
        for (_, failure), count in self.failed.items():
            if failure.kind == GENERATOR:
                limits[failure.message] += count
        return [f"{count:,} call{'s' * (count > 1)}: {message}" for message, count in limits.most_common()]

    @property
    def rounds(self) -> int:
        """The number of rounds that have at least one slice."""
        return len({row["round"] for row in self.slices})


def workload_columns(workload: Workload) -> Row:
    """A workload as columns."""
    return {"workload": workload.name, **workload.columns()}


def _tcp_columns(tcp: TcpCounters | None) -> Row:
    if tcp is None:
        return {}
    return {
        "tcp_sent_bytes": tcp.sent,
        "tcp_received_bytes": tcp.received,
        "tcp_retransmitted_bytes": tcp.retransmitted,
        "segments_out": tcp.segments_out,
        "segments_in": tcp.segments_in,
        "close_segments_out": tcp.close_segments_out,
        "close_segments_in": tcp.close_segments_in,
        "close_received_bytes": tcp.close_received,
        "tcp_ip_sent_bytes": tcp.headers_out,
        "tcp_ip_received_bytes": tcp.headers_in,
    }


def slice_row(slice_: Slice, users: int, worker: int) -> Row:
    """A row of ``slices.parquet``."""
    measured = slice_.measured.counts()
    measured["payload_total_bytes"] = measured.pop("payload_bytes")
    measured["unfinished_requests"] = measured.pop("unfinished")
    measured["unknown_requests"] = measured.pop("unknown")
    return {
        "round": slice_.round,
        "stage": slice_.stage,
        "worker": worker,
        **workload_columns(slice_.workload),
        "users": users,
        "started_s": slice_.started_at,
        "duration_s": slice_.duration_s,
        "steady_requests": slice_.steady_requests,
        **measured,
        **_tcp_columns(slice_.tcp),
        "tls_sent_bytes": slice_.tls.sent,
        "tls_received_bytes": slice_.tls.received,
        "tls_handshake_sent_bytes": slice_.tls.handshake_sent,
        "tls_handshake_received_bytes": slice_.tls.handshake_received,
        "boundary_requests": slice_.boundary.requests + slice_.boundary.unfinished,
        "boundary_events": slice_.boundary.events,
        "boundary_sent_bytes": slice_.boundary.sent_bytes,
        "boundary_received_bytes": slice_.boundary.received_bytes,
    }


def _queue_row(slice_: Slice, queue: QueueTally, worker: int) -> Row:
    most = max(queue.fills, default=0)
    return {
        "round": slice_.round,
        "stage": slice_.stage,
        "worker": worker,
        **workload_columns(slice_.workload),
        "duration_s": slice_.duration_s,
        "intended": queue.intended,
        "arrived": queue.arrived,
        "acknowledged": queue.acknowledged,
        "lost": queue.lost,
        "left": queue.left,
        "unsent": queue.unsent,
        "overloaded": queue.overloaded,
        "late_p99_s": queue.late.percentile_s(0.99),
        "late_max_s": queue.late.percentile_s(1.0),
        "fills": [queue.fills[size] for size in range(1, most + 1)],
        "depth_at_s": [round(at_s, 3) for at_s, _ in queue.depths],
        "depths": [depth for _, depth in queue.depths],
        "normal_depth": None if isnan(queue.normal_depth) else queue.normal_depth,
    }
