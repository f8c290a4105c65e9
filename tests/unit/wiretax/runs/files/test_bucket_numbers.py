"""Numbers of buckets: one for each pair of ends, whatever the order of rows, and without a look at known rows."""

from __future__ import annotations

from math import nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.runs.files.bucket_numbers import BucketNumbers
from wiretax.wire.histogram import SIZE, bucket_lows_ns

# Some differ in their last bit only, and so have the same slot.
ENDS = st.sampled_from([0.0, -0.0, 1e-9, 0.001, nextafter(0.001, 1), 0.002, 1.0, nextafter(1, 2), 3.0, 1e300])
BATCHES = st.lists(st.lists(st.tuples(ENDS, ENDS), min_size=1, max_size=20), max_size=4)


@given(BATCHES)
def test_buckets_have_the_same_number_if_and_only_if_they_have_the_same_ends(
    batches: list[list[tuple[float, float]]],
) -> None:
    numbers = BucketNumbers()
    found = [numbers.of(*np.array(batch).T).tolist() for batch in batches]
    lows, highs = numbers.ends()
    pairs = [*zip(lows.tolist(), highs.tolist(), strict=True)]
    assert [[pairs[each] for each in batch] for batch in found] == batches
    assert len(numbers) == len({pair for batch in batches for pair in batch}) == len(set(pairs))


def test_only_buckets_that_were_not_seen_before_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, ends = BucketNumbers(), bucket_lows_ns(np.arange(SIZE + 1)) / 1e9
    half, sizes, unique = SIZE // 2, [], np.unique

    def counted(values: np.ndarray, **how: bool) -> object:
        sizes.append(len(values))
        return unique(values, **how)

    monkeypatch.setattr(np, "unique", counted)
    numbers.of(ends[:half], ends[1 : half + 1])
    numbers.of(ends[:-1], ends[1:])
    assert numbers.of(ends[:-1], ends[1:]).tolist() == [*range(SIZE)]
    assert sizes == [half, SIZE - half]
