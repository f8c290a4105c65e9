"""Latencies in log-linear buckets: 128 per octave, so that no bucket is wider than 0.8 % of its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

PER_OCTAVE = 128
LOWEST_NS = 1_000
# 1 us to 2**38 ns = 275 s. Latencies outside go into the first or the last bucket.
OCTAVES = 38
SIZE = OCTAVES * PER_OCTAVE


def bucket_indices(nanoseconds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The bucket of each latency; an array of the same shape."""
    mantissa, exponent = np.frexp(np.maximum(nanoseconds, LOWEST_NS).astype(np.float64))
    indices = (exponent.astype(np.int64) - 1) * PER_OCTAVE + ((mantissa - 0.5) * 2 * PER_OCTAVE).astype(np.int64)
    return np.minimum(indices, SIZE - 1)


def bucket_lows_ns(indices: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float64]:
    """The lower end of each bucket in ns, which is the upper end of the one before; an array of the same shape."""
    octaves, steps = np.divmod(indices.astype(np.int64), PER_OCTAVE)
    return np.ldexp(1 + steps / PER_OCTAVE, octaves)


class Buckets(NamedTuple):
    """The non-empty buckets of a histogram, lowest first: arrays of one length."""

    indices: npt.NDArray[np.uint16]
    counts: npt.NDArray[np.uint32]
    censored: npt.NDArray[np.uint32]

    def lows_s(self) -> npt.NDArray[np.float64]:
        """The lower end of each bucket, in seconds."""
        return bucket_lows_ns(self.indices) / 1e9

    def highs_s(self) -> npt.NDArray[np.float64]:
        """The upper end of each bucket, in seconds."""
        return bucket_lows_ns(self.indices.astype(np.int64) + 1) / 1e9

    def plus(self, other: Buckets) -> Buckets:
        """The sum of both histograms."""
        indices, places = np.unique(np.concatenate([self.indices, other.indices]), return_inverse=True)
        counts, censored = np.zeros((2, len(indices)), dtype=np.uint32)
        np.add.at(counts, places, np.concatenate([self.counts, other.counts]))
        np.add.at(censored, places, np.concatenate([self.censored, other.censored]))
        return Buckets(indices, counts, censored)


class Histogram:
    """Counts of latencies by bucket. Histograms of workers and rounds add up without loss.

    Attributes:
        counts: latencies that were measured.
        censored: lower bounds of latencies, of calls that ended without an acknowledgement.
    """

    __slots__ = ("censored", "counts")

    def __init__(self) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros(SIZE, dtype=np.int64)
        self.censored: npt.NDArray[np.int64] = np.zeros(SIZE, dtype=np.int64)

    def record(self, nanoseconds: Sequence[int] | npt.NDArray[np.int64]) -> None:
        """Add latencies in nanoseconds."""
        if len(nanoseconds):
            indices = bucket_indices(np.asarray(nanoseconds, dtype=np.int64))
            self.counts += np.bincount(indices, minlength=SIZE)

    def record_censored(self, nanoseconds: Sequence[int] | npt.NDArray[np.int64]) -> None:
        """Add lower bounds of latencies in nanoseconds: how old calls were when they ended unacknowledged."""
        if len(nanoseconds):
            indices = bucket_indices(np.asarray(nanoseconds, dtype=np.int64))
            self.censored += np.bincount(indices, minlength=SIZE)

    def merge(self, other: Histogram) -> None:
        """Add another histogram's counts to this one's."""
        self.counts += other.counts
        self.censored += other.censored

    @property
    def total(self) -> int:
        """How many latencies were measured, without censored ones."""
        return int(self.counts.sum())

    def percentile_s(self, quantile: float) -> float:
        """The lower end of the bucket in which a quantile (0 to 1) of the measured latencies falls, in seconds;
        0 if none was measured."""
        reached = self.counts.cumsum()
        if not reached[-1]:
            return 0.0
        index = np.searchsorted(reached, max(1, np.ceil(quantile * reached[-1])))
        return float(bucket_lows_ns(np.array([index]))[0]) / 1e9

    def buckets(self) -> Buckets:
        """Its non-empty buckets, in ten bytes each."""
        indices = np.flatnonzero(self.counts + self.censored)
        counts, censored = self.counts[indices], self.censored[indices]
        return Buckets(indices.astype(np.uint16), counts.astype(np.uint32), censored.astype(np.uint32))

    def as_plain(self) -> list[bytes]:
        """Indices, counts and censored counts of the non-empty buckets, little-endian, for a message from a worker
        to its master."""
        indices = np.flatnonzero(self.counts + self.censored)
        kept = [self.counts[indices], self.censored[indices]]
        return [indices.astype("<u2").tobytes(), *(each.astype("<u8").tobytes() for each in kept)]

    @classmethod
    def of_plain(cls, plain: Sequence[bytes]) -> Histogram:
        """The inverse of ``as_plain``.

        Raises:
            ValueError: ``plain`` was not made by ``as_plain``.
        """
        kinds = ("<u2", "<u8", "<u8")
        indices, counts, censored = (np.frombuffer(data, kind) for data, kind in zip(plain, kinds, strict=True))
        if not len(indices) == len(counts) == len(censored) or (indices >= SIZE).any():
            raise ValueError("not a histogram's buckets")
        histogram = cls()
        histogram.counts[indices] = counts
        histogram.censored[indices] = censored
        return histogram
