"""What subscribers have received so far in a running test, by workload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from analysis.text.labels import event
from wiretax.runs.record import RunRecord
from wiretax.wire.histogram import Histogram

COUNTS = ("acknowledged", "delivered", "lost", "missed", "duplicated")
# With fewer deliveries, a percentile would be one of the slowest.
LEAST_DELIVERIES = {0.5: 20, 0.99: 100}
# The deliveries of a free run, which are told apart by workload when it has ended.
TOGETHER = "all user classes together"


class DeliverySample(NamedTuple):
    """What subscribers received of one workload since the sample before.

    Attributes:
        delivered_per_second: deliveries.
        lost_per_second: deliveries that did not come within the grace time; None while that is not known.
        delay_p50_s, delay_p99_s: from an event's intended time to its arrival (s); None with too few.
    """

    delivered_per_second: float
    lost_per_second: float | None
    delay_p50_s: float | None
    delay_p99_s: float | None


class Incoming(NamedTuple):
    """What the subscribers of a free run have received since the last sample, whichever user class sent it.

    Attributes:
        subscribers: how many there are.
        delays_s: a delay for each delivery.
    """

    subscribers: int
    delays_s: Sequence[float]


NOTHING = Incoming(0, ())


@dataclass(slots=True)
class _Received:
    """One workload's deliveries.

    Attributes:
        row: its latest row of ``delivery.parquet``; None while a free run goes on.
        counts: sums over rounds.
        delays: from intended times to arrivals.
        sampled: the same at the last sample.
        seconds: how long it has been sent since the last sample.
        fresh: counts since then.
    """

    row: dict[Any, Any] | None
    subscribers: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    delays: Histogram = field(default_factory=Histogram)
    sampled: Histogram = field(default_factory=Histogram)
    seconds: float = 0.0
    fresh: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))


class LiveDeliveries:
    """Deliveries of a test: of a sweep, read from its record as it grows; of a free run, as they arrive."""

    def __init__(self) -> None:
        self._rows_read = self._times_read = 0
        self._workloads: dict[str, _Received] = {}

    def sample(self, record: RunRecord, incoming: Incoming, seconds: float) -> dict[str, DeliverySample]:
        """Read what is new; what was received since the last sample, by workload.

        Args:
            record: the run's.
            incoming: of a free run.
            seconds: since the last sample.
        """
        self._read(record)
        self._add(incoming, seconds)
        return {name: _sample(each) for name, each in self._workloads.items() if each.seconds}

    def _read(self, record: RunRecord) -> None:
        for row in record.deliveries[self._rows_read :]:
            received = self._workloads.setdefault(row["workload"], _Received(row))
            received.row, received.subscribers = row, row["subscribers"]
            # The rows of a free run come when it has ended, and are of all of it.
            received.seconds += 0.0 if TOGETHER in self._workloads else row["duration_s"]
            for name in COUNTS:
                received.counts[name] += row[name]
                received.fresh[name] += row[name]
        self._rows_read = len(record.deliveries)
        for _, _, workload, kind, buckets in record.delivery_times[self._times_read :]:
            if kind == "total" and workload in self._workloads:
                fresh = Histogram()
                fresh.counts[buckets.indices] = buckets.counts
                self._workloads[workload].delays.merge(fresh)
        self._times_read = len(record.delivery_times)

    def _add(self, incoming: Incoming, seconds: float) -> None:
        if self._rows_read or not (incoming.subscribers or TOGETHER in self._workloads):
            return
        received, delays_s = self._workloads.setdefault(TOGETHER, _Received(None)), incoming.delays_s
        received.subscribers = max(received.subscribers, incoming.subscribers)
        received.seconds += seconds
        received.delays.record(np.rint(np.array(delays_s, dtype=float) * 1e9).astype(np.int64))
        received.counts["delivered"] += len(delays_s)
        received.fresh["delivered"] += len(delays_s)

    def rows(self) -> list[dict[str, Any]]:
        """A row per workload: ``name``, ``event`` (its group; None for all together), ``subscribers``, counts
        (None while they are not known), ``p50_s`` and ``p99_s`` of the delay so far (None without deliveries)."""
        return [
            {
                "name": name,
                "event": None if each.row is None else event(each.row),
                "sent_as": TOGETHER,
                "subscribers": each.subscribers,
                **{key: count if each.row or key == "delivered" else None for key, count in each.counts.items()},
                "p50_s": each.delays.percentile_s(0.5) or None,
                "p99_s": each.delays.percentile_s(0.99) or None,
            }
            for name, each in self._workloads.items()
        ]


def _sample(received: _Received) -> DeliverySample:
    fresh = Histogram()
    fresh.counts = received.delays.counts - received.sampled.counts
    delays = [
        fresh.percentile_s(share) if fresh.total >= least else None for share, least in LEAST_DELIVERIES.items()
    ]
    lost = None if received.row is None else received.fresh["lost"] / received.seconds
    found = DeliverySample(received.fresh["delivered"] / received.seconds, lost, *delays)
    received.sampled.merge(fresh)
    received.seconds, received.fresh = 0.0, dict.fromkeys(COUNTS, 0)
    return found
