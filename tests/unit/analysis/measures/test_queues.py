"""Analysis of queues: latency, fill, overload, the frontier, and advice."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETUPBASE, MarkerStyle
from queued import BATCH, META, TRIGGER, Drain, record_of, run_of
from rich.console import Console
from saved import latency_frame, record, run_json, slice_, slices_frame

from analysis.advice.advise import Demand
from analysis.advice.call_cost import UNKNOWN, find_call_cost
from analysis.advice.connections_seen import ConnectionBehaviour
from analysis.advice.measured_queue import find_measured_queue, nearest
from analysis.advice.saved_runs import SavedRuns
from analysis.figures import Absent, Drawing, latency_by_bytes
from analysis.measures.queues import fills, queue_frontier
from analysis.tables.notebook_queues import queues, queues_in_brief
from analysis.tables.queue_table import findings, legend, render_queues
from wiretax.channels.endpoint import SERVICE
from wiretax.channels.workload import Workload
from wiretax.runs.reader import Run, as_read, read_run
from wiretax.runs.writer import write_run

# At 1,000/s over 50 ms the trigger falls behind; two batches keep up, the larger and slower one for fewer bytes.
FAST = Drain(BATCH, calls=200, fill=5, waiting_s=0.004)
SLOW = Drain(BATCH.replace(linger_s=0.05), calls=100, fill=10, waiting_s=0.03)
DOMINATED = Drain(BATCH.replace(linger_s=0.02), calls=250, fill=4, waiting_s=0.02)
BEHIND = Drain(TRIGGER, calls=300, left=700, waiting_s=0.2, overloaded="the queue grew to 700 events")


@pytest.fixture(scope="module")
def run() -> Run:
    return run_of(BEHIND, FAST, DOMINATED, SLOW)


def test_latency_is_split_and_starts_at_the_intended_time() -> None:
    [row] = queue_frontier(run_of(FAST)).to_dict("records")
    assert row["waiting_p50_s"] == pytest.approx(0.004, rel=0.005)
    assert row["wire_p99_s"] == pytest.approx(0.05, rel=0.005)
    assert row["total_max_s"] == pytest.approx(0.054, rel=0.005)
    assert (row["fill"], row["rounds"], row["acknowledged"]) == (5, 2, 2000)
    assert row["events_per_second"] == 1000


def test_bytes_per_event_depend_on_the_batches_as_sent(run: Run) -> None:
    rows = queue_frontier(run).set_index("linger_s")
    # 300 B of head and 50 B of envelope a call, 100 B of payload an event.
    assert rows.at[0.005, "sent_per_event"] == 100 + 350 / 5
    assert rows.at[0.05, "sent_per_event"] == 100 + 350 / 10
    assert rows.at[0.05, "saving"] == pytest.approx(1 - 135 / 450)


def test_the_trigger_comes_first_and_unsent_events_count_with_their_wait(run: Run) -> None:
    first = queue_frontier(run).iloc[0]
    assert (first["api"], first["is_overloaded"], first["left"], first["unsent"]) == ("trigger", True, 1400, 1400)
    assert first["total_p50_s"] == pytest.approx(0.5, rel=0.005)
    assert first["depth_max"] == 700


def test_one_overloaded_round_of_three_is_not_an_overload() -> None:
    steady, bad = run_of(FAST, rounds=2), run_of(replace(FAST, overloaded="the queue grew"), rounds=1)
    queue = pd.concat([steady.queue, bad.queue.assign(round=2)])
    [row] = queue_frontier(replace(steady, queue=queue)).to_dict("records")
    assert (row["overloaded"], row["is_overloaded"]) == (pytest.approx(1 / 3), False)


def test_the_parts_of_a_queue_on_several_workers_are_one_queue() -> None:
    slower = replace(FAST, waiting_s=0.1)
    record = record_of(FAST, slower)
    for number, row in enumerate(record.queues):
        row["worker"] = record.slices[number]["worker"] = number % 2
        row["depth_at_s"], row["depths"] = [0.0, 0.5, 1.0], [[8, 0, 1], [0, 8, 1]][number % 2]
    record.queues[1]["overloaded"] = "the queue grew"  # one worker, in one round of two
    [row] = queue_frontier(as_read(record, Path("by-hand"), META)).to_dict("records")
    assert (row["rounds"], row["acknowledged"], row["fill"]) == (2, 4000, 5)
    # Both send for the same second.
    assert row["events_per_second"] == 2000
    assert row["total_samples"] == 4000
    assert (row["total_p50_s"], row["total_p99_s"]) == (
        pytest.approx(0.054, rel=0.01),
        pytest.approx(0.15, rel=0.01),
    )
    assert (row["overloaded"], row["is_overloaded"]) == (0.5, True)
    # Never 16 at once.
    assert row["depth_max"] == 8
    assert row["depth_mean"] == pytest.approx((8 + 8 + 2) / 3)


def test_no_workload_beats_the_frontier_in_both_bytes_and_latency(run: Run) -> None:
    table = queue_frontier(run)
    assert dict(zip(table["linger_s"], table["frontier"], strict=True)) == {
        0.0: False,
        0.005: True,
        0.02: False,
        0.05: True,
    }
    assert table["curve"].nunique() == 1


def test_each_rate_has_its_own_curve() -> None:
    slower = Drain(TRIGGER.replace(rate=200.0), calls=200)
    table = queue_frontier(run_of(BEHIND, FAST, slower))
    assert table["rate"].tolist() == [200, 1000, 1000]
    assert table["curve"].nunique() == 2


def test_fills_count_calls_by_number_of_events() -> None:
    found = fills(run_of(FAST).queue)
    assert found[found["calls"] > 0][["events", "calls"]].to_numpy().tolist() == [[5, 400]]


def printed(run: Run) -> str:
    table = queue_frontier(run)
    console = Console(width=120, file=StringIO(), record=True)
    console.print(render_queues(table))
    for line in (*findings(table), *legend(table)):
        console.print(line, soft_wrap=True)
    return console.export_text()


def test_the_table_marks_the_frontier_and_overload_and_bounds(run: Run) -> None:
    lines = printed(run).splitlines()
    trigger = next(line for line in lines if line.startswith("! trigger"))
    assert trigger.split()[2:4] == ["1.0", "450.0"]
    assert ">500" in trigger
    assert [line[:27].rstrip() for line in lines if line.startswith("*") and "batch" in line] == [
        "* batch of 10, linger 5 ms",
        "* batch of 10, linger 50 ms",
    ]
    assert "overloaded in 2 of 2 rounds: trigger at 1,000/s publishes 300 events/s" in lines
    assert max(len(line) for line in lines if "batch" in line) <= 120


def test_a_rate_that_the_generator_missed_is_reported() -> None:
    assert (
        "batch of 10, linger 5 ms at 1,000/s: this machine generated 500 events/s, 50.0 % of the rate"
        in printed(run_of(replace(FAST, made=0.5))).splitlines()
    )


def test_the_page_says_it_in_sentences(run: Run) -> None:
    said = str(queues_in_brief(run))
    assert "At 1,000/s, round trip 50 ms: the trigger can't keep up and publishes 300 events/s" in said
    assert "a batch of 10, linger 50 ms, sends 70.0 % fewer bytes and takes 80 ms for 99 % of events" in said
    assert len(queues(run).rows) == 4
    assert "takes its events from a queue" in str(queues_in_brief(run_of()))


def test_the_figure_draws_the_frontier_and_what_cannot_keep_up(run: Run) -> None:
    drawing = latency_by_bytes(run)
    assert isinstance(drawing, Drawing)
    assert (
        drawing.title == "The trigger can't keep up with 1,000/s over 50 ms; batches save up to 70 % of the bytes"
    )
    [axes] = drawing.figure.axes
    frontier, off, over, bounds = axes.lines
    assert np.asarray(frontier.get_xdata()).tolist() == [135, 170]
    assert np.asarray(frontier.get_ydata()) == pytest.approx([80, 54], rel=0.005)
    assert np.asarray(off.get_xdata()).tolist() == [187.5]
    assert np.asarray(over.get_xdata()).tolist() == [450]
    assert over.get_marker() == "x" != MarkerStyle("o").get_marker()
    # An arrow above it: the latency is at least that.
    assert bounds.get_marker() == CARETUPBASE
    assert np.asarray(bounds.get_xdata()).tolist() == [450]
    assert (np.asarray(bounds.get_ydata()) > np.asarray(over.get_ydata())).all()
    assert [each.get_text() for each in axes.texts] == ["10, 50 ms", "trigger"]


def test_one_panel_per_round_trip_and_one_curve_per_rate() -> None:
    near = [Drain(each.workload.replace(rtt_s=0.005), fill=each.fill) for each in (FAST, SLOW)]
    quick = [Drain(each.workload.replace(rate=4000.0), fill=each.fill) for each in (FAST, SLOW)]
    drawing = latency_by_bytes(run_of(FAST, SLOW, *near, *quick))
    assert isinstance(drawing, Drawing)
    left, right = drawing.figure.axes
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("round trip 5 ms", "round trip 50 ms")
    assert {str(line.get_label()) for line in right.lines} >= {"1,000/s", "4,000/s"}


def test_without_queues_there_is_no_figure() -> None:
    closed = record(slice_(Workload.of(), 0, 10))
    run = as_read(closed, Path("run"), META)
    absent = latency_by_bytes(run)
    assert isinstance(absent, Absent)
    assert absent.how == "wiretax run tradeoff"
    assert isinstance(latency_by_bytes(run_of(FAST)), Absent)


def test_queues_and_closed_loop_workloads_are_kept_apart(tmp_path: Path) -> None:
    made = record(slice_(Workload.of(), 0, 10), slice_(Workload.of("batch", 10), 0, 10))
    before = as_read(made, Path("run"), META)
    queue = slice_(BATCH, 0, 7)
    made.add(queue, 16)
    made.meta = run_json(made, **META)
    write_run(tmp_path, made)
    read = read_run(tmp_path)
    assert read.slices["workload"].tolist() == before.slices["workload"].tolist()
    assert set(read.latency["workload"]) == set(before.latency["workload"])
    assert read.queued["workload"].tolist() == read.queue["workload"].tolist() == [BATCH.name]
    assert read.queued["users"].tolist() == [16]
    assert not read.doubts


def test_a_run_without_queues_has_no_queue_files(tmp_path: Path) -> None:
    made = record(slice_(Workload.of(), 0, 10))
    made.meta = run_json(made, **META)
    write_run(tmp_path, made)
    assert not {"queue.parquet", "waits.parquet"} & {file.name for file in tmp_path.iterdir()}
    read = read_run(tmp_path)
    assert read.queue.empty
    assert len(read.slices) == len(slices_frame(made))
    assert len(read.latency) == len(latency_frame(made))


def demand(rate: float = 1000.0, rtt_s: float = 0.05, budget_s: float = 0.1, limit: int = 10) -> Demand:
    return Demand(Workload.of(), SERVICE, rate, rtt_s, budget_s, limit)


@pytest.mark.parametrize(
    ("budget_s", "said"),
    [
        (0.1, "batches of 10 with a linger of 50 ms sent the fewest bytes"),
        (0.06, "batches of 10 with a linger of 5 ms sent the fewest bytes"),
        (0.01, "no tried setting keeps 99 % of events within 10 ms."),
    ],
)
def test_advice_reports_what_was_measured_within_the_budget(run: Run, budget_s: float, said: str) -> None:
    found = nearest(run, demand())
    assert found is not None
    sentence = found.sentence(budget_s)
    assert said in sentence
    assert sentence.startswith("Measured in by-hand at 1,000 events/s and a round trip of 50 ms, 16 publishers:")
    assert sentence.endswith("The trigger did not keep up: 300 events/s.")


@pytest.mark.parametrize(
    "other",
    [
        demand(rate=100.0),
        demand(rtt_s=0.2),
        replace(demand(), workload=Workload.of(payload_bytes=1000)),
        replace(demand(), connections=ConnectionBehaviour(True, "--connection close")),
    ],
)
def test_distant_measurements_are_not_reported(run: Run, other: Demand) -> None:
    assert nearest(run, other) is None


def test_the_newest_valid_run_with_such_a_queue_is_reported(tmp_path: Path) -> None:
    assert find_measured_queue(SavedRuns(tmp_path), demand()) is None
    for name, drain, valid in (("1", FAST, True), ("2", SLOW, True), ("3", FAST, False), ("4", None, True)):
        made = record(slice_(Workload.of(), 0, 10)) if drain is None else record_of(drain)
        made.meta = run_json(made, **{**META, "started": f"2026-01-31T12:00:0{name}", "valid": valid})
        (tmp_path / name).mkdir()
        write_run(tmp_path / name, made)
    found = find_measured_queue(SavedRuns(tmp_path), demand())
    named = find_measured_queue(SavedRuns(tmp_path, "1"), demand())
    assert found is not None
    assert named is not None
    assert (found.run, named.run) == ("2", "1")
    assert find_call_cost(SavedRuns(tmp_path, "1"), Workload.of()) == UNKNOWN
