"""Two runs side by side: exact bytes, causes, workloads of one run alone, and times only where they compare."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from analysis.comparison.compare import Comparison, compare
from analysis.comparison.document import document
from analysis.comparison.markdown import markdown
from analysis.comparison.terminal import print_comparison
from wiretax.runs.reader import Run, read_run

QUICK = read_run(Path(__file__).parents[4] / "results" / "reference" / "quick")
TRIGGER = "trigger-100B-chat-reference"


def with_meta(run: Run, **changes: Any) -> Run:
    return replace(run, meta={**run.meta, **changes})


def with_more(run: Run, column: str, bytes_per_call: int, workload: str = TRIGGER) -> Run:
    """A run whose calls of one workload have more bytes in a column."""
    slices = run.slices.copy()
    rows = slices["workload"] == workload
    slices.loc[rows, column] += bytes_per_call * slices.loc[rows, "requests"]
    return replace(run, slices=slices)


def heads(*lines: list[object]) -> list[dict[str, Any]]:
    return [{"workloads": [TRIGGER], "lines": [["Host", "{host}", 23], *lines]}]


def shown(comparison: Comparison) -> str:
    console = Console(file=StringIO(), width=160)
    print_comparison(comparison, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_run_is_equal_to_itself() -> None:
    found = compare(QUICK, QUICK)
    assert not found.differs
    assert found.is_valid
    assert len(found.bytes) == 8
    assert all(row.is_exact and not row.changes for row in found.bytes)
    assert found.not_timed == ()
    assert {pair.shown for pair in found.times} == {"no difference shown"}
    assert all(pair.ratio == 1 for pair in found.times)
    assert "no byte differs in 8 workloads" in shown(found)


def test_a_header_line_more_is_the_cause_of_its_bytes() -> None:
    before = with_meta(QUICK, heads=heads())
    after = with_meta(with_more(QUICK, "header_bytes", 70), heads=heads(["traceparent", "(varies)", 70]))
    found = compare(before, after)
    [row] = found.changed
    assert row.workload == TRIGGER
    [part] = row.changes
    assert (part.part, part.per, part.after - part.before) == ("headers", "call", 70)
    assert [(each.what, each.bytes) for each in part.causes] == [("traceparent added", 70)]
    assert part.unattributed == 0
    for text in (shown(found), markdown(found)):
        assert "traceparent added: +70 B" in text
        assert "bytes differ in 1 of 8 workloads" in text
    assert "(+70, +14.8 %)" in shown(found)


def test_bytes_that_no_line_explains_are_named() -> None:
    before = with_meta(QUICK, heads=heads())
    after = with_meta(with_more(QUICK, "header_bytes", 75), heads=heads(["traceparent", "(varies)", 70]))
    [row] = compare(before, after).changed
    assert row.changes[0].unattributed == 5
    assert "unexplained: +5 B" in shown(compare(before, after))


@pytest.mark.parametrize(
    ("column", "part", "per"),
    [
        ("request_line_bytes", "request_line", "call"),
        ("auth_query_bytes", "auth_query", "call"),
        ("body_bytes", "envelope", "event"),
        ("response_body_bytes", "response", "call"),
    ],
)
def test_each_part_is_told_apart(column: str, part: str, per: str) -> None:
    [row] = compare(QUICK, with_more(QUICK, column, 3)).changed
    [change] = row.changes
    assert (change.part, change.per, change.after - change.before) == (part, per, 3)


def test_workloads_of_one_run_alone_are_a_difference() -> None:
    less = replace(QUICK, slices=QUICK.slices[QUICK.slices["workload"] != TRIGGER].reset_index(drop=True))
    found = compare(QUICK, less)
    assert (found.only_before, found.only_after) == ((TRIGGER,), ())
    assert found.differs
    assert f"only in the first run: {TRIGGER}" in shown(found)
    assert compare(less, QUICK).only_after == (TRIGGER,)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"environment": {**QUICK.meta["environment"], "cpu_model": "another"}}, "processor"),
        ({"environment": {**QUICK.meta["environment"], "cores": 64}}, "cores"),
        ({"plan": {**QUICK.meta["plan"], "users": 3}}, "users"),
        ({"mock": {**QUICK.meta["mock"], "rtt_s": 0.02}}, "mock"),
        ({"mode": "free"}, "only runs of plans"),
    ],
)
def test_times_are_not_compared_across_machines_loads_or_servers(changes: dict[str, Any], why: str) -> None:
    found = compare(QUICK, with_meta(QUICK, **changes))
    assert found.times == ()
    assert any(why in reason for reason in found.not_timed)
    assert not found.differs
    assert "times not comparable: " in shown(found)


def test_intervals_that_do_not_overlap_show_a_difference_which_is_no_reason_to_fail() -> None:
    slower = QUICK.slices.copy()
    slower["duration_s"] *= 2
    found = compare(QUICK, replace(QUICK, slices=slower))
    rates = [pair for pair in found.times if pair.metric == "messages_per_second"]
    assert {pair.shown for pair in rates} == {"differ"}
    assert all(pair.ratio == pytest.approx(0.5) for pair in rates)
    # All workloads became slower alike.
    assert {pair.shown for pair in found.times if pair.metric == "gain"} == {"no difference shown"}
    assert not found.differs


def test_an_invalid_run_is_named() -> None:
    found = compare(QUICK, with_meta(QUICK, valid=False, invalid_because=["the byte counts disagree"]))
    assert not found.is_valid
    assert "invalid  second run:" in shown(found)
    assert "The second run is invalid" in markdown(found)


def test_the_document_holds_what_is_shown() -> None:
    after = with_meta(with_more(QUICK, "header_bytes", 7), labels={"pr": "12"}, source={"commit": "abc" * 14})
    made = json.loads(json.dumps(document(compare(QUICK, after))))
    assert made["differs"] is True
    [changed] = [row for row in made["workloads"] if row["changes"]]
    assert changed["changes"][0] == {
        "part": "headers",
        "per": "call",
        "before": changed["changes"][0]["after"] - 7,
        "after": changed["changes"][0]["after"],
        "causes": [],
        "unexplained": 0.0,
    }
    assert made["after"]["labels"] == {"pr": "12"}
    assert f"commit {'abc' * 3}a, pr=12" in shown(compare(QUICK, after))


def test_markdown_can_not_be_broken_by_a_name() -> None:
    after = with_meta(QUICK, labels={"note": "a|b <img src=x> `c`"})
    text = markdown(compare(QUICK, after))
    assert "<img" not in text
    assert "a\\|b" in text
