"""What a queue did over time: every event is in one bin, however its stages are added up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.wire.queue_series import QueueSeries

# When an event was meant to arrive, how late it came, how long it took then, and whether it was acknowledged.
EVENTS = st.lists(
    st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 0.1), st.floats(0.0, 3.0), st.booleans()), max_size=40
)


def noted(series: QueueSeries, events: list[tuple[float, float, float, bool]]) -> QueueSeries:
    for intended_s, late_s, took_s, acknowledged in events:
        series.came([intended_s], intended_s + late_s)
        note = series.acknowledged if acknowledged else series.unacknowledged
        note([intended_s], intended_s + late_s + took_s)
    series.settle()
    return series


def rows(series: QueueSeries) -> list[dict[str, Any]]:
    return [*series.rows()]


@given(EVENTS)
def test_each_event_is_counted_once(events: list[tuple[float, float, float, bool]]) -> None:
    found = rows(noted(QueueSeries(0.5), events))
    acknowledged = sum(each[3] for each in events)
    for name, expected in (
        ("intended", len(events)),
        ("arrived", len(events)),
        ("acknowledged", acknowledged),
        ("unacknowledged", len(events) - acknowledged),
    ):
        assert sum(row[name] for row in found) == expected


@given(EVENTS, EVENTS)
def test_stages_add_up_to_what_one_series_has(
    one: list[tuple[float, float, float, bool]], other: list[tuple[float, float, float, bool]]
) -> None:
    together = noted(QueueSeries(0.5), one + other)
    merged = noted(QueueSeries(0.5), one)
    merged.merge(noted(QueueSeries(0.5), other))
    assert rows(merged) == rows(together)


@given(st.lists(st.floats(0.001, 5.0), min_size=1, max_size=60))
def test_percentiles_are_those_of_the_events_that_were_meant_to_arrive_in_the_bin(took_s: list[float]) -> None:
    series = QueueSeries(1.0, origin_s=100.0)
    for each in took_s:
        series.acknowledged([102.5], 102.5 + each)
    series.settle()
    row = next(row for row in series.rows() if row["p99_s"] is not None)
    assert row["t_s"] == 2.0
    for name, share in (("p50_s", 0.5), ("p99_s", 0.99)):
        # Within a bucket's width.
        assert row[name] == pytest.approx(float(np.quantile(took_s, share, method="inverted_cdf")), rel=0.01)
        assert not row[f"{name}_is_lower_bound"]


def test_a_percentile_among_events_without_an_acknowledgement_is_a_lower_bound() -> None:
    series = QueueSeries(1.0)
    for _ in range(3):
        series.acknowledged([0.5], 0.6)
    series.unacknowledged([0.5], 0.9)
    series.look(0.25, 2)
    series.look(0.75, 4)
    series.settle()
    [row] = series.rows()
    assert (row["p50_s_is_lower_bound"], row["p99_s_is_lower_bound"]) == (False, True)
    assert row["depth"] == 3


def test_a_bin_in_which_nobody_looked_has_no_depth_and_without_events_no_latency() -> None:
    series = QueueSeries(1.0)
    series.came([2.5], 2.5)
    series.settle()
    assert [row["depth"] for row in series.rows()] == [None, None, None]
    assert [row["p50_s"] for row in series.rows()] == [None, None, None]
