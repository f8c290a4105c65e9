"""``wiretax gate --init``: a gates file that its run passes, and that fails where a byte or a gain is lost."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from judged import META, judged, run_of
from saved import Costs, made_up

from analysis.gates.evaluation.first_gates import FirstGates, NoGatesError, first_gates
from wiretax.channels.workload import Workload
from wiretax.load.plan.selection import Selection
from wiretax.runs.reader import read_run

REFERENCE = Path(__file__).parents[5] / "results" / "reference"
PLAN = [Workload.of(), Workload.of("batch", 3), Workload.of("batch", 10)]


def body(made: FirstGates) -> str:
    """The file without its schema, which ``judged`` adds."""
    assert made.text.count("schema = 1\n") == 1
    return made.text.replace("schema = 1\n", "")


@pytest.mark.parametrize("name", ["quick", "capacity", "delivery", "tradeoff", "connections"])
def test_the_run_passes_its_gates(name: str) -> None:
    run = read_run(REFERENCE / name)
    made = first_gates(run, "gates.toml")
    result = judged(run, body(made))
    assert {case.verdict for case in result.cases} == {"pass"}
    checks = tomllib.loads(made.text)["check"]
    assert len(checks) == made.checks
    assert {case.check for case in result.cases} == {check["id"] for check in checks}
    metrics = {check["metric"] for check in checks}
    assert {
        "quick": {"http.request.size.per_event", "gain"},
        "capacity": {"capacity.events_per_second"},
        "delivery": {"delivery.lost", "delivery.duplicated", "events.lost"},
        "tradeoff": {"events.lost", "latency.total.p99"},
        "connections": {"http.request.size.per_event", "gain"},
    }[name] <= metrics


def test_the_file_is_commented_and_says_how_to_use_it() -> None:
    made = first_gates(run_of(made_up(Costs(), PLAN)), "mine.toml")
    head = made.text.splitlines()
    assert head[0] == "# Gates for the plan ci, by wiretax gate --init from run 2026-01-31T12-30-00-ci."
    assert head[1] == "# To judge another run: wiretax run PLAN --gates mine.toml"
    assert made.text.count("# Bytes sent per event") == 1
    assert made.text.count("# Messages per second") == 1
    document = tomllib.loads(made.text)
    assert document["valid"]["max_failure_ratio"] == 0
    assert document["check"][0]["where"] == {"api": "trigger"}
    assert document["check"][1]["where"] == {"api": "batch", "batch_size": 3}


@pytest.mark.parametrize(
    ("costs", "failing"),
    [
        (Costs(head=306), {"sent"}),
        (Costs(head=304), {"sent"}),
        # Batches that take as long as their events one by one gain nothing.
        (Costs(event_s=1e-3), {"gain"}),
    ],
)
def test_one_byte_more_or_less_fails_and_so_does_a_lost_gain(costs: Costs, failing: set[str]) -> None:
    made = first_gates(run_of(made_up(Costs(), PLAN)), "gates.toml")
    result = judged(run_of(made_up(costs, PLAN)), body(made))
    assert {case.check.partition("-")[0] for case in result.cases if case.verdict == "fail"} == failing


def test_a_size_without_an_end_has_limits_around_it() -> None:
    made = first_gates(run_of(made_up(Costs(), PLAN)), "gates.toml")
    [check] = [check for check in tomllib.loads(made.text)["check"] if check["id"].startswith("sent-batch3")]
    assert 0 < check["max"] - check["min"] < 0.002


def test_what_the_run_can_not_decide_is_named_and_left_out() -> None:
    made = first_gates(run_of(made_up(Costs(), PLAN, rounds=2)), "gates.toml")
    assert {check["metric"] for check in tomllib.loads(made.text)["check"]} == {"http.request.size.per_event"}
    assert len(made.without) == 2
    assert "gain-batch-3: " in made.without[0]
    assert "too few for an interval" in made.without[0]


def test_a_free_run_has_no_gain_to_gate() -> None:
    made = first_gates(run_of(made_up(Costs(), PLAN), mode="free"), "gates.toml")
    assert {check["metric"] for check in tomllib.loads(made.text)["check"]} == {"http.request.size.per_event"}
    assert "# To judge another run: wiretax gate RUN --gates gates.toml" in made.text


def test_an_invalid_run_makes_no_gates() -> None:
    run = run_of(made_up(Costs(), PLAN), valid=False, invalid_because=["the byte counts disagree"])
    with pytest.raises(NoGatesError, match="is invalid, so no gates were made: the byte counts disagree"):
        first_gates(run, "gates.toml")


def test_gates_of_a_part_of_a_plan_are_about_that_part() -> None:
    large = [each.replace(payload_bytes=1000) for each in PLAN]
    part = {**META["plan"], **Selection(("*100B*",), (), tuple(large)).as_dict()}
    made = first_gates(run_of(made_up(Costs(), PLAN), plan=part), "gates.toml")
    checks = tomllib.loads(made.text)["check"]
    assert {check["where"]["payload_bytes"] for check in checks} == {100}
    assert {check["metric"] for check in checks} == {"http.request.size.per_event", "gain"}
    result = judged(run_of(made_up(Costs(), PLAN + large)), body(made))
    assert {case.verdict for case in result.cases} == {"pass"}
    assert len(result.cases) == made.checks
