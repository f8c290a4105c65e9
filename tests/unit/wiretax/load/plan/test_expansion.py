"""Plans with queues: how their keys multiply, and one clear line for each that can't be run."""

from __future__ import annotations

import re
import tomllib

import pytest

from wiretax.channels.remedies import TOO_MANY, slow_down
from wiretax.channels.workload import Arrivals, Workload
from wiretax.load.plan.plan import Plan, PlanError
from wiretax.load.plan.reading import load_plan, parse_plan
from wiretax.queue.slice_queue import least_slice_s

HEAD = 'schema = 1\nname = "p"\nusers = 8\n[[workload]]\n'
BATCH = 'api = "batch"\nbatch_size = 10\n'


def plan(text: str, https: bool | None = None) -> Plan:
    return parse_plan(tomllib.loads(HEAD + text), https)


def test_rates_lingers_publishers_and_round_trips_multiply() -> None:
    workloads = plan(
        BATCH + 'rate = ["500/s", "3000/min"]\nlinger = ["5ms", "50ms"]\npublishers = 4\nrtt = ["0ms", "20ms"]\n'
        'arrivals = "burst"\n'
    ).workloads
    assert {(each.arrivals.rate, each.arrivals.linger_s, each.arrivals.rtt_s) for each in workloads} == {
        (rate, linger, rtt) for rate in (500.0, 50.0) for linger in (0.005, 0.05) for rtt in (0.0, 0.02)
    }
    assert {(each.arrivals.publishers, each.arrivals.process) for each in workloads} == {(4, "burst")}
    assert workloads[0].name == "batch10-100B-chat-reference-500ps-burst-4pub-linger5ms-rtt0ms"


def test_a_queue_has_all_users_as_publishers_and_random_arrivals_unless_told() -> None:
    [workload] = plan('api = "trigger"\nrate = "500/s"\n').workloads
    assert workload.arrivals == Arrivals(500.0, publishers=8)


@pytest.mark.parametrize("advice", [TOO_MANY, slow_down(queued=False, users=1), slow_down(queued=False, users=2)])
def test_the_rate_that_advice_has_for_an_example_is_one_that_plans_take(advice: str) -> None:
    [rate] = re.findall(r'rate = "[^"]+"', advice)
    assert plan(f'api = "trigger"\n{rate}\n').workloads[0].queued


def test_without_a_rate_nothing_is_a_queue() -> None:
    assert plan(BATCH).workloads == (Workload.of("batch", 10),)


def test_each_round_trip_has_a_mock_of_its_own() -> None:
    made = plan('api = "trigger"\nrate = "500/s"\nrtt = ["5ms", "50ms"]\n')
    assert {key: cost.rtt for key, cost in made.mocks().items()} == {(False, 0.005): 0.005, (False, 0.05): 0.05}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('api = "trigger"\nlinger = "5ms"\n', 'linger goes with rate = "500/s"'),
        ('api = "trigger"\npublishers = 2\n', 'publishers goes with rate = "500/s"'),
        ('api = "trigger"\nrate = "500"\n', "'500' is not a rate; write it like 500/s"),
        ('api = "trigger"\nrate = "-5/s"\n', "'-5/s' is not a rate"),
        ('api = "trigger"\nrate = "5/min"\n', "expected 10/s or more"),
        ('api = "trigger"\nrate = "2000000000/s"\n', "at most 1,000,000,000 events per second"),
        (BATCH + 'rate = "500/s"\nlinger = "-5ms"\n', "linger: '-5ms' is not a duration"),
        (BATCH + 'rate = "500/s"\nlinger = "11s"\n', "linger = '11s', expected 0s to 10s"),
        ('api = "trigger"\nrate = "500/s"\nlinger = "5ms"\n', 'linger goes with api = "batch"'),
        ('api = "trigger"\nrate = "500/s"\npublishers = 0\n', "publishers = 0, expected 1 to 8, the plan's users"),
        ('api = "trigger"\nrate = "500/s"\npublishers = 9\n', "publishers = 9, expected 1 to 8, the plan's users"),
        ('api = "trigger"\nrate = "500/s"\narrivals = "weekly"\n', "arrivals"),
        ('api = "multi_trigger"\nchannels = 5\nrate = "500/s"\n', "not with api = 'multi_trigger'"),
        (
            'api = "trigger"\nclient = "httpx-library"\ntls = true\nrate = "500/s"\n',
            "not with client = 'httpx-library'",
        ),
        ('api = "trigger"\nrate = []\n', "rate is an empty list"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(PlanError) as raised:
        plan(text)
    assert said in str(raised.value)
    assert "[[workload]] 1" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_round_trip_is_not_given_to_an_endpoint_that_has_its_own() -> None:
    with pytest.raises(PlanError, match="rtt needs the built-in mock"):
        plan('api = "trigger"\nrate = "500/s"\nrtt = "5ms"\n', https=False)


def test_a_slice_holds_arrivals_and_lingers_enough() -> None:
    assert least_slice_s(Workload.of(rate=100.0, publishers=1)) == 2.0
    assert least_slice_s(Workload.of("batch", 10, rate=1000.0, linger_s=0.1, publishers=1)) == 2.0
    assert least_slice_s(Workload.of()) == 0.0


def test_tradeoff_has_the_trigger_at_each_rate_and_round_trip_before_its_batches() -> None:
    workloads = load_plan("tradeoff").workloads
    asked = {(each.arrivals.rate, each.arrivals.rtt_s) for each in workloads}
    assert len(asked) == 6
    for rate, rtt in asked:
        curve = [each for each in workloads if (each.arrivals.rate, each.arrivals.rtt_s) == (rate, rtt)]
        assert curve[0].call.api == "trigger"
        assert len(curve) == 5
