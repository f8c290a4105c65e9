"""Distributions of latency: the drawing shows the run's data."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import BATCH, TRIGGER, drawn, texts
from saved import latency_frame, record, slice_, slices_frame

from analysis.figures import (
    latency_distributions,
)
from analysis.figures.distributions import LOWER_BOUND_MARKER
from analysis.measures.latency import percentiles
from wiretax.channels.workload import Workload


def test_a_distribution_passes_through_its_percentiles() -> None:
    slow = slice_(BATCH, 0, 980)
    slow.measured.latency.record([50_000_000] * 20)
    made = record(slice_(TRIGGER, 0, 1000), slow, users=16)
    latency = latency_frame(made)
    figure = drawn(latency_distributions(latency, slices_frame(made)))
    [axes] = figure.figure.axes
    assert axes.get_xlabel() == "latency, ms (saturated, 16 users)"
    p99 = percentiles(latency).loc[BATCH.name, "p99_s"] * 1e3
    assert f"batch of 10: 1.00 / {p99:.2f}" in texts(figure)
    lines = [each for each in axes.lines if each.get_drawstyle() == "steps-post"]
    assert len(lines) == 2
    times, shares = (np.asarray(data, dtype=float) for data in lines[1].get_data())
    assert shares[np.searchsorted(times, 1.1) - 1] == pytest.approx(98)
    assert shares[-1] == 100
    assert times[-1] == pytest.approx(50, rel=0.01)


def test_a_distribution_shows_unacknowledged_calls_as_lower_bounds() -> None:
    stalled = slice_(BATCH, 0, 970)
    stalled.boundary.latency.record_censored([400_000_000] * 30)
    made = record(slice_(TRIGGER, 0, 50), stalled, users=16)
    figure = drawn(latency_distributions(latency_frame(made), slices_frame(made)))
    [axes] = figure.figure.axes
    assert {"batch of 10: 1.00 / >399.51", "trigger: 1.00 / -"} <= set(texts(figure))
    lines = [each for each in axes.lines if each.get_drawstyle() == "steps-post"]
    assert [np.asarray(each.get_ydata(), dtype=float)[-1] for each in lines] == pytest.approx([100, 97])
    [area] = axes.collections
    assert area.get_hatch() == "////"
    # Where the percentile may be is to the right.
    markers = [(each.get_marker(), each.get_markerfacecolor()) for each in axes.lines]
    assert markers.count((LOWER_BOUND_MARKER, "none")) == 1
    assert "A hollow arrow marks a lower bound" in figure.caption
    assert "A dash means too few calls: p50 needs 20, p99 1,000." in figure.caption
    assert figure.png().startswith(b"\x89PNG")


def test_users_of_all_workers_are_added_unless_a_number_is_given() -> None:
    made = record()
    for worker in (0, 1):
        made.add(slice_(TRIGGER, 0, 10), users=8, worker=worker)
    latency, slices = latency_frame(made), slices_frame(made)
    assert "saturated, 16 users" in drawn(latency_distributions(latency, slices)).caption
    assert "saturated, 3 users" in drawn(latency_distributions(latency, slices, users=3)).caption


def test_an_observed_publisher_is_not_called_saturated() -> None:
    made = record(slice_(Workload.of(payload_kind="observed", client="unknown"), 0, 3), users=1)
    figure = drawn(latency_distributions(latency_frame(made), slices_frame(made)))
    assert figure.figure.axes[0].get_xlabel() == "latency, ms (measured at the proxy)"
    assert "saturat" not in figure.caption.lower()
