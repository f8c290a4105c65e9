"""The windows of a free run: each belongs to one stage, and a reset sets aside what Locust forgets."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import locust_unpatched  # noqa: F401
import pytest
from locust import User
from locust.env import Environment

from wiretax.channels.workload import Workload
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.free.stages import Stage, follow_stages
from wiretax.load.free.windows import FreeRun
from wiretax.wire.slices import Slice

TRIGGER, BATCH = Workload.of(), Workload.of(api="batch", batch_size=10)
MS = 1_000_000


@pytest.fixture
def environment() -> Environment:
    made = Environment()
    made.create_local_runner()
    return made


@pytest.fixture
def run(environment: Environment) -> Iterator[FreeRun]:
    options: Any = SimpleNamespace()
    made = FreeRun(options, StatsFeed(environment))
    yield made
    made.finish()


def call(slice_: Slice, calls: int = 1) -> None:
    """What publishers count."""
    slice_.measured.requests += calls
    slice_.latencies_ns.extend([MS] * calls)


def test_a_stage_ends_the_open_windows_of_all_workloads(run: FreeRun) -> None:
    for stage in (Stage(2, 1.0), Stage(4, 1.0), Stage(4, 2.0), Stage(4, 1.0, ("BatchUser",))):
        run.begin_stage(stage)
        for workload in (TRIGGER, BATCH):
            with run.turn(workload) as slice_:
                call(slice_)
    rows = [(row["round"], row["stage"], row["requests"]) for row in run.finish().slices]
    # The third has the users of the second.
    assert rows == [(0, 0, 1)] * 2 + [(1, 1, 2)] * 2 + [(2, 2, 1)] * 2
    stages = run.plan["stages"]
    assert [(each["users"], each["user_classes"]) for each in stages] == [(2, []), (4, []), (4, ["BatchUser"])]
    assert stages[0]["started_s"] <= stages[1]["started_s"] <= stages[2]["started_s"]


def test_a_call_that_is_under_way_when_a_stage_begins_belongs_to_the_one_before(run: FreeRun) -> None:
    run.begin_stage(Stage(2, 1.0))
    with run.turn(TRIGGER) as before:
        run.begin_stage(Stage(4, 1.0))
        assert not before.open
        before.boundary.requests += 1
    with run.turn(TRIGGER) as after:
        call(after)
    rows = run.finish().slices
    assert [(row["stage"], row["requests"], row["boundary_requests"]) for row in rows] == [(0, 0, 1), (1, 1, 0)]


def test_what_locust_tells_its_runner_is_a_stage() -> None:
    begun: list[Any] = []
    runner = SimpleNamespace(start=lambda *given, **options: begun.append((given, options)))
    follow_stages(runner, begun.append)
    runner.start(8, 2.0, user_classes=[User])
    runner.start(user_count=9, spawn_rate=3.0)
    assert [(each.users, each.spawn_rate, each.user_classes) for each in begun[::2]] == [
        (8, 2.0, ("User",)),
        (9, 3.0, ()),
    ]
    assert begun[1] == ((8, 2.0), {"wait": False, "user_classes": [User]})


@pytest.mark.parametrize("locust_resets_first", [True, False])
def test_after_a_reset_locust_has_the_calls_that_count_and_no_others(
    run: FreeRun, environment: Environment, locust_resets_first: bool
) -> None:
    total = environment.stats.total
    with run.turn(TRIGGER) as told:
        call(told, 10)
        run.unfinished()
        assert total.num_requests == 10
        # Not reported yet.
        call(told, 3)
        if locust_resets_first:
            environment.stats.reset_all()
            run.reset()
        else:
            run.reset()
            environment.stats.reset_all()
        # Ended after the reset, and began before it.
        told.boundary.requests += 1
        told.boundary.latency.record([MS])
    with run.turn(TRIGGER) as fresh:
        call(fresh, 5)
    record = run.finish()
    counted = record.total.requests - record.aside.requests
    assert total.num_requests == counted == sum(row["requests"] for row in record.slices) == 5
