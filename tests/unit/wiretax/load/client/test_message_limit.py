"""How much may be sent, and what is said of it before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.load.client.message_limit import USUAL_MESSAGES, MessageLimit
from wiretax.load.plan.plan import PlanError
from wiretax.load.plan.reading import load_plan, parse_plan, plan_names
from wiretax.load.sweep.consent import message_limit_for, most_rounds_within
from wiretax.load.sweep.forecast import announce, forecast, refuse_users_beyond
from wiretax.terminal import OptionError
from wiretax.wire.connections.target import Target
from wiretax.wire.publishers.caller import MessageLimitError

AWAY = Target(Endpoint("http", "ws.example.com", 80, DEMO))
PLAN = {"schema": 1, "name": "p", "rounds": 3, "slice": "100ms", "users": 5}


def test_a_call_counts_as_the_service_bills_it_and_one_that_does_not_fit_is_never_handed_out() -> None:
    message_limit, spent = MessageLimit(25), []
    message_limit.on_spent = lambda: spent.append(message_limit.taken)
    batches = message_limit.limited(Workload.of("batch", 10), lambda: b"ten")
    many = message_limit.limited(Workload.of("multi_trigger", channels=4), lambda: b"four")
    one = message_limit.limited(Workload.of(), lambda: b"one")
    assert [batches(), batches(), many()] == [b"ten", b"ten", b"four"]
    for supply in (batches, many):
        with pytest.raises(MessageLimitError):
            supply()
    assert spent == [24]
    assert one() == b"one"
    assert message_limit.as_dict() == {"max_messages": 25, "messages": 25, "spent": True}


def test_a_forecast_is_twenty_one_calls_a_user_and_slice_and_one_of_each_workload_before() -> None:
    plan = parse_plan({**PLAN, "workload": [{"api": "trigger"}, {"api": "batch", "batch_size": 10}]})
    expected = forecast(plan, [AWAY])
    # Three rounds and the warm-up, each call of a user's with the one under way when its slice ends.
    assert expected.trial_messages == 1 + 10
    assert expected.messages == (1 + 10) + (1 + 10) * 5 * 21 * 4
    assert expected.seconds == pytest.approx(0.1 * 2 * 4)
    assert expected.call_s == pytest.approx(0.005)
    assert expected.message_bytes > 400


def test_a_slice_whose_rate_changes_is_forecast_to_last_all_stages() -> None:
    stages = [{"rate": "50/s", "for": "2s"}, {"to": "90/s", "for": "3s"}]
    plan = parse_plan({**PLAN, "workload": [{"api": "trigger"}, {"api": "trigger", "stages": stages}]})
    assert forecast(plan, [AWAY]).seconds == pytest.approx(0.1 * 2 + (0.1 + 5.0) * 3)


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
    assert "The whole plan sends about 421" in announce(plan, [AWAY], 400)


BOTH = [AWAY, Target(AWAY.endpoint, server="against")]


def test_the_plan_remote_fits_in_the_usual_limit_whatever_it_is_run_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With a second server; with rounds that gates add; with the users that Locust was told."""
    assert "remote" in plan_names()
    plan = load_plan("remote")
    for first, second in ((AWAY, None), (AWAY, BOTH[1]), (None, BOTH[1])):
        targets = [each for each in (first, second) if each is not None]
        message_limit = MessageLimit(USUAL_MESSAGES)
        sent = plan if second is None else plan.against()
        assert "stop early" not in announce(sent, targets, USUAL_MESSAGES)
        for most in (plan.rounds, 3 * plan.rounds, 10_000):
            rounds = most_rounds_within(plan, first, second, most, message_limit)
            assert plan.rounds <= rounds <= most
            assert forecast(replace(sent, rounds=rounds), targets).messages <= USUAL_MESSAGES
        assert "more do not fit in --max-messages 10,000" in capsys.readouterr().err
        allowed = 0
        for users in range(1, 20):
            with suppress(PlanError):
                refuse_users_beyond(replace(sent, users=users), targets, USUAL_MESSAGES)
                assert forecast(replace(sent, users=users), targets).messages <= USUAL_MESSAGES
                allowed = users
        assert allowed == (2 if second is None else 1)
    assert forecast(plan.against(), BOTH).trial_messages == 2 * (1 + 10 + 10)


def test_users_beyond_a_limit_are_refused_with_how_many_fit() -> None:
    plan = replace(load_plan("remote"), users=16)
    with pytest.raises(PlanError, match=r"16 users: .* about 77,637 messages, .* 10,000; 2 users would fit"):
        refuse_users_beyond(plan, [AWAY], 10_000)
    # Where not even one fits, that is said before the run, which ends at the limit.
    refuse_users_beyond(plan, [AWAY], 100)


def test_rounds_are_added_without_a_limit_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    assert most_rounds_within(load_plan("remote"), None, None, 30, MessageLimit(100)) == 30
    assert most_rounds_within(load_plan("remote"), AWAY, None, 30, None) == 30
    assert not capsys.readouterr().err


def test_a_limit_has_to_hold_a_call_of_each_workload_and_one_more() -> None:
    here = Target(replace(AWAY.endpoint, host="127.0.0.1"))
    assert message_limit_for(load_plan("remote"), here, None, 31, yes=False) is not None
    with pytest.raises(OptionError) as rejected:
        message_limit_for(load_plan("remote"), here, None, 30, yes=False)
    assert "--max-messages 30: expected 31 or more: plan remote sends 21 before the run" in str(rejected.value)
