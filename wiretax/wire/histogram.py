"""Latencies in log-linear buckets: 128 to an octave, so that no bucket is wider than 0.8 % of its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

PER_OCTAVE = 128
LOWEST_NS = 1_000
# 1 us to 2**38 ns = 275 s. What lies outside goes into the first or the last bucket.
OCTAVES = 38
SIZE = OCTAVES * PER_OCTAVE


def bucket_indices(nanoseconds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The bucket of each latency; an array of the same shape."""
    mantissa, exponent = np.frexp(np.maximum(nanoseconds, LOWEST_NS).astype(np.float64))
    indices = (exponent.astype(np.int64) - 1) * PER_OCTAVE + ((mantissa - 0.5) * 2 * PER_OCTAVE).astype(np.int64)
    return np.minimum(indices, SIZE - 1)


def bucket_lows_ns(indices: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float64]:
    """The smallest latency that falls into each bucket; the next bucket's is where it ends."""
    octaves, steps = np.divmod(indices.astype(np.int64), PER_OCTAVE)
    return np.ldexp(1 + steps / PER_OCTAVE, octaves)


class Buckets(NamedTuple):
    """The buckets of a histogram that hold anything, lowest first: arrays of one length."""

    indices: npt.NDArray[np.uint16]
    counts: npt.NDArray[np.uint32]

    def lows_s(self) -> npt.NDArray[np.float64]:
        """Where each bucket begins, in seconds."""
        return bucket_lows_ns(self.indices) / 1e9

    def highs_s(self) -> npt.NDArray[np.float64]:
        """Where each bucket ends, in seconds."""
        return bucket_lows_ns(self.indices.astype(np.int64) + 1) / 1e9


class Histogram:
    """Counts of latencies by bucket. Histograms of workers and rounds add up without loss."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros(SIZE, dtype=np.int64)

    def record(self, nanoseconds: Sequence[int]) -> None:
        """Add latencies in nanoseconds."""
        if nanoseconds:
            indices = bucket_indices(np.array(nanoseconds, dtype=np.int64))
            self.counts += np.bincount(indices, minlength=SIZE)

    def merge(self, other: Histogram) -> None:
        """Add another histogram's counts to this one's."""
        self.counts += other.counts

    @property
    def total(self) -> int:
        """How many latencies were recorded."""
        return int(self.counts.sum())

    def percentile_s(self, quantile: float) -> float:
        """The lower end of the bucket in which a quantile (0 to 1) falls, in seconds; 0 where nothing was
        recorded."""
        reached = self.counts.cumsum()
        if not reached[-1]:
            return 0.0
        index = np.searchsorted(reached, max(1, np.ceil(quantile * reached[-1])))
        return float(bucket_lows_ns(np.array([index]))[0]) / 1e9

    def buckets(self) -> Buckets:
        """What the histogram holds, in six bytes a bucket."""
        indices = np.flatnonzero(self.counts)
        return Buckets(indices.astype(np.uint16), self.counts[indices].astype(np.uint32))
