"""The histogram: 1 % or better from 1 us to 100 s, and sums without loss."""

from __future__ import annotations

import random

import numpy as np
import pytest

from wiretax.wire.histogram import PER_OCTAVE, SIZE, Histogram, bucket_indices, bucket_lows_ns


def test_no_bucket_is_wider_than_one_percent_from_a_microsecond_to_a_hundred_seconds() -> None:
    values = np.geomspace(1_000, 100_000_000_000, 50_000).astype(np.int64)
    indices = bucket_indices(values)
    lows, highs = bucket_lows_ns(indices), bucket_lows_ns(indices + 1)
    assert (lows <= values).all()
    assert (values < highs).all()
    assert ((highs - lows) / lows).max() <= 0.01


def test_bucket_edges_belong_to_the_bucket_they_open() -> None:
    indices = np.arange(10 * PER_OCTAVE, SIZE - 1)
    assert (bucket_indices(np.ceil(bucket_lows_ns(indices)).astype(np.int64)) == indices).all()


def test_what_lies_outside_is_kept_at_the_ends() -> None:
    histogram = Histogram()
    histogram.record([0, 5, 2**62])
    assert histogram.total == 3
    buckets = histogram.buckets()
    assert buckets.counts.tolist() == [2, 1]
    assert buckets.lows_s()[0] == pytest.approx(1e-6, rel=0.01)


def test_merging_is_recording_it_all_in_one() -> None:
    draw = random.Random(1)
    parts = [[int(draw.lognormvariate(13, 1)) for _ in range(500)] for _ in range(4)]
    merged, whole = Histogram(), Histogram()
    for part in parts:
        one = Histogram()
        one.record(part)
        merged.merge(one)
        whole.record(part)
    assert (merged.counts == whole.counts).all()
    assert merged.total == 2000
    merged.record([])
    assert merged.total == 2000


def test_buckets_hold_every_count_in_order() -> None:
    histogram = Histogram()
    histogram.record([1_000_000] * 3 + [2_000_000_000])
    buckets = histogram.buckets()
    assert buckets.counts.tolist() == [3, 1]
    for low, high, value in zip(buckets.lows_s(), buckets.highs_s(), (0.001, 2.0), strict=True):
        assert low <= value < high
