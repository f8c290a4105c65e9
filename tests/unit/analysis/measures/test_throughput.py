"""Runs whose workloads were not sent in turn: they have bytes and latencies, but no gain anywhere."""

from __future__ import annotations

import re
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from judged import gates_of
from rich.console import Console
from saved import Costs, latency_frame, record, rendered, slice_

from analysis import figures
from analysis.figures import Absent
from analysis.findings.brief import brief
from analysis.findings.cautions import cautions
from analysis.findings.claims import claims
from analysis.gates.evaluation.acceptance import accept_run
from analysis.gates.evaluation.evaluate import evaluate
from analysis.measures.counts import SliceCounts
from analysis.measures.round_sums import STEADY
from analysis.measures.summary import summarise
from analysis.measures.throughput import Rounds, mode_of, rates, why_no_gain
from analysis.measures.two_servers import compare_servers
from analysis.models.call_time import call_times
from analysis.tables import notebook_tables as page
from analysis.tables.run_table import print_run
from wiretax.channels.workload import Workload
from wiretax.runs.mode import mode_in
from wiretax.runs.reader import Run, read_run
from wiretax.runs.writer import write_run

CALLS = [
    Workload.of(),
    *(Workload.of("batch", size) for size in (2, 5, 10, 20, 50)),
    Workload.of("multi_trigger", channels=10),
]
META: dict[str, Any] = {
    "schema": 1,
    "started": "2026-01-31T12:30:00.000+00:00",
    "endpoint": "http://127.0.0.1:1/apps/1",
    "mock": {"servers": 1, "rtt_s": 0.0, "per_request_s": 0.0, "per_event_s": 0.0},
    "plan": {"name": "free-run", "seed": 1, "slice_s": 10.0, "users": 3, "timeout_s": 10.0},
    "rounds_measured": 8,
    "busy": {"generator": 0.5, "mock": 0.5},
    "warnings": [],
    "valid": True,
    "invalid_because": [],
    "reconcile": {"agrees": False, "differences": []},
}
SENTENCE = (
    "No gain: the user classes of a free run send side by side and compete; to compare speeds, send the workloads "
    "in turn with a plan: wiretax run headline."
)
NO_FAILURES = pd.DataFrame(columns=["workload", "kind", "status", "message", "count"])


@cache
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Slices whose times would make a gain of 5.50x with batches of ten, and a limit of 11.0x; and latencies."""
    slices = rendered(CALLS, rounds=8, costs=Costs(call_s=20e-6, event_s=2e-6))
    return slices, latency_frame(record(*(slice_(each, 0, 100) for each in CALLS)))


def free_run(**meta: Any) -> Run:
    slices, latency = frames()
    return Run(Path("results/free"), {**META, "mode": "free", **meta}, slices, latency, NO_FAILURES, None)


@pytest.mark.parametrize(
    ("meta", "mode"),
    [
        ({"mode": "free", "plan": {"name": "x", "rounds": 3}}, "free"),
        ({"mode": "sweep", "plan": {"name": "free-run"}}, "sweep"),
        ({"mode": "a later one"}, "free"),
        # Of runs from before there was a mode.
        ({"plan": META["plan"]}, "free"),
        ({"plan": {"name": "free-run", "rounds": 10}}, "sweep"),
        ({"plan": {"name": "observe"}, "observed": {}}, "observe"),
        ({"plan": {"name": "quick", "rounds": 10}}, "sweep"),
        ({}, "sweep"),
    ],
)
def test_the_mode_is_read_from_run_json_or_inferred_for_older_runs(meta: dict[str, Any], mode: str) -> None:
    assert mode_in(meta) == mode


def test_slices_keep_the_mode_through_filters_and_merges(tmp_path: Path) -> None:
    made = record(*(slice_(each, number, 100) for number in range(5) for each in CALLS))
    made.meta = {**META, "rounds_measured": made.rounds}
    write_run(tmp_path, made)
    slices = read_run(tmp_path).slices
    parts = slices[slices["api"] == "batch"].merge(slices[["workload"]].drop_duplicates(), on="workload")
    assert mode_of(slices) == mode_of(parts.reset_index(drop=True).sort_values("round")) == "free"
    assert mode_of(slices.drop(columns="mode")) == mode_of(slices.iloc[:0]) == "sweep"


def test_the_summary_has_no_gain_for_it() -> None:
    run = free_run()
    table = summarise(run.slices, run.latency)
    assert table[["gain", "gain_low", "gain_high"]].isna().all(axis=None)
    assert table.set_index("workload").at["batch10-100B-chat-reference", "saving"] == pytest.approx(
        0.586, abs=1e-3
    )
    assert table["p50_s"].notna().all()
    sweep = free_run(mode="sweep")
    assert summarise(sweep.slices, sweep.latency)["gain"].notna().sum() == len(CALLS) - 1


def test_it_does_not_compare_two_servers() -> None:
    both = [
        *CALLS[:2],
        *(Workload.of(each.call.api, each.call.batch_size, server="against") for each in CALLS[:2]),
    ]
    frame = rendered(both, rounds=8)
    assert compare_servers(frame)["ratio"].notna().all()
    assert compare_servers(frame.assign(mode="free"))["ratio"].isna().all()


def printed(run: Run) -> str:
    console = Console(width=200, record=True, file=StringIO(), highlight=False)
    print_run(run, console)
    return console.export_text()


@cache
def everything_said_of(mode: str) -> str:
    """All a table, a page and its figures say of a run that was driven like this."""
    run = free_run(mode=mode)
    shown = [page.in_brief, page.claimed, page.costs, page.libraries, page.time_model, page.monthly, page.warnings]
    figure = figures.gain_by_batch_size(run.slices)
    caption = str(figure) if isinstance(figure, Absent) else f"{figure.title} {figure.caption}"
    return "\n".join([printed(run), caption, *(each(run).markdown() for each in shown)])


GAIN = re.compile(r"5\.50|11\.0x|as fast|faster|times the messages|x (events|messages)/s|limit is")


@pytest.mark.parametrize("mode", ["free", "observe"])
def test_no_output_of_it_has_a_gain(mode: str) -> None:
    assert GAIN.search(everything_said_of("sweep"))
    text = everything_said_of(mode)
    assert not GAIN.search(text)
    # What does not depend on speed stays.
    assert "58.6" in text


def test_each_page_names_once_the_plan_that_measures_a_gain() -> None:
    run = free_run()
    assert printed(run).count(SENTENCE) == 1
    assert brief(run.slices, run.meta)[-1] == SENTENCE
    assert page.time_model(run).markdown() == f"- {SENTENCE}"
    assert page.warnings(run).markdown().splitlines()[0] == f"- {SENTENCE}"
    few = run.slices[run.slices["api"] != "multi_trigger"]
    assert why_no_gain(few).endswith("with a plan: wiretax run quick.")
    assert why_no_gain(free_run(mode="sweep").slices) == ""


def test_it_measures_claims_about_bytes_but_not_about_time() -> None:
    _, overhead, cure, ten, more, channels, volume = claims(free_run().slices)
    assert (overhead.verdict, cure.verdict) == ("holds", "holds")
    assert {each.verdict for each in (ten, more, channels)} == {"not measured"}
    assert {each.note for each in (ten, more, channels)} == {SENTENCE}
    assert (more.measured, more.interval) == ("up to 13.3 % fewer bytes", "exact")
    assert channels.measured == "68.8 % fewer bytes"
    assert (volume.verdict, volume.measured) == ("for scale", "44.4 TB and 144 billion calls saved")
    assert volume.note.endswith(SENTENCE)


def test_it_has_no_cautions_about_ratios() -> None:
    few = free_run()
    two = few.slices[few.slices["round"] < 2]
    assert [each.kind for each in cautions(two, few.meta)] == []
    assert [each.kind for each in cautions(two.drop(columns="mode"), few.meta)] == ["rounds"]


GATES = """
[[check]]
id = "gain"
metric = "gain"
where = { api = "batch", batch_size = 10 }
min = 2
[[check]]
id = "rate"
metric = "events_per_second"
where = { api = "trigger" }
min = 1
[[check]]
id = "ratio"
metric = "messages_per_second"
compare = { of = { batch_size = 10 }, to = { api = "trigger" }, as = "ratio" }
min = 2
[[check]]
id = "bytes"
metric = "http.request.size.per_event"
where = { api = "trigger" }
max = 500
"""


def test_gates_on_its_rates_are_inconclusive_and_those_on_bytes_are_decided() -> None:
    agreeing = {"agrees": True, "differences": []}
    cases = {each.check: each for each in evaluate(free_run(reconcile=agreeing), gates_of(GATES)).cases}
    assert {name: case.verdict for name, case in cases.items()} == {
        "gain": "inconclusive",
        "rate": "inconclusive",
        "ratio": "inconclusive",
        "bytes": "pass",
    }
    assert {cases[name].message for name in ("gain", "rate", "ratio")} == {SENTENCE.rstrip(".")}
    assert cases["gain"].measured is None
    swept = evaluate(free_run(reconcile=agreeing, mode="sweep"), gates_of(GATES)).cases
    assert {each.verdict for each in swept} == {"pass"}


def test_its_rates_are_not_accepted_as_baselines(tmp_path: Path) -> None:
    agreeing = {"agrees": True, "differences": []}
    text = f"""[[check]]
id = "gain"
metric = "gain"
where = {{ api = "batch", batch_size = 10 }}
baseline = "{tmp_path / "accepted.json"}"
max_decrease = {{ ratio = 0.1 }}
"""
    changes = accept_run(free_run(reconcile=agreeing), gates_of(text, {"gain": ()}))
    assert list(changes.values()) == [[]]
    swept = accept_run(free_run(reconcile=agreeing, mode="sweep"), gates_of(text, {"gain": ()}))
    assert [len(each) for each in swept.values()] == [1]


def test_latency_of_a_free_run_is_labelled_closed_loop() -> None:
    def said(mode: str) -> str:
        run = free_run(mode=mode)
        figure = figures.latency_distributions(run.latency, run.slices)
        assert not isinstance(figure, Absent)
        return "\n".join([everything_said_of(mode), figure.title, figure.caption])

    assert "saturated" in said("sweep")
    text = said("free")
    assert "closed loop" in text
    assert "satur" not in text.lower()


def with_edges() -> pd.DataFrame:
    """Slices that completed 5 % fewer triggers, and 10 % fewer batches, than they have time for."""
    frame = pd.DataFrame(
        {**row, "worker": worker}
        for number in range(6)
        for worker in (0, 1)
        for row in (
            {**record(slice_(Workload.of(), number, 95)).slices[0]},
            {**record(slice_(Workload.of("batch", 10), number, 45)).slices[0]},
        )
    )
    is_batch = frame["api"] == "batch"
    return frame.assign(**{STEADY: frame["requests"] / (0.9 * is_batch + 0.95 * ~is_batch)})


def test_rates_are_those_of_the_users_pace_whatever_was_cut_off() -> None:
    frame = with_edges()
    trigger, batch = Workload.of().name, Workload.of("batch", 10).name
    seconds = frame["duration_s"].iloc[0]
    assert rates(frame)[trigger].tolist() == pytest.approx([200 / seconds] * 6)
    assert rates(frame, "requests")[batch].tolist() == pytest.approx([100 / seconds] * 6)
    assert Rounds(frame).ratio(batch, trigger).estimate == pytest.approx(5.0)
    whole = SliceCounts.of(frame)
    assert whole.rate(trigger, "events") == pytest.approx(200 / seconds)
    assert summarise(frame)["events_per_second"].tolist() == pytest.approx([200 / seconds, 1000 / seconds])
    (times,) = call_times(frame)
    assert times.times[0].tolist() == pytest.approx([seconds / 200, seconds / 100])
    assert whole.counts(trigger)["requests"] == 6 * 190


def test_runs_saved_before_the_pace_was_measured_have_the_rates_of_what_was_completed() -> None:
    frame = with_edges().drop(columns=STEADY)
    batch, trigger = Workload.of("batch", 10).name, Workload.of().name
    assert Rounds(frame).ratio(batch, trigger).estimate == pytest.approx(450 / 95)
