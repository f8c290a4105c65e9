"""Gates on capacities: by the interval of the search, with bounds that decide only what they can."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from judged import META, gates_of, judged
from queued import Drain
from queued import run_of as queues_of
from searched import BATCH, SEARCHES, TARGET, TRIGGER, Search, run_of

from analysis.gates.baseline.baseline_file import read_file
from analysis.gates.evaluation.acceptance import accept_run
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.evaluation.result import Case
from analysis.gates.file.checks import GatesError
from wiretax.runs.reader import Run

TRIGGERS, BATCHES = SEARCHES
BY_GENERATOR = replace(BATCHES, limited_by="generator")
EVENTS = 'metric = "capacity.events_per_second"\n'
BATCH_ONLY = 'where = { api = "batch" }\n'
RATIO = 'compare = { of = { api = "batch" }, to = { api = "trigger" }, as = "ratio" }\n'


def checked(run: Run, rest: str) -> list[Case]:
    return list(judged(run, f'[[check]]\nid = "c"\n{rest}').cases)


def one(run: Run, rest: str) -> Case:
    [case] = checked(run, rest)
    return case


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        ("min = 8_500", "pass"),
        ("min = 9_000", "inconclusive"),
        ("min = 9_500", "fail"),
        ("max = 9_500", "pass"),
        ("max = 9_000", "inconclusive"),
        ("max = 8_500", "fail"),
    ],
)
def test_a_limit_inside_the_interval_decides_nothing(limit: str, verdict: str) -> None:
    case = one(run_of(), EVENTS + BATCH_ONLY + limit)
    assert case.verdict == verdict
    assert case.measured == pytest.approx(9_000, rel=0.01)
    assert case.low is not None
    assert case.high is not None
    assert case.low < case.measured < case.high
    assert ("narrows it" in case.message) == (verdict == "inconclusive")


def test_a_higher_confidence_widens_the_interval() -> None:
    narrow, wide = (one(run_of(), f"{EVENTS}{BATCH_ONLY}min = 1\nconfidence = {each}") for each in (0.8, 0.99))
    assert narrow.low is not None
    assert wide.low is not None
    assert wide.low < narrow.low


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        ("min = 8_500", "pass"),
        ("min = 9_500", "inconclusive"),
        ("max = 8_500", "fail"),
        ("max = 9_500", "inconclusive"),
    ],
)
def test_what_only_the_generator_limited_fails_no_min_and_passes_no_max(limit: str, verdict: str) -> None:
    case = one(run_of(TRIGGERS, BY_GENERATOR), EVENTS + BATCH_ONLY + limit)
    assert (case.verdict, case.is_lower_bound, case.high) == (verdict, True, None)
    assert ("the generator was the limit" in case.message) == (verdict == "inconclusive")


def test_without_a_broken_probe_the_generator_is_not_blamed_either() -> None:
    case = one(run_of(replace(TRIGGERS, rates=(0.5, 0.8))), f"{EVENTS}min = 5_000")
    assert case.verdict == "inconclusive"
    assert case.message.startswith(">1,600/s [1,600, ?], at least 5,000: every probe met the target")


@pytest.mark.parametrize(
    ("limit", "verdict"), [("min = 9_000", "fail"), ("max = 9_000", "pass"), ("min = 1", "inconclusive")]
)
def test_without_a_probe_that_held_the_capacity_is_at_most_the_lowest_rate(limit: str, verdict: str) -> None:
    case = one(run_of(replace(TRIGGERS, rates=(2.0, 1.5, 1.2), levels=())), EVENTS + limit)
    assert (case.verdict, case.low, case.is_lower_bound) == (verdict, None, False)


def test_calls_follow_from_the_events_of_a_call() -> None:
    case = one(run_of(), f'metric = "capacity.calls_per_second"\n{BATCH_ONLY}min = 1_000')
    assert case.measured == pytest.approx(9_000 / 8, rel=0.01)


@pytest.mark.parametrize(
    ("limit", "verdict"), [("min = 4.3", "pass"), ("min = 4.5", "inconclusive"), ("min = 4.7", "fail")]
)
def test_batches_are_compared_with_triggers(limit: str, verdict: str) -> None:
    case = one(run_of(), EVENTS + RATIO + limit)
    assert (case.verdict, case.unit) == (verdict, "x")
    assert case.to == TRIGGER.name


def test_two_servers_are_compared() -> None:
    second = replace(TRIGGERS, workload=TRIGGER.replace(server="against"), capacity=1_000.0)
    rest = 'compare = { of = { server = "against" }, to = { server = "endpoint" }, as = "ratio" }\nmax = 0.55'
    case = one(run_of(TRIGGERS, second), EVENTS + rest)
    assert case.measured == pytest.approx(0.5, rel=0.02)
    assert case.verdict == "pass"


def test_a_ratio_of_two_lower_bounds_is_unknown() -> None:
    case = one(run_of(replace(TRIGGERS, limited_by="generator"), BY_GENERATOR), f"{EVENTS}{RATIO}min = 2")
    assert (case.verdict, case.measured) == ("inconclusive", None)
    assert case.message.count("the generator was the limit") == 2


def test_broken_probes_that_lost_events_do_not_make_it_invalid() -> None:
    run = run_of()
    lost = run.queued.assign(failures=run.queued["failures"].mask(run.queued["rate"] > 9_500, 50))
    assert lost["failures"].any()
    assert one(replace(run, queued=lost), f"{EVENTS}{BATCH_ONLY}min = 8_500").verdict == "pass"


def test_a_run_without_a_search_fails_the_check() -> None:
    run = replace(queues_of(Drain(BATCH.replace(rate=100.0))), meta=META)
    case = one(run, f"{EVENTS}min = 1")
    assert (case.verdict, case.workload) == ("fail", None)
    assert "its plan has no [capacity]" in case.message


def test_probes_are_no_workloads_of_other_metrics() -> None:
    case = one(run_of(), 'metric = "latency.total.p99"\nmax = 9')
    assert (case.verdict, case.workload) == ("fail", None)


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        (
            "where = { rate = 500 }\nmin = 1",
            "c): where.rate is what capacity.events_per_second measures; remove it",
        ),
        (RATIO.replace("ratio", "difference") + "min = 1", "compare.as = 'difference', expected 'ratio'"),
    ],
)
def test_what_makes_no_sense_is_rejected(rest: str, why: str) -> None:
    with pytest.raises(GatesError) as error:
        gates_of(f'[[check]]\nid = "c"\n{EVENTS}{rest}')
    assert why in str(error.value)


def test_searches_are_selected_by_linger_and_publishers() -> None:
    [case] = checked(run_of(), f"{EVENTS}where = {{ linger_s = 0.002, publishers = 16 }}\nmin = 1")
    assert case.workload == BATCH.name


def accepted(run: Run, folder: Path, rest: str = "") -> str:
    """The text of a check with a baseline, into which a run was accepted."""
    text = f'[[check]]\nid = "c"\n{EVENTS}{rest}baseline = "{folder / "b.json"}"\nmax_decrease = {{ ratio = 0.1 }}'
    accept_run(run, gates_of(text, {"c": ()}))
    return text


def against(run: Run, text: str, folder: Path) -> list[Case]:
    return list(evaluate(run, gates_of(text, {"c": read_file(folder / "b.json")})).cases)


def slower(share: float) -> list[Search]:
    return [replace(each, capacity=each.capacity * share) for each in SEARCHES]


def meta(**plan: Any) -> dict[str, Any]:
    return {**META, "plan": {"name": "capacity", "users": 16, "capacity": {**TARGET, **plan}}}


@pytest.mark.parametrize(("share", "verdict"), [(0.97, "pass"), (0.9, "inconclusive"), (0.8, "fail")])
def test_a_capacity_is_compared_with_an_accepted_run(share: float, verdict: str, tmp_path: Path) -> None:
    text = accepted(run_of(**meta()), tmp_path)
    assert {case.verdict for case in against(run_of(*slower(share), **meta()), text, tmp_path)} == {verdict}


def test_a_capacity_of_another_target_is_not_compared(tmp_path: Path) -> None:
    text = accepted(run_of(**meta()), tmp_path)
    cases = against(run_of(**meta(p99_s=0.05)), text, tmp_path)
    assert {case.verdict for case in cases} == {"skipped"}
    assert "p99 within 0.02 s; here:" in cases[0].message


def test_a_bound_is_no_baseline(tmp_path: Path) -> None:
    text = accepted(run_of(TRIGGERS, BY_GENERATOR, **meta()), tmp_path)
    trigger, batch = against(run_of(**meta()), text, tmp_path)
    assert trigger.verdict == "pass"
    assert batch.verdict == "fail"
    assert "nothing is accepted for it" in batch.message
