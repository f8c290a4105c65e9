"""What subscribers have received so far in a running test, by workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.text.labels import arrival_rate, call, event, queue_call
from wiretax.runs.record import RunRecord
from wiretax.wire.histogram import Histogram

# Rounds whose median delay is kept, per workload.
MOST_ROUNDS = 300
COUNTS = ("acknowledged", "delivered", "lost", "missed", "duplicated")


@dataclass(slots=True)
class _Received:
    """One workload's deliveries.

    Attributes:
        row: its latest row of ``delivery.parquet``.
        counts: sums over rounds.
        delays: from intended times to arrivals.
        rounds: the number of each round and its median delay (s).
    """

    row: dict[str, Any]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    delays: Histogram = field(default_factory=Histogram)
    rounds: list[tuple[int, float]] = field(default_factory=list)


class LiveDeliveries:
    """Deliveries of a test, read from its record as it grows."""

    def __init__(self) -> None:
        self._rows_read = self._times_read = 0
        self._workloads: dict[str, _Received] = {}

    def read(self, record: RunRecord) -> None:
        """Read what is new in the record."""
        for row in record.deliveries[self._rows_read :]:
            received = self._workloads.setdefault(row["workload"], _Received(row))
            received.row = row
            for name in COUNTS:
                received.counts[name] += row[name]
        self._rows_read = len(record.deliveries)
        for round_, _, workload, kind, buckets in record.delivery_times[self._times_read :]:
            if kind == "total" and workload in self._workloads:
                fresh = Histogram()
                fresh.counts[buckets.indices] = buckets.counts
                received = self._workloads[workload]
                received.delays.merge(fresh)
                if fresh.total:
                    received.rounds.append((round_, fresh.percentile_s(0.5)))
                    del received.rounds[:-MOST_ROUNDS]
        self._times_read = len(record.delivery_times)

    def rows(self) -> list[dict[str, Any]]:
        """A row per workload: ``name``, ``event`` (its group), ``sent_as``, ``subscribers``, counts, ``p50_s`` and
        ``p99_s`` of the delay so far (None without deliveries), and ``rounds``: pairs of number and median (s)."""
        return [
            {
                "name": name,
                "event": _event(each.row),
                "sent_as": _sent_as(each.row),
                "subscribers": each.row["subscribers"],
                **each.counts,
                "p50_s": each.delays.percentile_s(0.5) or None,
                "p99_s": each.delays.percentile_s(0.99) or None,
                "rounds": each.rounds,
            }
            for name, each in self._workloads.items()
        ]


def _sent_as(row: Mapping[Any, Any]) -> str:
    return f"{queue_call(row)}, {arrival_rate(row)}" if row["rate"] else call(row)


def _event(row: Mapping[Any, Any]) -> str:
    return event(row)
