"""Spectra of latency: the drawing shows the run's data, and its title what they say."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import BATCH, TRIGGER, drawn, line, texts
from saved import latency_frame, record, slice_, slices_frame

from analysis.figures import Absent, latency_distributions
from analysis.figures.spectra import LOWER_BOUND_MARKER
from analysis.measures.latency import percentiles
from wiretax.channels.workload import Workload


def test_a_spectrum_passes_through_its_percentiles_and_is_named_at_its_end() -> None:
    slow = slice_(BATCH, 0, 980)
    slow.measured.latency.record([50_000_000] * 20)
    made = record(slice_(TRIGGER, 0, 1000), slow, users=16)
    latency = latency_frame(made)
    figure = drawn(latency_distributions(latency, slices_frame(made)))
    [axes] = figure.figure.axes
    assert axes.get_ylabel() == "latency, ms (saturated, 16 users)"
    assert axes.get_legend() is None
    p99 = percentiles(latency).loc[BATCH.name, "p99_s"] * 1e3
    assert f"batch of 10\np50 1, p99 {p99:.3g} ms" in texts(figure)
    nines, times = (np.array(each) for each in line(axes, "batch of 10"))
    # Ten of a thousand calls lie beyond the last percentile.
    assert nines[-1] == pytest.approx(2)
    assert times[-1] == pytest.approx(50, rel=0.01)
    assert times[np.searchsorted(nines, -np.log10(1 - 0.98)) - 1] == pytest.approx(1, rel=0.01)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0 %", "50 %", "90 %", "99 %"]


@pytest.mark.parametrize(
    ("calls", "title"),
    [
        (1000, "99 % of calls take up to 1 ms by trigger, 1 ms in a batch of 10 (saturated, 16 users)"),
        (100, "90 % of calls take up to 1 ms by trigger, 1 ms in a batch of 10 (saturated, 16 users)"),
        (20, "Half of the calls take up to 1 ms by trigger, 1 ms in a batch of 10 (saturated, 16 users)"),
    ],
)
def test_the_title_states_the_highest_percentile_that_is_known(calls: int, title: str) -> None:
    made = record(slice_(TRIGGER, 0, calls), slice_(BATCH, 0, 1000), users=16)
    assert drawn(latency_distributions(latency_frame(made), slices_frame(made))).title == title


def test_a_run_of_one_workload_has_one_line() -> None:
    made = record(slice_(Workload.of("multi_trigger", channels=10), 0, 1000), users=1)
    figure = drawn(latency_distributions(latency_frame(made), slices_frame(made)))
    assert figure.title == "99 % of calls take up to 1 ms to 10 channels (saturated, 1 user)"


def test_too_few_calls_for_a_median_are_no_line() -> None:
    made = record(slice_(TRIGGER, 0, 19), users=16)
    absent = latency_distributions(latency_frame(made), slices_frame(made))
    assert isinstance(absent, Absent)
    assert "the 20 calls that a median needs" in absent.why


def test_unacknowledged_calls_are_lower_bounds() -> None:
    stalled = slice_(BATCH, 0, 970)
    stalled.boundary.latency.record_censored([400_000_000] * 30)
    made = record(slice_(TRIGGER, 0, 50), stalled, users=16)
    figure = drawn(latency_distributions(latency_frame(made), slices_frame(made)))
    [axes] = figure.figure.axes
    assert {"batch of 10\np50 1, p99 >400 ms", "trigger\np50 1 ms"} <= set(texts(figure))
    # Of the trigger only the median is known, and it has none.
    assert (
        figure.title == "Half of the calls take up to 1 ms by trigger, 1 ms in a batch of 10 (saturated, 16 users)"
    )
    markers = [(each.get_marker(), each.get_markerfacecolor()) for each in axes.lines if len(each.get_xdata())]
    assert markers.count((LOWER_BOUND_MARKER, "none")) == 1
    assert "above a hollow arrow" in figure.caption
    assert figure.png().startswith(b"\x89PNG")


def test_a_title_of_lower_bounds_says_more_than() -> None:
    stalled = slice_(BATCH, 0, 970)
    stalled.boundary.latency.record_censored([400_000_000] * 30)
    made = record(slice_(TRIGGER, 0, 1000), stalled, users=16)
    title = drawn(latency_distributions(latency_frame(made), slices_frame(made))).title
    assert title.startswith("1 % of calls take more than 1 ms by trigger, 400 ms in a batch of 10")


def test_users_of_all_workers_are_added_unless_a_number_is_given() -> None:
    made = record()
    for worker in (0, 1):
        made.add(slice_(TRIGGER, 0, 10), users=8, worker=worker)
    latency, slices = latency_frame(made), slices_frame(made)
    assert "saturated, 16 users" in drawn(latency_distributions(latency, slices)).title
    assert "saturated, 3 users" in drawn(latency_distributions(latency, slices, users=3)).title


def test_neither_a_free_run_nor_an_observed_publisher_is_called_saturated() -> None:
    made = record(slice_(TRIGGER, 0, 50), users=2)
    free = drawn(latency_distributions(latency_frame(made), slices_frame(made).assign(mode="free")))
    assert free.title.endswith("(closed loop, 2 users)")
    made = record(slice_(Workload.of(payload_kind="observed", client="unknown"), 0, 30), users=1)
    observed = drawn(latency_distributions(latency_frame(made), slices_frame(made)))
    assert observed.figure.axes[0].get_ylabel() == "latency, ms (measured at the proxy)"
    for figure in (free, observed):
        assert "saturat" not in figure.description.lower()
