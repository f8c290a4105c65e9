"""Checks on workloads that ``--only`` or ``--skip`` left out are skipped, and say so; others are judged."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from judged import META, judged, run_of, verdicts
from rich.console import Console
from saved import Costs, made_up

from analysis.gates.evaluation.result import GateResult
from analysis.gates.outputs.annotations import annotate
from analysis.gates.outputs.junit import junit_xml
from analysis.gates.outputs.markdown import summary_md
from analysis.gates.outputs.terminal import print_result
from wiretax.channels.workload import Workload
from wiretax.load.plan.selection import Selection
from wiretax.runs.reader import Run

TRIGGER, BATCH, BIG = Workload.of(), Workload.of("batch", 10), Workload.of("batch", 50)
SENT = '[[check]]\nid = "sent"\nmetric = "http.request.size.per_event"\nmax = 1000\n'
SAVING = '[[check]]\nid = "saving"\nmetric = "saving"\nmin = 0.1\n'
GAIN = (
    '[[check]]\nid = "gain"\nmetric = "events_per_second"\nmin = 0.1\n'
    'compare = { of = { api = "batch" }, to = { api = "trigger" }, as = "ratio" }\n'
)
WHY = "left out by --only 'batch*' --skip batch50-100B-chat-reference"


def run_without(*left_out: Workload) -> Run:
    """A run of those of the three workloads that are not left out."""
    chosen = [each for each in (TRIGGER, BATCH, BIG) if each not in left_out]
    selection = Selection(("batch*",), (BIG.name,), left_out).as_dict()
    plan = {**META["plan"], "workloads": [each.name for each in chosen], **selection}
    return run_of(made_up(Costs(), chosen, rounds=10), plan=plan)


def test_a_workload_that_was_left_out_is_skipped_and_the_others_are_judged() -> None:
    result = judged(run_without(BIG), SENT)
    assert verdicts(result) == [(TRIGGER.name, "pass"), (BATCH.name, "pass"), (BIG.name, "skipped")]
    assert result.cases[2].message == WHY
    assert (result.exit_code, result.sentence, result.notes) == (0, "2 passed, 1 skipped", ())


def test_a_workload_that_the_plan_never_had_still_fails() -> None:
    result = judged(run_without(BIG), SENT + "where = { batch_size = 7 }\n")
    assert verdicts(result) == [(None, "fail")]
    assert result.exit_code == 3


@pytest.mark.parametrize("check", [SAVING, GAIN])
def test_a_comparison_with_a_trigger_that_was_left_out_is_skipped(check: str) -> None:
    result = judged(run_without(TRIGGER), check)
    assert verdicts(result) == [(BATCH.name, "skipped"), (BIG.name, "skipped")]
    assert {case.message for case in result.cases} == {f"{TRIGGER.name}, to compare it with, was {WHY}"}
    assert result.exit_code == 0
    assert result.notes == ("every check was skipped, so the gate says nothing about the run",)


def test_the_trigger_itself_is_no_workload_with_a_saving() -> None:
    assert verdicts(judged(run_without(BIG), SAVING)) == [(BATCH.name, "pass"), (BIG.name, "skipped")]
    assert verdicts(judged(run_without(TRIGGER, BIG), GAIN)) == [(BATCH.name, "skipped"), (BIG.name, "skipped")]


@pytest.mark.parametrize("columns", [{"rate": 500.0}, {"subscribers": 1, "rate": 500.0}])
def test_queues_and_deliveries_that_were_left_out_are_skipped(columns: dict[str, Any]) -> None:
    queue = TRIGGER.replace(publishers=2, **columns)
    metric = "delivery.lost" if "subscribers" in columns else "queue.left"
    text = f'[[check]]\nid = "lost"\nmetric = "{metric}"\nmax = 0\n'
    assert verdicts(judged(run_without(queue), text)) == [(queue.name, "skipped")]
    assert verdicts(judged(run_without(queue), SENT))[-1] == (BIG.name, "pass")


def test_a_search_that_was_left_out_is_skipped() -> None:
    run = run_without(BIG)
    run.meta["plan"]["capacity"] = {"p99_s": 0.1, "within": 0.1, "time_s": 9, "least": 1, "most": 2}
    text = '[[check]]\nid = "most"\nmetric = "capacity.events_per_second"\nmin = 1\n'
    assert verdicts(judged(run, text)) == [(BIG.name, "skipped")]


@pytest.fixture(scope="module")
def result() -> GateResult:
    """Two of three workloads were left out."""
    return judged(run_without(TRIGGER, BIG), SENT)


def test_the_terminal_has_one_line_for_all_of_them(result: GateResult) -> None:
    console = Console(file=io.StringIO(), width=200)
    print_result(result, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert printed.count("skipped") == 3
    assert f"skipped  sent, 2 workloads: {WHY}\n" in printed
    assert "gate gates.toml: 1 passed, 2 skipped" in printed


def test_junit_has_a_skipped_test_for_each(result: GateResult) -> None:
    [suite] = ET.fromstring(junit_xml(result))
    assert (suite.get("tests"), suite.get("skipped"), suite.get("failures")) == ("3", "2", "0")
    messages = {each.get("name"): each.find("skipped") for each in suite.iter("testcase")}
    assert messages[BATCH.name] is None
    for name in (TRIGGER.name, BIG.name):
        assert messages[name] is not None
        assert messages[name].get("message") == WHY  # type: ignore[union-attr]


def test_the_summary_and_annotations_say_it_once(result: GateResult) -> None:
    summary = summary_md(result).decode()
    assert summary.startswith("### wiretax gate: passed\n\n1 passed, 2 skipped.")
    assert summary.count("left out by") == 1
    assert summary.count("⏭️ | sent") == 2
    [line] = annotate(result)
    assert line == f"::warning title=wiretax sent%3A skipped::2 workloads: {WHY}"
