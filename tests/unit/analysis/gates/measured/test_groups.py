"""Groups of rounds with enough calls for a percentile."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from saved import record, slice_

from analysis.gates.measured.run_counts import Measured
from wiretax.channels.workload import Workload
from wiretax.runs.writer import tables

NAMES = [Workload.of(), Workload.of("batch", 10)]
NEEDED = 20


@given(st.lists(st.tuples(st.integers(0, 45), st.integers(0, 45)), min_size=1, max_size=12))
def test_each_group_is_as_short_as_it_can_be(calls: list[tuple[int, int]]) -> None:
    made = record(*(slice_(each, round_, 1) for round_ in range(len(calls)) for each in NAMES))
    latency = pd.DataFrame(
        [
            (round_, NAMES[place].name, 0.001, 0.002, count, 0)
            for round_, both in enumerate(calls)
            for place, count in enumerate(both)
        ],
        columns=["round", "workload", "bucket_low_s", "bucket_high_s", "count", "censored"],
    )
    measured = Measured(tables(made)["slices"].to_pandas(), latency)
    groups = measured.groups([each.name for each in NAMES], 0.5)

    def least(rounds: tuple[int, ...]) -> int:
        return min(sum(calls[round_][place] for round_ in rounds) for place in range(2))

    if not groups:
        assert least(tuple(range(len(calls)))) < NEEDED
        return
    assert [round_ for group in groups for round_ in group] == [*range(len(calls))]
    assert all(least(group) >= NEEDED for group in groups)
    assert all(least(group[:-1]) < NEEDED for group in groups[:-1])
    last = groups[-1]
    enough = next(size for size in range(1, len(last) + 1) if least(last[:size]) >= NEEDED)
    assert least(last[enough:]) < NEEDED


def test_rounds_of_different_starts_are_in_no_group_together() -> None:
    made = record(*(slice_(NAMES[0], round_, 1) for round_ in range(8)))
    latency = pd.DataFrame(
        [(round_, NAMES[0].name, 0.001, 0.002, NEEDED // 2, 0) for round_ in range(8)],
        columns=["round", "workload", "bucket_low_s", "bucket_high_s", "count", "censored"],
    )
    slices = tables(made)["slices"].to_pandas().assign(start=[0, 0, 0, 1, 1, 1, 1, 2])
    # A start that has too few calls has no group.
    assert Measured(slices, latency).groups([NAMES[0].name], 0.5) == [(0, 1, 2), (3, 4), (5, 6)]
