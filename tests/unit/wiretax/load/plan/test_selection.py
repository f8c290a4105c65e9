"""A part of a plan: options choose workloads by shell patterns on their names."""

from __future__ import annotations

import pytest

from wiretax.load.plan.plan import Plan
from wiretax.load.plan.reading import load_plan
from wiretax.load.plan.selection import Selection
from wiretax.terminal import OptionError


@pytest.fixture
def quick() -> Plan:
    return load_plan("quick")


def names(plan: Plan) -> list[str]:
    return [workload.name for workload in plan.workloads]


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(only=("batch10*",)), ["batch10-100B-chat-reference", "batch10-1000B-chat-reference"]),
        (Selection(skip=("batch*", "*1000B*")), ["trigger-100B-chat-reference"]),
        (
            Selection(only=("batch2-*", "batch5-*"), skip=("*-1000B-*",)),
            ["batch2-100B-chat-reference", "batch5-100B-chat-reference"],
        ),
    ],
)
def test_patterns_choose_workloads_and_the_plan_keeps_what_they_left_out(
    quick: Plan, selection: Selection, left: list[str]
) -> None:
    chosen = selection.of(quick)
    assert names(chosen) == left
    left_out = [workload.name for workload in chosen.selection.left_out]
    assert sorted(left + left_out) == sorted(names(quick))
    document = chosen.as_dict()
    assert document["workloads"] == left
    assert (document["only"], document["skip"]) == (list(selection.only), list(selection.skip))
    assert [row["workload"] for row in document["left_out"]] == left_out
    assert all(row["api"] in ("trigger", "batch") for row in document["left_out"])


def test_a_whole_plan_has_no_such_keys(quick: Plan) -> None:
    assert quick.as_dict().keys().isdisjoint({"only", "skip", "left_out", "once"})


@pytest.mark.parametrize("selection", [Selection(only=("btach*",)), Selection(skip=("batch10*", "btach*"))])
def test_a_pattern_that_matches_nothing_is_an_error_that_lists_the_names(
    quick: Plan, selection: Selection
) -> None:
    option = "--only" if selection.only else "--skip"
    with pytest.raises(OptionError) as rejected:
        selection.of(quick)
    assert str(rejected.value) == (
        f"{option} btach*: no workload of plan quick has such a name; it has {', '.join(names(quick))}"
    )


def test_some_workload_has_to_be_left(quick: Plan) -> None:
    with pytest.raises(OptionError, match=r"^--only batch\* --skip batch\*: no workload of plan quick is left"):
        Selection(only=("batch*",), skip=("batch*",)).of(quick)


def test_an_error_names_a_few_workloads_of_many() -> None:
    clients = load_plan("clients")
    with pytest.raises(OptionError) as rejected:
        Selection(only=("x",)).of(clients)
    message = str(rejected.value)
    assert message.endswith(f" and {len(clients.workloads) - 20} more (wiretax plan lists them)")
    assert names(clients)[19] in message
    assert names(clients)[20] not in message


def test_a_plan_for_two_servers_leaves_out_the_workloads_of_both(quick: Plan) -> None:
    both = Selection(only=("batch10-100B*",)).of(quick).against()
    assert len(both.workloads) == 2
    assert {workload.server for workload in both.selection.left_out} == {"endpoint", "against"}
    assert len(both.selection.left_out) == 2 * (len(quick.workloads) - 1)
