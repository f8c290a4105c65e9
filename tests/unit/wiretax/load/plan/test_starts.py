"""Rounds are divided among starts: each round belongs to one start, and keeps the order it has in the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wiretax.load.plan.plan import Plan, PlanError
from wiretax.load.plan.reading import load_plan, parse_plan
from wiretax.load.plan.starts import part_of, refuse_starts, with_starts

TRIGGER = {"api": "trigger", "payload_bytes": 10}


@pytest.fixture
def plan() -> Plan:
    return replace(load_plan("quick"), rounds=20)


@pytest.mark.parametrize("starts", [1, 2, 3])
def test_every_round_belongs_to_one_start(plan: Plan, starts: int) -> None:
    parts = [part_of(with_starts(plan, starts), number) for number in range(starts)]
    rounds = [each.first_round + number for each in parts for number in range(each.rounds)]
    assert rounds == list(range(20))
    assert {each.starts for each in parts} == {1}
    assert max(each.rounds for each in parts) - min(each.rounds for each in parts) <= 1


def test_a_start_beyond_the_plans_goes_on_after_it(plan: Plan) -> None:
    further = part_of(with_starts(plan, 3), 3)
    assert (further.first_round, further.rounds) == (20, 6)


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        (0, "starts = 0, expected 1 to 100"),
        (101, "starts = 101, expected 1 to 100"),
        (
            4,
            "starts = 4 divides the 20 rounds of plan quick, and each start needs at least 6: expected 24 rounds "
            "or more, or at most 3 starts",
        ),
    ],
)
def test_a_number_of_starts_that_can_not_be_is_refused(plan: Plan, starts: int, message: str) -> None:
    with pytest.raises(PlanError) as refused:
        with_starts(plan, starts)
    assert str(refused.value) == message


def test_a_plan_names_its_starts() -> None:
    document = {"schema": 1, "name": "own", "rounds": 12, "starts": 2, "workload": [TRIGGER]}
    read = parse_plan(document)
    assert (read.starts, read.as_dict()["starts"]) == (2, 2)
    assert "starts" not in parse_plan({**document, "starts": 1}).as_dict()
    with pytest.raises(PlanError, match="plan own has starts = 2, but Locust measures in one process"):
        refuse_starts(read)
    with pytest.raises(PlanError, match=r"expected 12 rounds or more$"):
        parse_plan({**document, "rounds": 11})


def test_a_search_for_capacities_has_one_start() -> None:
    with pytest.raises(PlanError, match="a search for capacities runs in one start"):
        parse_plan({"schema": 1, "name": "own", "starts": 2, "workload": [TRIGGER], "capacity": {"p99": "50ms"}})
