"""Baselines: what is accepted, how much later runs may differ, and what can't be compared."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from judged import META, run_of, run_of_pieces
from rich.console import Console
from saved import Costs, made_up, record, rendered, run_json, slice_

from analysis.gates.baseline.accepted import origin_of
from analysis.gates.baseline.gates import Gates, load_gates
from analysis.gates.evaluation.acceptance import UnacceptableError, accept_run
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.file.checks import GatesError
from analysis.gates.measured.metrics import METRICS
from analysis.gates.outputs.terminal import print_changes
from wiretax.channels.workload import Workload
from wiretax.load.plan.reading import load_plan
from wiretax.runs.reader import Run, read_run
from wiretax.runs.writer import write_run

TRIGGER, BATCH = Workload.of(), Workload.of("batch", 10)
BYTES = '[[check]]\nid = "bytes"\nmetric = "http.request.size.per_event"\nbaseline = "{}"\n'
RATE = '[[check]]\nid = "rate"\nmetric = "events_per_second"\nbaseline = "{}"\n'
EXACTLY = "max_increase = { abs = 0 }\nmax_decrease = { abs = 0 }\n"
A_TENTH = "max_decrease = { ratio = 0.1 }\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(folder: Path, text: str, baseline: str = "b.json", accepting: bool = False) -> Gates:
    (folder / "gates.toml").write_text("schema = 1\n" + text.replace("{}", baseline))
    return load_gates(folder / "gates.toml", accepting)


def accept(folder: Path, run: Run, text: str, baseline: str = "b.json") -> str:
    """Accept a run; what is said of it."""
    changes = accept_run(run, load(folder, text, baseline, accepting=True))
    console = Console(file=io.StringIO(), width=200)
    for found in changes.values():
        print_changes(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def grown(frame: pd.DataFrame, by: int = 1) -> pd.DataFrame:
    return frame.assign(header_bytes=frame["header_bytes"] + by * frame["requests"])


def steady(rounds: int = 6, **costs: Any) -> pd.DataFrame:
    return made_up(Costs(**costs), [TRIGGER, BATCH], rounds)


def test_accepted_values_pass_and_one_byte_more_or_less_fails(folder: Path) -> None:
    accept(folder, run_of(steady()), BYTES + EXACTLY)
    gates = load(folder, BYTES + EXACTLY)
    assert evaluate(run_of(steady()), gates).exit_code == 0
    for by in (1, -1):
        result = evaluate(run_of(grown(steady(), by)), gates)
        assert result.exit_code == 3
        assert result.cases[0].baseline == 518
        assert result.cases[0].message == f"{518 + by} B/event, exactly 518 (accepted 518)"


def test_a_run_passes_the_baseline_that_was_accepted_from_it(folder: Path) -> None:
    run = read_run(Path(__file__).parents[5] / "results" / "reference" / "quick")
    sizes = [name for name in METRICS if name.endswith("size.per_event")]
    text = "".join(f'[[check]]\nid = "{name}"\nmetric = "{name}"\nbaseline = "{{}}"\n{EXACTLY}' for name in sizes)
    accept(folder, run, text)
    cases = evaluate(run, load(folder, text)).cases
    assert {case.check for case in cases} == set(sizes)
    assert [case for case in cases if case.verdict != "pass"] == []


@pytest.mark.parametrize(
    ("tolerance", "by", "verdict"),
    [
        ("max_increase = { abs = 2 }", 2, "pass"),
        ("max_increase = { abs = 2 }", 3, "fail"),
        ("max_increase = { abs = 0.1 }", 1, "fail"),
        ("max_increase = { ratio = 0.01 }", 5, "pass"),
        ("max_increase = { ratio = 0.01 }", 6, "fail"),
        ("max_increase = { abs = 0 }", -50, "pass"),
        ("max_decrease = { abs = 5 }", -5, "pass"),
        ("max_decrease = { abs = 5 }", -6, "fail"),
        ("max_increase = { abs = 100 }\nmax = 520", 3, "fail"),
        ("max_increase = { abs = 1 }\nmax = 1000", 2, "fail"),
    ],
)
def test_a_tolerance_is_relative_to_the_accepted_value(
    folder: Path, tolerance: str, by: int, verdict: str
) -> None:
    text = BYTES + 'where = { api = "trigger" }\n' + tolerance
    accept(folder, run_of(steady()), text)
    assert evaluate(run_of(grown(steady(), by)), load(folder, text)).cases[0].verdict == verdict


def test_on_another_machine_bytes_are_compared_and_rates_skipped(folder: Path) -> None:
    text = BYTES + EXACTLY + RATE + A_TENTH
    accept(folder, run_of(steady()), text)
    gates = load(folder, text)
    assert evaluate(run_of(steady()), gates).counts == {"pass": 4}
    elsewhere = {**META["environment"], "cpu_model": "Another CPU"}
    result = evaluate(run_of(steady(), environment=elsewhere), gates)
    assert result.counts == {"pass": 2, "skipped": 2}
    assert result.exit_code == 0
    said = result.cases[-1].message
    assert said.startswith("accepted elsewhere: A CPU, 2 cores, Linux, Python 3.11; mock servers 1, rtt_s 0; 4 us")
    assert "here: Another CPU" in said
    for other in ({"mock": {"servers": 1, "rtt_s": 0.04}}, {"plan": {"name": "ci", "users": 8}}):
        assert "skipped" in evaluate(run_of(steady(), **other), gates).counts


def test_a_rate_is_compared_with_the_accepted_value_by_its_interval(folder: Path) -> None:
    text = RATE + A_TENTH
    accept(folder, run_of(steady()), text)
    gates = load(folder, text)
    frame = steady(rounds=8)
    assert evaluate(run_of(frame.assign(duration_s=frame["duration_s"] * 1.05)), gates).exit_code == 0
    assert evaluate(run_of(frame.assign(duration_s=frame["duration_s"] * 1.2)), gates).exit_code == 3
    unsteady = frame.assign(duration_s=frame["duration_s"] * (1 + 0.05 * (frame["round"] - 1)))
    assert evaluate(run_of(unsteady), gates).exit_code == 4


def test_a_changed_profile_is_named_and_never_passes_silently(folder: Path) -> None:
    text = BYTES + EXACTLY
    python = made_up(Costs(), [Workload.of(client="python")], 1)
    accept(folder, run_of(python), text)
    newer = run_of(python, profiles={"python": "pusher 4.0.0, requests 2.34.2"})
    result = evaluate(newer, load(folder, text))
    assert result.exit_code == 3
    assert result.cases[0].message == (
        "518 B/event, accepted 518 of another profile, pusher 3.3.4, requests 2.34.2; this is pusher 4.0.0, "
        "requests 2.34.2; look at it, then wiretax gate --accept"
    )
    # Runs from before profiles were kept are compared as they are.
    assert evaluate(run_of(python, profiles={}), load(folder, text)).exit_code == 0


def test_a_difference_names_both_versions(folder: Path) -> None:
    text = BYTES + 'where = { api = "trigger" }\n' + EXACTLY
    accept(folder, run_of(steady()), text)
    [case] = evaluate(run_of(grown(steady()), wiretax="0.2.0"), load(folder, text)).cases
    assert case.message.endswith("(accepted 518 with wiretax 0.1.0, this is 0.2.0)")
    # A mock's port is another each time.
    elsewhere = run_of(grown(steady()), endpoint="http://127.0.0.1:51234/apps/123456")
    assert evaluate(elsewhere, load(folder, text)).cases[0].message.endswith("(accepted 518)")


def test_a_workload_without_an_accepted_value_fails(folder: Path) -> None:
    text = BYTES + EXACTLY
    accept(folder, run_of(made_up(Costs(), [TRIGGER], 1)), text)
    result = evaluate(run_of(steady()), load(folder, text))
    assert [case.verdict for case in result.cases] == ["pass", "fail"]
    assert "nothing is accepted for it in" in result.cases[1].message


def test_a_comparison_can_be_accepted(folder: Path) -> None:
    compare = 'compare = { of = { api = "batch" }, to = { api = "trigger" } }\n'
    accept(folder, run_of(steady()), BYTES + compare + EXACTLY)
    gates = load(folder, BYTES + compare + EXACTLY)
    [case] = evaluate(run_of(steady()), gates).cases
    assert (case.verdict, case.unit) == ("pass", "x")
    assert evaluate(run_of(grown(steady())), gates).exit_code == 3


def test_accepting_reports_changes_and_keeps_other_values(folder: Path) -> None:
    text = BYTES + EXACTLY
    first = accept(folder, run_of(made_up(Costs(), [TRIGGER, Workload.of("batch", 5)], 1)), text)
    assert first.count("new ") == 2
    said = accept(folder, run_of(grown(steady(), 2)), text).splitlines()
    assert said[0] == (
        "worse    http.request.size.per_event of trigger, 100 B chat, reference: 518 to 520 B/event, +0.39 %"
    )
    assert said[1].startswith("new      http.request.size.per_event of batch of 10, 100 B chat, reference:")
    again = accept(folder, run_of(grown(steady(), 2)), text)
    assert again == "2 unchanged\n"
    assert accept(folder, run_of(steady()), text).startswith("better ")
    assert len(json.loads((folder / "b.json").read_text())["accepted"]) == 3


def test_the_same_run_gives_the_same_file(folder: Path) -> None:
    text = BYTES + EXACTLY + RATE + A_TENTH
    accept(folder, run_of(steady()), text)
    first = (folder / "b.json").read_bytes()
    accept(folder, run_of(steady().iloc[::-1]), text)
    assert (folder / "b.json").read_bytes() == first


def test_an_invalid_run_is_not_accepted(folder: Path) -> None:
    for run in (
        run_of(steady(), valid=False, invalid_because=["ended early"]),
        run_of(steady().assign(failures=1)),
        run_of(steady().iloc[:0]),
    ):
        with pytest.raises(UnacceptableError, match="so nothing was accepted"):
            accept(folder, run, BYTES + EXACTLY)
    assert not (folder / "b.json").exists()


def test_a_folder_with_a_baseline_file_is_a_baseline(folder: Path) -> None:
    accept(folder, run_of(steady()), BYTES + EXACTLY, baseline="accepted")
    assert (folder / "accepted" / "baseline.json").is_file()
    assert evaluate(run_of(steady()), load(folder, BYTES + EXACTLY, "accepted")).exit_code == 0


def save(folder: Path, frame_of: Run, **meta: Any) -> None:
    made = record(slice_(TRIGGER, 0, 100), slice_(BATCH, 0, 100))
    made.meta = run_json(made, **{**META, **meta})
    folder.mkdir(parents=True)
    write_run(folder, made)


def test_a_saved_run_is_a_baseline(folder: Path) -> None:
    run = run_of_pieces(slice_(TRIGGER, 0, 100), slice_(BATCH, 0, 100))
    save(folder / "reference" / "first", run)
    for baseline in ("reference/first", "reference"):
        gates = load(folder, BYTES + EXACTLY, baseline)
        assert evaluate(run, gates).counts == {"pass": 2}
        assert evaluate(run_of(grown(run.slices)), gates).counts == {"fail": 2}
        with pytest.raises(GatesError, match="holds saved runs, which must not change"):
            accept(folder, run, BYTES + EXACTLY, baseline)


def test_an_invalid_run_is_not_a_baseline(folder: Path) -> None:
    run = run_of_pieces(slice_(TRIGGER, 0, 100))
    save(folder / "reference", run, valid=False)
    with pytest.raises(GatesError, match="is an invalid run"):
        load(folder, BYTES + EXACTLY, "reference")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"schema": 1}',
        '{"schema": 2, "accepted": []}',
        '{"schema": 1, "accepted": [{"metric": "gain"}]}',
        '{"schema": 1, "accepted": [{"metric": "gain", "workload": {}, "value": 1, "exact": "1/0"}]}',
        '{"schema": 1, "accepted": [{"metric": "gain", "workload": {}, "value": 1, "exact": "one"}]}',
    ],
)
def test_a_file_that_is_not_a_baseline_is_rejected_in_one_line(folder: Path, content: str) -> None:
    (folder / "b.json").write_text(content)
    with pytest.raises(GatesError) as caught:
        load(folder, BYTES + EXACTLY)
    assert "b.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_baseline_is_rejected_before_anything_runs(folder: Path) -> None:
    with pytest.raises(GatesError, match=r"check bytes: no baseline in .*; write it with wiretax gate --accept"):
        load(folder, BYTES + EXACTLY)


def test_the_projects_gate_finds_an_accepted_value_for_each_workload() -> None:
    root = Path(__file__).parents[5]
    workloads = list(load_plan("ci").workloads)
    result = evaluate(run_of(rendered(workloads, rounds=6)), load_gates(root / "gates.toml"))
    assert len([case for case in result.cases if case.check == "sent"]) == len(workloads)
    assert not [case.message for case in result.cases if "nothing is accepted" in case.message]


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("http://127.0.0.1:35879/apps/1", "http://127.0.0.1:PORT"),
        ("http://[::1]:6001/apps/1", "http://[::1]:PORT"),
        ("http://[2001:10::7]/apps/1", "http://[2001:10::7]"),
        ("http://h:1/ws/apps/1 and https://[::1]:2/apps/1", "http://h:PORT/ws and https://[::1]:PORT"),
    ],
)
def test_the_port_of_a_server_is_not_part_of_an_origin(endpoint: str, host: str) -> None:
    assert origin_of({"endpoint": endpoint}).host == host
