"""Percentiles of groups of rounds, found at once: the same as those of each group by itself."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.measures import round_latencies
from analysis.measures.latency import histogram_of, samples_needed
from analysis.measures.round_latencies import RoundLatencies
from wiretax.runs.files.histograms import Histograms

ROWS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(["a", "b"]),
        st.integers(1, 12),
        st.integers(0, 60),
        st.sampled_from([0, 0, 0, 30]),
    ),
    min_size=1,
    max_size=80,
)


@given(ROWS, st.sampled_from([0.5, 0.9]), st.integers(1, 3), st.sampled_from([1, 100, round_latencies.CELLS]))
def test_a_groups_percentile_is_that_of_its_rows(
    rows: list[tuple[int, str, int, int, int]], quantile: float, together: int, cells: int
) -> None:
    frame = pd.DataFrame(
        [(number, name, low / 8, (low + 1) / 8, count, gone) for number, name, low, count, gone in rows],
        columns=["round", "workload", "bucket_low_s", "bucket_high_s", "count", "censored"],
    )
    mine = frame[frame["workload"] == "a"]
    found = RoundLatencies(Histograms.of_frame(frame), "a")
    by_round = (mine["count"] + mine["censored"]).groupby(mine["round"]).sum()
    assert found.samples == by_round.to_dict()
    groups = [tuple(range(first, first + together)) for first in range(0, 7, together)]
    alone = [histogram_of(mine[mine["round"].isin(group)]) for group in groups]
    enough = [place for place, each in enumerate(alone) if each.samples >= samples_needed(quantile)]
    expected = [alone[place].quantiles((quantile,))[0] for place in enough]
    with pytest.MonkeyPatch.context() as patch:
        # However many groups are looked at together.
        patch.setattr(round_latencies, "CELLS", cells)
        at_once = found.quantiles([groups[place] for place in enough], quantile)
    assert at_once.is_lower_bound.tolist() == [each.is_lower_bound for each in expected]
    assert at_once.seconds.tolist() == pytest.approx([each.seconds for each in expected])
