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
STAGES = 'api = "trigger"\nstages = [{rate = "50/s", for = "1s", name = "low"}, '


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
        ('api = "trigger"\nstages = []\n', "stages is an empty list; give it stages like"),
        (
            'api = "trigger"\nrate = "9/s"\nstages = [{rate = "50/s", for = "1s"}]\n',
            "rate and stages: expected one",
        ),
        (
            'api = "trigger"\nstages = [{to = "50/s", for = "1s"}]\n',
            "stage 1: to = '50/s' needs a stage before it",
        ),
        (STAGES + '{rate = "60/s", to = "70/s", for = "1s"}]\n', "stage 2: it has rate (a constant rate) and to"),
        (STAGES + '{for = "1s"}]\n', "stage 2: it has neither rate nor to"),
        (STAGES + '{to = "60/s"}]\n', "stage 2: missing key for"),
        (STAGES + '{to = "60/s", for = "0s"}]\n', "stage 2: for = '0s', expected 100ms to 1h"),
        (STAGES + '{to = "60/s", for = "2h"}]\n', "stage 2: for = '2h', expected 100ms to 1h"),
        (STAGES + '{to = "60/s", for = "10"}]\n', "stage 2: for: '10' is not a duration"),
        (STAGES + '{to = "60/s", for = "1h"}]\n', "stages last 3,601 s together, expected 3,600 s at most"),
        (STAGES + '{to = "9/s", for = "1s"}]\n', "stage 2: to = '9/s', expected 10/s or more"),
        (STAGES + '{rate = "6", for = "1s"}]\n', "stage 2: rate: '6' is not a rate"),
        (STAGES + '{rate = "60/s", for = "1s", repeat = 2}]\n', "unknown key 'repeat' in [[workload]] 1, stage 2"),
        (STAGES + '{rate = 60, for = "1s"}]\n', "expected str"),
        (
            STAGES + '{rate = "60/s", for = "1s", name = "a b"}]\n',
            "stage 2: name = 'a b', expected 1 to 40 letters",
        ),
        (
            STAGES + '{rate = "60/s", for = "1s", name = "low"}]\n',
            "stage 2: name = 'low' is the name of an earlier",
        ),
        ('api = "trigger"\nstages = ["50/s"]\n', "expected object, got str"),
        ('api = "multi_trigger"\nchannels = 5\nstages = [{rate = "50/s", for = "1s"}]\n', "not with api = 'multi"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(PlanError) as raised:
        plan(text)
    assert said in str(raised.value)
    assert "[[workload]] 1" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_stages_are_one_workload_whose_rate_is_their_mean() -> None:
    [made] = plan(STAGES + '{to = "6000/min", for = "2s", name = "up"}]\n').workloads
    assert made.arrivals.stages == "low: 50/s for 1s, up: to 100/s for 2s"
    assert made.arrivals.rate == (50 + 150) / 3
    assert made.arrivals.publishers == 8
    assert made.queued


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


def test_workers_share_a_queue_but_not_one_whose_rate_changes() -> None:
    shared = plan(BATCH + 'rate = "500/s"\n')
    assert shared.for_workers() == shared
    with pytest.raises(PlanError, match="has stages, which one process follows: run the plan without workers"):
        plan(STAGES + '{to = "60/s", for = "1s"}]\n').for_workers()
