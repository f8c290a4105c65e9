"""Figures made while a test runs: the same as a table's of the saved run, and what came since the last sample."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from html import unescape
from math import isnan
from pathlib import Path

import orjson
import pytest
from saved import latency_frame, record, slice_, slices_frame

from analysis.findings.percentile_notes import LOWER_BOUNDS, OPEN_LOOP, needed
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.latency import P50_P99
from analysis.measures.summary import summarise
from wiretax.channels.workload import Workload
from wiretax.load.accounting.live import figures as live
from wiretax.load.accounting.live.figures import Live
from wiretax.runs.record import RunRecord
from wiretax.wire.counters import TcpCounters, TlsCounters
from wiretax.wire.ledger import Failure
from wiretax.wire.slices import Slice

TRIGGER, BATCH = Workload.of(), Workload.of(api="batch", batch_size=10)
FAN = Workload.of(api="multi_trigger", channels=10, tls=True)


@pytest.fixture(autouse=True)
def every_sample_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SAMPLE_S", 0.0)


def measured() -> RunRecord:
    slices = []
    for number in range(6):
        for workload, requests in ((TRIGGER, 1_000 + number), (BATCH, 600), (FAN, 500)):
            made = slice_(workload, number, requests)
            made.tcp = TcpCounters(100, 50, 0, 2 * requests, requests, 104 * requests, 52 * requests)
            made.tls = (
                TlsCounters(3 * requests, requests, requests, 0) if workload.transport.tls else TlsCounters()
            )
            slices.append(made)
    return record(*slices)


def test_figures_are_those_of_the_saved_runs_table() -> None:
    made = measured()
    shown = Live(by_rounds=True)
    shown.sample(made)
    table = summarise(slices_frame(made), latency_frame(made)).set_index("workload")
    assert [each["name"] for each in shown.workloads] == table.index.tolist()
    for each in shown.workloads:
        row = table.loc[each["name"]]
        for name in (
            "sent_per_event",
            "received_per_event",
            "head_per_request",
            "overhead_factor",
            "p50_s",
            "p99_s",
        ):
            assert each[name] == pytest.approx(row[name]), name
        assert each["failures"] == row["failures"]
        if isnan(row["gain"]):
            assert each["gain"] is None
            assert each["saving"] is None
        else:
            assert each["gain"] == pytest.approx([row["gain"], row["gain_low"], row["gain_high"]])
            assert each["saving"] == pytest.approx(row["saving"])
            assert each["rounds"] == 6


def test_workloads_that_are_sent_side_by_side_have_no_gain_and_say_what_measures_one() -> None:
    shown, swept, made = Live(by_rounds=False), Live(by_rounds=True), measured()
    for each in (shown, swept):
        each.sample(made)
        for number in range(6, 12):
            made.add(slice_(TRIGGER, number, 1_000), 4)
            made.add(slice_(BATCH, number, 600), 4)
            each.sample(made)
    assert [(each["gain"], each["rounds"]) for each in shown.workloads] == [(None, 0)] * 3
    assert shown.workloads[1]["saving"] is not None
    assert shown.why_no_gain.endswith("with a plan: wiretax run headline.")
    assert any(each["gain"] for each in swept.workloads)
    assert swept.why_no_gain == ""


def test_layers_add_up_to_what_a_cable_carries() -> None:
    made = measured()
    shown = Live(by_rounds=True)
    shown.sample(made)
    costs = bytes_per_event(slices_frame(made))
    assert shown.workloads
    for each in shown.workloads:
        cost = costs.loc[each["name"]]
        assert sum(each["layers"].values()) == pytest.approx(cost["cable"], abs=0.05)
        assert each["layers"]["headers"] == pytest.approx(cost["headers"], abs=0.01)
        assert each["layers"]["tls"] == pytest.approx(cost["tls"] + cost["response_tls"], abs=0.01)


def test_a_kernel_that_counts_nothing_leaves_its_layer_out() -> None:
    made = slice_(TRIGGER, 0, 10)
    made.tcp = None
    shown = Live(by_rounds=True)
    shown.sample(record(made))
    assert "tcp_ip" not in shown.workloads[0]["layers"]


def test_what_is_still_open_is_in_the_figures_before_it_is_in_the_record() -> None:
    shown = Live(by_rounds=False)
    kept = record(slice_(TRIGGER, 0, 100))
    shown.sample(kept, [slice_(TRIGGER, 1, 50), slice_(BATCH, 1, 50)])
    assert {each["name"]: each["events"] for each in shown.workloads} == {TRIGGER.name: 150, BATCH.name: 500}
    kept.add(slice_(TRIGGER, 1, 60), 4)
    shown.sample(kept, [slice_(BATCH, 1, 50)])
    assert {each["name"]: each["events"] for each in shown.workloads} == {TRIGGER.name: 160, BATCH.name: 500}


LATE_NS, TIMED_OUT_NS = 400_000_000, 900_000_000


def with_late_calls(round_: int, acknowledged: int = 0, timed_out: int = 0) -> Slice:
    made = slice_(TRIGGER, round_, 980)
    made.boundary.latency.record([LATE_NS] * acknowledged)
    made.boundary.latency.record_censored([TIMED_OUT_NS] * timed_out)
    return made


@pytest.mark.parametrize("is_open", [False, True])
def test_calls_that_end_after_their_slice_count_in_percentiles_and_in_no_rate(is_open: bool) -> None:
    late = with_late_calls(0, acknowledged=20)
    shown = Live(by_rounds=False)
    shown.sample(RunRecord() if is_open else record(late), [late] if is_open else [])
    [row] = shown.workloads
    assert row["p99_s"] == pytest.approx(0.4, rel=0.005)
    assert (row["p99_s_is_lower_bound"], row["samples"], row["events"]) == (False, 1000, 980)
    [(_, by, _, _)] = shown.history(0)
    assert by[TRIGGER.name] == (980.0, 0.0, row["p50_s"], False, row["p99_s"], False)


def test_calls_without_an_acknowledgement_make_lower_bounds() -> None:
    shown = Live(by_rounds=True)
    shown.sample(record(with_late_calls(0, timed_out=20)))
    [row] = shown.workloads
    assert row["p99_s"] == pytest.approx(0.9, rel=0.005)
    assert (row["p50_s_is_lower_bound"], row["p99_s_is_lower_bound"]) == (False, True)
    [(_, by, _, _)] = shown.history(0)
    assert by[TRIGGER.name][3::2] == (False, True)
    assert orjson.loads(orjson.dumps(shown.workloads))[0]["p99_s_is_lower_bound"] is True


def test_a_percentile_of_too_few_calls_is_not_shown() -> None:
    shown = Live(by_rounds=True)
    shown.sample(record(slice_(TRIGGER, 0, 19), slice_(BATCH, 0, 20)))
    assert {each["name"]: (each["p50_s"] is None, each["p99_s"]) for each in shown.workloads} == {
        TRIGGER.name: (True, None),
        BATCH.name: (False, None),
    }


def test_what_a_worker_reports_after_a_sample_is_not_missed() -> None:
    made, shown = record(slice_(TRIGGER, 0, 980)), Live(by_rounds=True)
    shown.sample(made)
    second = slice_(TRIGGER, 0, 0)
    second.measured.latency.record([LATE_NS] * 20)
    made.add(second, 4, worker=1)
    shown.sample(made)
    [row] = shown.workloads
    assert row["samples"] == 1000
    assert row["p99_s"] == pytest.approx(0.4, rel=0.005)


def test_the_page_says_what_bounds_and_dashes_are_in_the_words_of_the_table() -> None:
    page = unescape((Path(live.__file__).parents[2] / "web" / "static" / "live.html").read_text())
    for words in (LOWER_BOUNDS.format("calls"), f"-: too few calls; {needed(P50_P99)}", OPEN_LOOP):
        assert words in page


def test_a_sample_holds_what_came_since_the_one_before() -> None:
    shown, made = Live(by_rounds=True), record(slice_(BATCH, 0, 100, duration_s=2.0))
    shown.sample(made)
    shown.sample(made)
    made.add(slice_(BATCH, 1, 300, duration_s=2.0), 4)
    shown.sample(made)
    history = [each.calls for each in shown.history(0)]
    assert [by[BATCH.name][0] for by in (history[0], history[2])] == [500.0, 1500.0]
    # Nothing was sent meanwhile.
    assert history[1] == {}
    assert history[2][BATCH.name][2] == pytest.approx(1e-3, rel=0.004)


def lines_of(call: Callable[[], object]) -> int:
    """How many lines of Python a call runs."""
    count = 0

    def trace(_frame: object, event: str, _argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("by_rounds", [True, False])
def test_a_sample_costs_the_same_however_many_rounds_there_were(by_rounds: bool) -> None:
    shown, made, costs = Live(by_rounds), RunRecord(), []
    for number in range(600):
        for workload in (TRIGGER, BATCH):
            made.add(slice_(workload, number, 30 + number % 7), 4)
        if number in (59, 599):
            # What came since the last sample is the same each time, and so are its lines.
            costs.append(lines_of(partial(shown.sample, made, [slice_(TRIGGER, number + 1, 5)])))
            assert shown.workloads[1]["rounds"] == (number + 1 if by_rounds else 0)
        elif number % 60 in (58, 59):
            shown.sample(made)
    few, many = costs
    # A growing part of the interval's ends remains: the square root of the rounds.
    assert many < few * 2


def test_a_page_is_given_the_samples_it_has_not() -> None:
    shown = Live(by_rounds=True)
    for _ in range(3):
        shown.sample(record(slice_(TRIGGER, 0, 1)))
    assert [len(shown.history(since)) for since in (0, 2, 3, 99)] == [3, 1, 0, 0]


def test_a_moment_makes_no_sample_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SAMPLE_S", 3600.0)
    shown, made = Live(by_rounds=True), record(slice_(TRIGGER, 0, 10))
    shown.sample(made)
    made.add(slice_(TRIGGER, 1, 10), 4)
    shown.sample(made)
    assert shown.points == 1
    assert shown.workloads[0]["events"] == 20


def test_workers_that_hold_a_slice_together_count_its_time_once() -> None:
    made = RunRecord()
    for worker in (0, 1):
        made.add(slice_(TRIGGER, 0, 100, duration_s=2.0), 4, worker)
    shown = Live(by_rounds=True)
    shown.sample(made)
    assert shown.workloads[0]["events_per_second"] == 100.0


def test_a_record_begun_anew_keeps_its_totals() -> None:
    made = record(slice_(TRIGGER, 0, 100))
    late = Slice(TRIGGER, 1)
    late.boundary.requests = 1
    late.measured.failed[Failure("lost", 0, "gone")] += 1
    made.add(late, 4)
    made.set_aside()
    made.add(slice_(TRIGGER, 2, 7), 4)
    assert [row["requests"] for row in made.slices] == [7]
    assert (made.aside.requests, made.boundary.requests, made.total.requests) == (101, 0, 108)
    assert made.failed.total() == 1


def test_the_page_is_given_the_cells_of_the_table_and_the_list_of_layers() -> None:
    made = measured()
    shown = Live(by_rounds=True)
    shown.sample(made)
    table = summarise(slices_frame(made), latency_frame(made)).set_index("workload")
    assert shown.workloads
    for each in shown.workloads:
        row = table.loc[each["name"]].to_dict()
        cells = [column.cell(row) for column in live.COLUMNS]
        assert each["cells"] == [each["sent_as"], *cells, f"{each['failures']:,}"]
        assert len(each["cells"]) == len(live.HEADINGS)
        assert set(each["layers"]) <= {layer["key"] for layer in live.LAYERS}
    style = (Path(live.__file__).parents[2] / "web" / "static" / "live.css").read_text()
    for layer in live.LAYERS:
        assert f"--{layer['key']}:" in style
