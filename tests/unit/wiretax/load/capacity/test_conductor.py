"""A search in simulated time: its probes, how long they last, and what is left of its time for the levels."""

from __future__ import annotations

import os
import tomllib
from collections import Counter

import numpy as np
import pytest
from gevent.event import Event
from known_server import Server

from wiretax.channels.workload import Workload
from wiretax.load.capacity.conductor import LEVELS, CapacityConductor
from wiretax.load.client.error_policy import Reactions
from wiretax.load.plan.plan import Plan
from wiretax.load.plan.reading import load_plan, parse_plan
from wiretax.load.sweep.executor import ALONE, ExecutorSummary, SliceResult, WorkerSlice
from wiretax.runs.files.probes import ProbeRecord
from wiretax.wire.slices import Slice

PLAN = """
schema = 1
name = "p"
users = 16
[capacity]
p99 = "20ms"
time = "40s"
[[workload]]
api = "trigger"
[[workload]]
api = "batch"
batch_size = 10
"""
SERVER = Server(4, 0.0018, 0.0002)


def plan(text: str = PLAN) -> Plan:
    return parse_plan(tomllib.loads(text))


class Simulated:
    """An executor whose slices are drained by a server in simulated time.

    Attributes:
        now_s: the time.
        lasted_s: how long each slice was open, by workload and round.
    """

    def __init__(self, starved: bool = False) -> None:
        """``starved``: whether the generator is late with every event."""
        self.now_s = 0.0
        self.lasted_s: dict[tuple[Workload, int], float] = {}
        self._starved = starved
        self._random = np.random.default_rng(3)

    def clock(self) -> float:
        return self.now_s

    def run_slice(self, workload: Workload, round_: int, lasting_s: float | None, stop: Event) -> SliceResult:
        slice_ = Slice(workload, round_)
        slice_.duration_s = 0.25 if lasting_s is None else lasting_s
        self.now_s += slice_.duration_s
        self.lasted_s[workload, round_] = slice_.duration_s
        if slice_.queue is None:
            slice_.measured.events = round(SERVER.carries(workload.call.batch_size) * slice_.duration_s)
        else:
            events = round(workload.arrivals.rate * slice_.duration_s)
            drained = SERVER.drain(workload, slice_.duration_s, self._random)
            slice_.measured.events = slice_.queue.arrived = slice_.queue.intended = events
            slice_.queue.delivered([0.0] * events, 0.0, drained.p99_s)
            slice_.queue.came_late([0.0] * events, 0.05 if self._starved else 0.0)
            slice_.latencies_ns.append(round(drained.call_s * 1e9))
        slice_.settle()
        return SliceResult((WorkerSlice(0, 16, slice_),), 0.002)

    def begin(self) -> None:
        pass

    def on_rejected(self, reactions: Reactions) -> None:
        pass

    def close(self) -> None:
        pass

    def end(self) -> ExecutorSummary:
        return ALONE


def conductor(executor: Simulated, text: str = PLAN, machine: float = 0.0) -> CapacityConductor:
    return CapacityConductor(
        plan(text),
        executor,
        clock=executor.clock,
        processor_clock=lambda: 0.0,
        machine_clock=lambda: machine * executor.now_s * (os.cpu_count() or 1),
    )


def searched(executor: Simulated) -> tuple[CapacityConductor, list[ProbeRecord]]:
    """A whole search, and its probes."""
    made = conductor(executor)
    for _ in made.run():
        pass
    return made, made.rows


@pytest.fixture(scope="module")
def whole() -> tuple[Simulated, CapacityConductor, list[ProbeRecord]]:
    executor = Simulated()
    return executor, *searched(executor)


def test_a_server_is_not_blamed_on_a_machine_whose_cores_are_all_in_use() -> None:
    made = conductor(Simulated(), machine=0.97)
    for _ in made.run():
        pass
    assert {each.limited_by for each in made.rows} == {"", "generator"}


def test_both_capacities_are_found_in_time(
    whole: tuple[Simulated, CapacityConductor, list[ProbeRecord]],
) -> None:
    executor, made, _ = whole
    assert made.ended_early == ""
    assert executor.now_s < 42
    for workload, search in made.searches.items():
        assert search.threshold.median == pytest.approx(SERVER.carries(workload.call.batch_size), rel=0.07)


def test_probes_bracket_first_and_levels_come_last(
    whole: tuple[Simulated, CapacityConductor, list[ProbeRecord]],
) -> None:
    _, made, rows = whole
    for workload, search in made.searches.items():
        own = [each for each in rows if each.searched == workload]
        assert [*dict.fromkeys(each.phase for each in own)] == ["bracket", "search", "levels"]
        found = search.threshold.median
        assert {each.share: each.rate for each in own if each.phase == "levels"} == {
            share: pytest.approx(share * found, rel=1e-3) for share in LEVELS
        }
        assert all(each.share is None for each in own if each.phase != "levels")
        assert len({(each.round, each.workload.name) for each in own}) == len(own)


def test_workloads_take_turns_in_a_drawn_order(
    whole: tuple[Simulated, CapacityConductor, list[ProbeRecord]],
) -> None:
    rows = whole[2]
    rounds = Counter(each.round for each in rows)
    both = [each for each, count in rounds.items() if count == 2]
    assert len(both) >= 10
    assert max(rounds.values()) == 2
    first = {next(each.searched.call.name for each in rows if each.round == round_) for round_ in both}
    assert first == {"trigger", "batch10"}


def test_a_probe_is_long_enough_for_a_p99(
    whole: tuple[Simulated, CapacityConductor, list[ProbeRecord]],
) -> None:
    executor, _, rows = whole
    for each in rows:
        lasted_s = executor.lasted_s[each.workload, each.round]
        assert lasted_s * each.rate >= 999
        assert lasted_s >= 20 * max(0.02, each.workload.arrivals.linger_s) - 1e-9


def test_what_did_not_hold_was_limited_by_the_server(
    whole: tuple[Simulated, CapacityConductor, list[ProbeRecord]],
) -> None:
    rows = whole[2]
    assert {each.limited_by for each in rows if not each.held} <= {"server"}
    assert {each.limited_by for each in rows if each.held} == {""}


def test_a_starved_generator_is_blamed_and_its_probes_are_repeated() -> None:
    made, rows = searched(Simulated(starved=True))
    repeated = [each for each in rows if each.phase == "repeated"]
    assert repeated
    assert {each.limited_by for each in rows if not each.held} == {"generator"}
    counted = sum(len(search.probes) for search in made.searches.values())
    assert counted == len(rows) - len(repeated) - sum(each.phase == "levels" for each in rows)


def test_a_search_that_is_stopped_keeps_its_probes() -> None:
    made = conductor(Simulated())
    for number, _ in enumerate(made.run()):
        if number == 8:
            made.stop("interrupted")
    assert made.ended_early == "interrupted"
    assert len(made.rows) == 7  # without the two warm-ups
    assert {each.phase for each in made.rows} <= {"bracket", "search"}


def test_the_shipped_plan_is_a_search_of_less_than_90_seconds() -> None:
    shipped = load_plan("capacity")
    assert shipped.capacity is not None
    assert shipped.capacity.time_s <= 80
