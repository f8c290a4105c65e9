"""The conductor without users: who is sent what when, when it ends, and when it goes on."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import gevent
import pytest

from wiretax.channels.workload import Workload
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.plan.plan import Plan
from wiretax.load.plan.reading import parse_plan
from wiretax.load.sweep.conductor import AddedRounds, Conductor, Extension
from wiretax.load.sweep.executor import LocalExecutor
from wiretax.load.sweep.rounds import WARM_UP, round_order
from wiretax.runs.skipped import Skipped
from wiretax.wire.ledger import Failure
from wiretax.wire.slices import Slice

PLAN = """
schema = 1
name = "p"
rounds = 3
slice = "10ms"
timeout = "10ms"
[[workload]]
api = "trigger"
payload_bytes = [10, 100]
[[workload]]
api = "batch"
batch_size = 10
payload_bytes = [10, 100]
"""


def plan(rounds: int = 3) -> Plan:
    return parse_plan({**tomllib.loads(PLAN), "rounds": rounds})


class Acting(SliceBarrier):
    """A barrier whose users publish one event in a slice, unless a workload is told to be silent."""

    def __init__(self, silent: Callable[[Workload], bool] = lambda _: False, round_trip_s: float = 1e-4) -> None:
        super().__init__(0)
        self._silent = silent
        self._round_trip_ns = int(round_trip_s * 1e9)

    def open(self, slice_: Slice) -> None:
        super().open(slice_)
        if self._silent(slice_.workload):
            slice_.measured.failures += 1
        else:
            slice_.measured.events += 1
            slice_.latencies_ns.append(self._round_trip_ns * (3 if slice_.workload.server == "against" else 1))


class Acts(LocalExecutor):
    """An executor with such users, which nobody had to spawn."""

    def __init__(self, silent: Callable[[Workload], bool] = lambda _: False, round_trip_s: float = 1e-4) -> None:
        barrier = Acting(silent, round_trip_s)
        super().__init__(None, barrier, users=0, slice_s=0.01, timeout_s=0.01)


def twins(order: list[Workload]) -> list[tuple[Workload, Workload]]:
    """Neighbours, two by two."""
    return list(zip(order[::2], order[1::2], strict=True))


def test_two_servers_are_sent_the_same_one_right_after_the_other_in_a_drawn_order() -> None:
    workloads = plan().against().workloads
    assert len(workloads) == 8
    assert len({each.name for each in workloads}) == 8
    first: set[str] = set()
    for number in range(10):
        order = round_order(workloads, 1, number)
        assert sorted(order) == sorted(workloads)
        for one, other in twins(order):
            assert {one.server, other.server} == {"endpoint", "against"}
            assert one.replace(server="endpoint") == other.replace(server="endpoint")
            first.add(one.server)
        # Those of one payload, which are compared by their gain, stay together too.
        sizes = [each.payload.bytes for each in order]
        assert sum(one != other for one, other in pairwise(sizes)) == 1
    assert first == {"endpoint", "against"}
    assert round_order(workloads, 1, WARM_UP) == list(workloads)


def test_both_servers_hold_a_workload_equally_long_as_long_as_the_slower_needs() -> None:
    conductor = Conductor(plan(rounds=1).against(), Acts(round_trip_s=1e-3))
    slices = [slice_ for step, result in conductor.run() if step.round != WARM_UP for slice_ in result.slices]
    assert len(slices) == 8
    # Twenty round trips of 3 ms.
    assert all(slice_.duration_s >= 0.060 for slice_ in slices)


@pytest.mark.parametrize(
    ("planned", "round_trip_s", "rounds"),
    [(40, 1e-4, 40), (40, 1e-3, 20), (40, 5e-3, 12), (12, 5e-3, 12), (3, 5e-3, 3)],
)
def test_longer_slices_take_the_time_of_fewer_rounds(planned: int, round_trip_s: float, rounds: int) -> None:
    conductor = Conductor(plan(planned), Acts(round_trip_s=round_trip_s))
    first = next(step for step, _ in conductor.run() if step.round != WARM_UP)
    assert first.rounds == rounds


def test_every_round_is_whole_for_both() -> None:
    counted: dict[tuple[str, int], int] = {}
    for step, _ in Conductor(plan().against(), Acts()).run():
        key = step.workload.server, step.round
        counted[key] = counted.get(key, 0) + 1
    assert counted == {(server, number): 4 for server in ("endpoint", "against") for number in (WARM_UP, 0, 1, 2)}


@pytest.mark.parametrize(("server", "named"), [("against", " by --against"), ("endpoint", "")])
def test_a_server_that_falls_silent_ends_the_run_though_the_other_answers(server: str, named: str) -> None:
    conductor = Conductor(plan(rounds=50).against(), Acts(lambda workload: workload.server == server))
    slices = list(conductor.run())
    assert conductor.ended_early == f"no event was acknowledged{named} in 3 slices in a row"
    assert len(slices) <= 6


class Rejecting(Acting):
    """A barrier at which some calls are rejected, from a slice of a workload on."""

    def __init__(self, rejected: Callable[[Workload, int], int]) -> None:
        """``rejected``: the status of a workload's n-th slice, from 0; 0 where its calls are acknowledged."""
        super().__init__()
        self._rejected = rejected
        self._slices: Counter[Workload] = Counter()

    def open(self, slice_: Slice) -> None:
        status = self._rejected(slice_.workload, self._slices[slice_.workload])
        self._slices[slice_.workload] += 1
        if not status:
            super().open(slice_)
            return
        SliceBarrier.open(self, slice_)
        slice_.measured.failures += 2
        slice_.measured.failed[Failure("rejected", status, "because")] += 2


def rejecting(rejected: Callable[[Workload, int], int]) -> LocalExecutor:
    return LocalExecutor(None, Rejecting(rejected), users=0, slice_s=0.01, timeout_s=0.01)


def test_a_workload_that_is_rejected_later_is_left_out_and_the_rest_goes_on() -> None:
    """Three of four: more than the slices in a row that end a run where a server is silent."""
    given = plan(rounds=6)
    kept_on, *others = given.workloads
    executor = rejecting(lambda workload, number: 400 if workload != kept_on and number >= 2 else 0)
    conductor = Conductor(given, executor)
    steps = [step for step, _ in conductor.run()]
    assert not conductor.ended_early
    counts = Counter(step.workload for step in steps)
    # The warm-up and six rounds; the others in two slices that went well, and three that did not.
    assert counts == {kept_on: 7, **dict.fromkeys(others, 5)}
    assert {each.workload for each in conductor.skipped} == set(others)
    assert {(each.failure.status, each.after) for each in conductor.skipped} == {(400, 3)}
    assert str(conductor.skipped[0]).endswith("was skipped after round 3: the endpoint answered 400: because")


class Limiting(Acting):
    """A barrier at which one workload meets a limit, from a slice of it on."""

    def __init__(self, limited: Workload, since: int, status: int) -> None:
        super().__init__()
        self.conductor: Conductor
        self._limited, self._since, self._status = limited, since, status
        self._slices: Counter[Workload] = Counter()

    def open(self, slice_: Slice) -> None:
        super().open(slice_)
        number = self._slices[slice_.workload]
        self._slices[slice_.workload] += 1
        if slice_.workload == self._limited and number >= self._since:
            failure = Failure("rejected", self._status, "because")
            slice_.measured.failed[failure] += 2
            if self._status == 413:
                gevent.spawn(self.conductor.end_workload, slice_.workload, failure)
            else:
                gevent.spawn(self.conductor.pause, 0.0)


def limiting(given: Plan, limited: Workload, since: int, status: int) -> Conductor:
    barrier = Limiting(limited, since, status)
    barrier.conductor = Conductor(given, LocalExecutor(None, barrier, users=0, slice_s=0.01, timeout_s=0.01))
    return barrier.conductor


@pytest.mark.parametrize(
    ("status", "tries", "limit"),
    [
        (413, 1, "a limit on the size of an event or of a request; lower payload_bytes"),
        (429, 4, "a limit on the rate of calls, cut short by 429 4 times in a row; use fewer users, or give"),
    ],
)
def test_a_limit_ends_its_workload_and_the_others_go_on(status: int, tries: int, limit: str) -> None:
    given = plan(rounds=5)
    limited, *others = given.workloads
    # The warm-up and two rounds are accepted.
    conductor = limiting(given, limited, 3, status)
    counted = [(step.workload, step.round, result.slices[0].counts) for step, result in conductor.run()]
    assert not conductor.ended_early
    assert [(round_, counts) for workload, round_, counts in counted if workload == limited] == [
        (WARM_UP, False),
        (0, True),
        (1, True),
        *[(2, False)] * tries,
    ]
    for other in others:
        assert [round_ for workload, round_, _ in counted if workload == other] == [WARM_UP, *range(5)]
    [skipped] = conductor.skipped
    assert (skipped.workload, skipped.failure.status, skipped.after) == (limited, status, 1)
    said = f"{limited.name} was skipped after round 1: the endpoint answered {status}: because; {limit}"
    assert str(skipped).startswith(said)
    assert Skipped.of_row(skipped.as_row()) == skipped


def test_a_limit_of_the_last_workload_ends_the_run() -> None:
    given = plan()
    alone = replace(given, workloads=given.workloads[:1])
    conductor = limiting(alone, alone.workloads[0], 1, 413)
    assert len(list(conductor.run())) == 2
    assert conductor.ended_early == (
        "the endpoint accepts no workload any more: trigger-10B-chat-reference met a limit on the size of an "
        "event or of a request; lower payload_bytes"
    )
    assert conductor.skipped[0].after == -1


def test_a_workload_that_is_acknowledged_again_stays() -> None:
    conductor = Conductor(plan(rounds=8), rejecting(lambda _, number: 400 if number % 3 else 0))
    assert len(list(conductor.run())) == 4 * 9
    assert not conductor.skipped


def test_a_run_ends_where_every_workload_is_rejected_and_says_with_what() -> None:
    conductor = Conductor(plan(rounds=50), rejecting(lambda _, number: 400))
    assert len(list(conductor.run())) == 4 * 3
    assert conductor.ended_early.startswith("the endpoint acknowledges no workload any more: ")
    assert conductor.ended_early.endswith(": 400: because")


def test_a_server_that_fails_ends_the_run_with_its_own_words() -> None:
    conductor = Conductor(plan(rounds=50), rejecting(lambda _, number: 503))
    assert len(list(conductor.run())) == 3
    assert conductor.ended_early == (
        "no event was acknowledged in 3 slices in a row; the last calls failed: 503: because"
    )


def answering(*answers: tuple[str, ...], most_rounds: int = 100) -> tuple[Extension, list[AddedRounds]]:
    """An extension that is told what is undecided, time after time."""
    left, told = list(answers), []  # type: ignore[var-annotated]
    return Extension(lambda: left.pop(0), most_rounds, told.append), told


def test_rounds_are_added_until_everything_is_decided() -> None:
    extension, told = answering(("gain", "bytes"), ("gain",), ())
    conductor = Conductor(plan(), Acts(), extension)
    steps = [step for step, _ in conductor.run()]
    assert {step.round for step in steps} == set(range(WARM_UP, 11))
    assert conductor.additions == told == [AddedRounds(3, ("gain", "bytes"), 4), AddedRounds(7, ("gain",), 4)]
    assert [step.rounds for step in steps if step.workload == steps[0].workload] == [3] * 4 + [7] * 4 + [11] * 4
    assert all(0 <= step.done < 1 for step in steps)
    # Added rounds have an order of their own, like any other.
    assert len({tuple(each.workload for each in steps if each.round == number) for number in range(11)}) > 1


def test_rounds_are_added_up_to_the_limit_and_no_further() -> None:
    extension, told = answering(("gain",), ("gain",), most_rounds=8)
    steps = [step for step, _ in Conductor(plan(), Acts(), extension).run()]
    assert max(step.round for step in steps) == 7
    assert [asked.added for asked in told] == [4, 1]


def test_a_plan_that_is_done_is_not_ended_early_any_more() -> None:
    conductor = Conductor(plan(), Acts())
    assert len(list(conductor.run())) == 16
    conductor.stop("interrupted")
    assert not conductor.ended_early


def test_nobody_is_asked_where_the_limit_is_the_plans_or_the_run_was_stopped() -> None:
    extension, told = answering(most_rounds=3)
    assert len(list(Conductor(plan(), Acts(), extension).run())) == 16
    extension, _ = answering()
    conductor = Conductor(plan(), Acts(), extension)
    for step, _ in conductor.run():
        if step.round == 2:
            conductor.stop("interrupted")
    assert told == conductor.additions == []
