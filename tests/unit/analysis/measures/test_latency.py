"""Percentiles: exact, a lower bound, or unknown."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from queued import BATCH as QUEUE
from queued import Drain
from queued import run_of as queues_of
from rich.console import Console
from saved import latency_frame, record, slice_, slices_frame

from analysis.figures import Absent, Drawing, latency_by_bytes
from analysis.findings.percentile_notes import notes, percentile
from analysis.measures.latency import LatencyDistribution, histogram_of, percentiles, samples_needed
from analysis.measures.queues import queue_frontier
from analysis.measures.summary import summarise
from analysis.tables.notebook_queues import queues, queues_in_brief
from analysis.tables.notebook_tables import costs
from analysis.tables.queue_table import legend, render_queues
from analysis.tables.run_table import print_run
from wiretax.channels.workload import Workload
from wiretax.runs.files.schema import LATENCY
from wiretax.runs.reader import Run, as_read
from wiretax.wire.histogram import Histogram as Recorded
from wiretax.wire.slices import Slice

TRIGGER, BATCH = Workload.of(), Workload.of("batch", 10)
MS = 1_000_000
META = {
    "plan": {"name": "p", "users": 4},
    "endpoint": "http://127.0.0.1:40000/apps/1",
    "mock": None,
    "rounds_measured": 2,
    "warnings": [],
    "invalid_because": [],
    "reconcile": {"agrees": False},
    "busy": {"generator": 0.5, "mock": None},
}


def recorded(acknowledged_ms: list[float], censored_ms: list[float]) -> LatencyDistribution:
    made = Recorded()
    made.record([round(each * MS) for each in acknowledged_ms])
    made.record_censored([round(each * MS) for each in censored_ms])
    buckets = made.buckets()
    return LatencyDistribution(buckets.lows_s(), buckets.highs_s(), buckets.counts, buckets.censored)


def ended(workload: Workload, acknowledged: int, timed_out: int, timeout_ms: int = 400) -> Slice:
    """A slice of calls of a millisecond, and of calls that were given up after it had ended."""
    made = slice_(workload, 0, acknowledged)
    made.boundary.latency.record_censored([timeout_ms * MS] * timed_out)
    return made


def run_of(*slices: Slice) -> Run:
    return as_read(record(*slices), Path("a-run"), META)


@pytest.mark.parametrize(
    ("quantile", "needed"), [(0.5, 20), (0.9, 100), (0.99, 1_000), (0.999, 10_000), (0.75, 40), (1.0, 1)]
)
def test_a_percentile_needs_ten_samples_beyond_it(quantile: float, needed: int) -> None:
    assert samples_needed(quantile) == needed
    [told] = recorded([1.0] * needed, []).quantiles((quantile,))
    assert told.seconds == pytest.approx(0.001, rel=0.005)
    [missing] = recorded([1.0] * (needed - 1), []).quantiles((quantile,))
    assert np.isnan(missing.seconds)
    assert not missing.is_lower_bound


def test_ten_slow_calls_of_a_thousand_are_not_in_p99_and_eleven_are() -> None:
    for slow, seconds in ((10, 0.001), (11, 0.4)):
        [p99] = recorded([1.0] * (1000 - slow) + [400.0] * slow, []).quantiles((0.99,))
        assert p99.seconds == pytest.approx(seconds, rel=0.005)


@pytest.mark.parametrize(
    ("timed_out", "seconds", "is_lower_bound"),
    [
        # p99 lies below all of them, whatever they would have taken.
        (10, 0.001, False),
        (11, 0.4, True),
        (990, 0.4, True),
    ],
)
def test_a_percentile_among_calls_without_an_acknowledgement_is_a_lower_bound(
    timed_out: int, seconds: float, is_lower_bound: bool
) -> None:
    [p99] = recorded([1.0] * (1000 - timed_out), [400.0] * timed_out).quantiles((0.99,))
    assert p99.seconds == pytest.approx(seconds, rel=0.005)
    assert p99.is_lower_bound is is_lower_bound


def test_a_call_given_up_early_makes_later_percentiles_lower_bounds() -> None:
    # A refusal after 0.1 ms is no fast call: what an acknowledgement would have taken is not known.
    held = recorded([1.0] * 490 + [2.0] * 490, [0.1] * 20)
    [p50, p99, longest] = held.quantiles((0.5, 0.99, 1.0))
    assert (p50.is_lower_bound, p99.is_lower_bound, longest.is_lower_bound) == (True, True, True)
    assert p50.seconds == pytest.approx(0.001, rel=0.005)
    [p50] = recorded([1.0] * 700 + [2.0] * 280, [0.1] * 20).quantiles((0.5,))
    assert not p50.is_lower_bound


def test_calls_in_one_bucket_count_alike() -> None:
    # With the censored calls at infinity the percentile is another call's, but in the same bucket.
    [p50] = recorded([1.0] * 60, [1.0] * 20).quantiles((0.5,))
    assert not p50.is_lower_bound


def test_a_run_without_acknowledgements_has_lower_bounds_and_no_warning() -> None:
    [p50, p99] = recorded([], [400.0] * 1000).quantiles((0.5, 0.99))
    assert p50.is_lower_bound
    assert p99.seconds == pytest.approx(0.4, rel=0.005)
    assert all(np.isnan(each.seconds) for each in recorded([], []).quantiles((0.5, 1.0)))


def test_an_older_run_without_censored_calls_has_percentiles() -> None:
    frame = latency_frame(record(slice_(TRIGGER, 0, 1000)))
    old = frame.drop(columns="censored")
    pd.testing.assert_frame_equal(percentiles(old), percentiles(frame))
    assert histogram_of(old).samples == 1000


@pytest.mark.parametrize("empty", [LATENCY.empty_table().to_pandas(), pd.DataFrame()])
def test_without_latencies_there_are_no_percentiles(empty: pd.DataFrame) -> None:
    found = percentiles(empty)
    assert found.empty
    assert list(found) == ["p50_s", "p50_s_is_lower_bound", "p99_s", "p99_s_is_lower_bound", "samples"]
    table = summarise(slices_frame(record(slice_(TRIGGER, 0, 10))), empty)
    assert table["p99_s"].isna().all()
    assert table["samples"].tolist() == [0]


def test_the_summary_marks_lower_bounds_and_gives_the_number_of_calls() -> None:
    run = run_of(ended(TRIGGER, 950, 50), ended(BATCH, 30, 0))
    table = summarise(run.slices, run.latency).set_index("api")
    assert table.at["trigger", "p99_s"] == pytest.approx(0.4, rel=0.005)
    assert table["p99_s_is_lower_bound"].tolist() == [True, False]
    assert table["p50_s_is_lower_bound"].tolist() == [False, False]
    assert table["samples"].tolist() == [1000, 30]
    assert np.isnan(table.at["batch", "p99_s"])
    assert [percentile(row, "p99", "{:.1f}".format) for row in table.to_dict("records")] == [">0.4", "-"]


def printed(run: Run) -> str:
    console = Console(width=120, file=StringIO(), record=True)
    print_run(run, console)
    return console.export_text()


def test_the_table_shows_and_explains_bounds_and_dashes() -> None:
    said = printed(run_of(ended(TRIGGER, 950, 50), ended(BATCH, 30, 0)))
    assert ">399" in said
    row = next(line for line in said.splitlines() if "batch of 10" in line)
    assert row.split()[-3:] == ["1.00", "-", "1.00"]
    assert "times: saturated, 4 users with one call at a time each (closed loop)" in said
    assert "measure an open loop: a workload with a rate, as in plan tradeoff" in said
    assert ">: lower bound; calls without an acknowledgement count with the time waited for them" in said
    assert "-: too few calls; p99 needs 1,000" in said


def test_a_call_that_outlasts_its_slice_is_the_maximum_in_the_table() -> None:
    hung = slice_(TRIGGER, 0, 5000)
    hung.boundary.latency.record([5_000_000_000])
    (row,) = (line for line in printed(run_of(hung)).splitlines() if "trigger  " in line)
    p99, longest = row.split()[-2:]
    assert p99 == "1.00"
    assert float(longest.replace(",", "")) == pytest.approx(5000, rel=0.005)


def test_a_table_without_bounds_or_dashes_has_no_notes_about_them() -> None:
    said = printed(run_of(slice_(TRIGGER, 0, 1000)))
    assert "(closed loop)" in said
    assert "lower bound" not in said
    assert "too few" not in said


def test_the_page_has_the_same_cells_and_notes() -> None:
    run = run_of(ended(TRIGGER, 950, 50), ended(BATCH, 30, 0))
    assert [[str(cell) for cell in row[-2:]] for row in costs(run).rows] == [
        [">399.51", ">399.51"],
        ["-", "1.00"],
    ]
    for said in (costs(run).html(), costs(run).markdown()):
        assert "saturated, 4 users with one call at a time each (closed loop)" in said
        assert "lower bound" in said
        assert "p99 needs 1,000" in said
    assert not costs(run_of(slice_(TRIGGER, 0, 0))).notes


FEW = Drain(QUEUE, calls=20, fill=4, waiting_s=0.004)
MANY = Drain(QUEUE.replace(linger_s=0.05), calls=100, fill=10, waiting_s=0.03)


def lossy(drain: Drain, lost: int) -> Run:
    """A queue of which events were lost after 400 ms, in each of two rounds."""
    run = queues_of(drain)
    total = run.waits["kind"] == "total"
    low = run.waits.loc[total, "bucket_low_s"].max() * 8
    gone = run.waits[total].assign(bucket_low_s=low, bucket_high_s=low * 1.008, count=0, censored=lost)
    return replace(run, waits=pd.concat([run.waits, gone], ignore_index=True))


def test_queues_have_the_same_bounds_and_dashes() -> None:
    [few] = queue_frontier(queues_of(FEW)).to_dict("records")
    assert few["total_samples"] == 160
    assert [np.isnan(few[f"total_{name}_s"]) for name in ("p50", "p90", "p99", "p999", "max")] == [
        False,
        False,
        True,
        True,
        False,
    ]
    [lost] = queue_frontier(lossy(MANY, 30)).to_dict("records")
    assert lost["total_p99_s_is_lower_bound"]
    assert lost["total_p99_s"] == pytest.approx(0.64, rel=0.01)
    assert not lost["total_p90_s_is_lower_bound"]
    # It keeps up, but nobody knows its p99, so it beats nothing.
    assert not lost["is_overloaded"]
    assert not lost["frontier"]
    assert not few["frontier"]


def test_the_queue_table_and_page_show_them() -> None:
    table = queue_frontier(lossy(MANY, 30))
    console = Console(width=120, file=StringIO(), record=True)
    console.print(render_queues(table))
    assert ">64" in console.export_text()
    said = " ".join(legend(queue_frontier(queues_of(FEW))))
    assert "-: too few events; p99 needs 1,000, p99.9 10,000" in said
    assert "too few" not in " ".join(legend(queue_frontier(queues_of(replace(MANY, calls=500)))))
    [row] = queues(lossy(MANY, 30)).rows
    assert any(str(cell).startswith(">64") for cell in row)
    assert "events without an acknowledgement" in queues(lossy(MANY, 30)).html()
    trigger = QUEUE.replace(api="trigger", batch_size=1, linger_s=0.0)
    few = str(queues_in_brief(queues_of(FEW, Drain(trigger, calls=100))))
    assert "p99 needs 1,000 events, but 200 were published with the trigger" in few
    assert "1 of its batches has no p99" in few


def test_a_figure_without_any_p99_says_so() -> None:
    absent = latency_by_bytes(queues_of(FEW, replace(FEW, workload=MANY.workload)))
    assert isinstance(absent, Absent)
    assert "too few events for a p99, which needs 1,000" in str(absent)
    drawing = latency_by_bytes(queues_of(FEW, MANY, replace(MANY, workload=QUEUE.replace(linger_s=0.1))))
    assert isinstance(drawing, Drawing)
    assert "1 workload has too few events for a p99" in drawing.caption


def test_notes_cover_the_percentiles_in_the_table() -> None:
    run = run_of(ended(TRIGGER, 5, 0))
    table = summarise(run.slices, run.latency)
    assert list(notes(table, {"p50": 0.5, "p99": 0.99})) == ["-: too few calls; p50 needs 20, p99 1,000"]
    assert list(notes(table, {"p50": 0.5})) == ["-: too few calls; p50 needs 20"]
