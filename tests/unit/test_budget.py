"""How much may be sent, and what is said of it before."""

from __future__ import annotations

import pytest

from scenarios.budget import Budget, BudgetSpentError
from scenarios.forecast import announce, forecast
from scenarios.plan import load_plan, parse_plan, plan_names
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.wire.trust import Target

AWAY = Target(Endpoint("http", "ws.example.com", 80, DEMO))
PLAN = {"schema": 1, "name": "p", "rounds": 3, "slice": "100ms", "users": 5}


def test_a_call_counts_as_the_service_bills_it_and_one_that_does_not_fit_is_never_handed_out() -> None:
    budget, spent = Budget(25), []
    budget.on_spent = lambda: spent.append(budget.taken)
    batches = budget.rationed(Workload("batch", 10), lambda: b"ten")
    many = budget.rationed(Workload("multi_trigger", channels=4), lambda: b"four")
    one = budget.rationed(Workload(), lambda: b"one")
    assert [batches(), batches(), many()] == [b"ten", b"ten", b"four"]
    for supply in (batches, many):
        with pytest.raises(BudgetSpentError):
            supply()
    assert spent == [24]
    assert one() == b"one"
    assert budget.as_dict() == {"max_messages": 25, "messages": 25, "spent": True}


def test_a_forecast_is_twenty_one_calls_a_user_and_slice_and_one_of_each_workload_before() -> None:
    plan = parse_plan({**PLAN, "workload": [{"api": "trigger"}, {"api": "batch", "batch_size": 10}]})
    expected = forecast(plan, [AWAY])
    # Three rounds and the warm-up, each call of a user's with the one under way when its slice ends.
    assert expected.trial_messages == 1 + 10
    assert expected.messages == (1 + 10) + (1 + 10) * 5 * 21 * 4
    assert expected.seconds == pytest.approx(0.1 * 2 * 4)
    assert expected.call_s == pytest.approx(0.005)
    assert expected.message_bytes > 400


def test_two_servers_are_sent_twice_as_much() -> None:
    plan = parse_plan({**PLAN, "workload": [{"api": "trigger"}]})
    both = [AWAY, Target(AWAY.endpoint, server="against")]
    assert forecast(plan.against(), both).messages == 2 * forecast(plan, [AWAY]).messages


def test_what_is_announced_names_the_limit_the_place_and_no_secret() -> None:
    plan = parse_plan({**PLAN, "workload": [{"api": "trigger"}]})
    said = announce(plan, [AWAY], 10_000)
    assert "at most 10,000 messages (--max-messages)" in said
    assert "http://ws.example.com/apps/123456, not on this machine" in said
    assert "stop early" not in said
    assert DEMO.secret not in said
    assert DEMO.key not in said
    assert "The whole plan takes about 421" in announce(plan, [AWAY], 400)


def test_a_plan_that_comes_along_fits_in_the_usual_limit() -> None:
    assert "remote" in plan_names()
    assert "stop early" not in announce(load_plan("remote"), [AWAY], 10_000)
