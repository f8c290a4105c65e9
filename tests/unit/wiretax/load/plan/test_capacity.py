"""Plans that search for a capacity: their defaults, and one clear line for each that can't be run."""

from __future__ import annotations

import re
import tomllib

import pytest

from wiretax.load.plan.plan import Plan, PlanError
from wiretax.load.plan.reading import parse_plan

HEAD = 'schema = 1\nname = "p"\nusers = 8\n'
TARGET = '[capacity]\np99 = "20ms"\n'
BOTH = '[[workload]]\napi = "trigger"\n[[workload]]\napi = "batch"\nbatch_size = 10\n'


def plan(text: str) -> Plan:
    return parse_plan(tomllib.loads(HEAD + text))


def test_a_target_is_all_that_a_search_needs() -> None:
    made = plan(TARGET + BOTH)
    assert made.as_dict()["capacity"] == {
        "p99_s": 0.02,
        "within": 0.05,
        "time_s": 75.0,
        "least": 10.0,
        "most": 1_000_000.0,
    }
    trigger, batch = made.workloads
    assert not trigger.queued
    assert (trigger.arrivals.publishers, batch.arrivals.publishers) == (8, 8)
    assert batch.arrivals.linger_s == 0.005  # a quarter of the target
    assert batch.name == "batch10-100B-chat-reference-poisson-8pub-linger5ms"


def test_a_sweep_has_no_search() -> None:
    assert plan(BOTH).capacity is None
    assert "capacity" not in plan(BOTH).as_dict()


def test_lingers_publishers_and_arrivals_multiply() -> None:
    made = plan(
        TARGET + '[[workload]]\napi = "batch"\nbatch_size = 10\nlinger = ["0ms", "10ms"]\n'
        'publishers = [4, 8]\narrivals = "constant"\n'
    )
    assert len({each.name for each in made.workloads}) == 4


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("[capacity]\n" + BOTH, "capacity: missing key p99"),
        (TARGET.replace("20ms", "20") + BOTH, "[capacity]: p99: '20' is not a duration"),
        (TARGET.replace("20ms", "1us") + BOTH, "[capacity]: p99 = '1us', expected 1ms to 60s"),
        (TARGET + 'within = "5"\n' + BOTH, "[capacity]: within = '5', expected 0.5% to 50%, like 5%"),
        (TARGET + 'time = "0s"\n' + BOTH, "[capacity]: time = '0s', expected 1s to 86400s"),
        (TARGET + 'least = "1/s"\n' + BOTH, "[capacity]: least = '1/s', expected 10/s to 10,000,000/s"),
        (TARGET + 'most = "10/s"\n' + BOTH, "[capacity]: least = '10/s', expected less than most, which"),
        (TARGET + 'p90 = "1s"\n' + BOTH, "unknown key 'p90' in [capacity]; known are p99"),
        (TARGET + BOTH + 'rate = "5/s"\n', "[[workload]] 2: rate is what [capacity] searches for"),
        (TARGET + BOTH + 'linger = "20ms"\n', "[[workload]] 2: linger = '20ms', expected less than 20ms"),
        (TARGET + BOTH + "publishers = 9\n", "[[workload]] 2: publishers = 9, expected 1 to 8"),
        (TARGET + BOTH + 'client = "httpx-library"\n', "[[workload]] 2: [capacity] goes with api ="),
        (
            TARGET + '[[workload]]\napi = "multi_trigger"\nchannels = 2\n',
            "[[workload]] 1: [capacity] goes with api = \"trigger\" or \"batch\"",
        ),
        ("rounds = 3\n" + TARGET + BOTH, "rounds: a search has no number of rounds"),
        (BOTH + 'linger = "5ms"\n', "[[workload]] 2: linger goes with rate ="),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_rejected_in_one_line(text: str, objection: str) -> None:
    with pytest.raises(PlanError, match="^" + re.escape(objection)):
        plan(text)
