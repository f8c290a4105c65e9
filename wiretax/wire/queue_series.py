"""What a queue did over time: events and latencies by bins of time, as counts that add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wiretax.wire.histogram import SIZE, Buckets, bucket_indices

Ints = npt.NDArray[np.int64]


class Bin(NamedTuple):
    """One bin.

    Attributes:
        number: bins are counted from 0, where the first event was drawn from.
        intended: events that were meant to arrive in it.
        arrived: events that were put into the queue in it.
        acknowledged: events whose call was acknowledged in it.
        depth: the mean depth of the queue, events; None if it was not looked at.
        total: from the intended arrival to the response, of the events that were meant to arrive in it.
    """

    number: int
    intended: int
    arrived: int
    acknowledged: int
    depth: float | None
    total: Buckets


class QueueSeries:
    """The bins of one queue. Those of its stages add up."""

    def __init__(self, bin_s: float, origin_s: float = 0.0) -> None:
        """
        Args:
            bin_s: the width of a bin, seconds.
            origin_s: when the first bin begins, seconds on the queue's clock.
        """
        self.bin_s = bin_s
        self.origin_s = origin_s
        # Events by bin: meant to arrive, put into the queue, acknowledged; and depths: their sum and their number.
        self._counts = np.zeros((3, 0), dtype=np.int64)
        self._depths = np.zeros((2, 0), dtype=np.int64)
        # Latencies by bin * SIZE + bucket, in order: acknowledged ones, and lower bounds.
        self._keys: Ints = np.zeros(0, dtype=np.int64)
        self._latencies = np.zeros((2, 0), dtype=np.int64)
        # Of each event two times, by what became of it; converted all at once when they are settled.
        self._came: list[tuple[float, float]] = []
        self._ended: list[tuple[float, float]] = []
        self._open: list[tuple[float, float]] = []
        self._looks: list[tuple[float, int]] = []

    def __len__(self) -> int:
        """How many events are noted and not settled."""
        return len(self._came) + len(self._ended) + len(self._open)

    def came(self, intended_s: Sequence[float], now_s: float) -> None:
        """Note events that are put into the queue now."""
        self._came += [(each, now_s) for each in intended_s]

    def acknowledged(self, intended_s: Sequence[float], ended_s: float) -> None:
        """Note the events of an acknowledged call."""
        self._ended += [(each, ended_s) for each in intended_s]

    def unacknowledged(self, intended_s: Sequence[float], now_s: float) -> None:
        """Note events that will not be acknowledged: their latency is at least their age."""
        self._open += [(each, now_s) for each in intended_s]

    def look(self, now_s: float, depth: int) -> None:
        """Note how deep the queue is."""
        self._looks.append((now_s, depth))

    def settle(self) -> None:
        """Move what was noted into the bins."""
        for noted, rows in ((self._came, (0, 1)), (self._ended, (None, 2)), (self._open, (None, None))):
            if not noted:
                continue
            times = np.array(noted)
            noted.clear()
            for row, bins in zip(rows, self._bins(times).T, strict=True):
                if row is not None:
                    self._counts = _added(self._counts, row, np.bincount(bins))
            if rows[0] is None:
                self._add_latencies(times, censored=rows[1] is None)
        if self._looks:
            looks = np.array(self._looks)
            self._looks.clear()
            bins = self._bins(looks[:, 0])
            self._depths = _added(self._depths, 0, np.bincount(bins, looks[:, 1]).astype(np.int64))
            self._depths = _added(self._depths, 1, np.bincount(bins))

    def merge(self, other: QueueSeries) -> None:
        """Add the settled bins of another stage of the same queue."""
        for row in range(3):
            self._counts = _added(self._counts, row, other._counts[row])
        for row in range(2):
            self._depths = _added(self._depths, row, other._depths[row])
        self._merge_latencies(other._keys, other._latencies)

    def bins(self) -> Iterator[Bin]:
        """All bins from the first to the last in which anything was noted; settled."""
        of = self._keys // SIZE
        width = max(self._counts.shape[1], self._depths.shape[1], int(of.max(initial=-1)) + 1)
        counts, depths = _widened(self._counts, width), _widened(self._depths, width)
        starts = np.searchsorted(of, np.arange(width + 1))
        for number in range(width):
            span = slice(starts[number], starts[number + 1])
            reached, least = self._latencies[:, span].astype(np.uint32)
            total = Buckets((self._keys[span] % SIZE).astype(np.uint16), reached, least)
            looked, times = depths[:, number].tolist()
            intended, arrived, acknowledged = counts[:, number].tolist()
            yield Bin(number, intended, arrived, acknowledged, looked / times if times else None, total)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The bins as rows of ``series.parquet``."""
        for each in self.bins():
            (p50_s, p50_bound), (p99_s, p99_bound) = (percentile(each.total, share) for share in (0.5, 0.99))
            yield {
                "t_s": each.number * self.bin_s,
                "bin_s": self.bin_s,
                "intended": each.intended,
                "arrived": each.arrived,
                "acknowledged": each.acknowledged,
                "unacknowledged": int(each.total.censored.sum()),
                "depth": each.depth,
                "p50_s": p50_s,
                "p50_s_is_lower_bound": p50_bound,
                "p99_s": p99_s,
                "p99_s_is_lower_bound": p99_bound,
            }

    def _bins(self, times_s: npt.NDArray[np.float64]) -> Ints:
        """The bins of times. A time on an edge may be a little less, as floats are added up."""
        bins: Ints = np.floor((times_s - self.origin_s) / self.bin_s + 1e-9).astype(np.int64)
        return np.maximum(bins, 0)

    def _add_latencies(self, times: npt.NDArray[np.float64], censored: bool) -> None:
        nanoseconds = np.maximum(np.rint((times[:, 1] - times[:, 0]) * 1e9), 0).astype(np.int64)
        keys, counts = np.unique(self._bins(times[:, 0]) * SIZE + bucket_indices(nanoseconds), return_counts=True)
        both = np.zeros((2, len(keys)), dtype=np.int64)
        both[int(censored)] = counts
        self._merge_latencies(keys, both)

    def _merge_latencies(self, keys: Ints, counts: npt.NDArray[np.int64]) -> None:
        self._keys, places = np.unique(np.concatenate([self._keys, keys]), return_inverse=True)
        merged = np.zeros((2, len(self._keys)), dtype=np.int64)
        for row, each in zip(merged, np.concatenate([self._latencies, counts], axis=1), strict=True):
            np.add.at(row, places, each)
        self._latencies = merged


def percentile(total: Buckets, share: float) -> tuple[float | None, bool]:
    """The latency (s) that this share of events does not exceed, and whether it is a lower bound, since an event
    among them was not acknowledged; None without any event."""
    reached = (total.counts.astype(np.int64) + total.censored).cumsum()
    if not len(reached):
        return None, False
    place = int(np.searchsorted(reached, max(1, ceil(share * int(reached[-1])))))
    return float(total.lows_s()[place]), bool(total.censored[: place + 1].any())


def _widened(counts: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
    return np.pad(counts, [(0, 0), (0, max(0, width - counts.shape[1]))])


def _added(counts: npt.NDArray[np.int64], row: int, more: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Counts by bin with more in one row; as wide as needed."""
    wide = _widened(counts, len(more))
    wide[row, : len(more)] += more
    return wide
