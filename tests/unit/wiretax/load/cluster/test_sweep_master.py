"""A master with workers that are made up: who is waited for, who is named, and what is merged."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import locust_unpatched  # noqa: F401  # before anything else of Locust's
import pytest
from fake_locust import Runner
from gevent.event import Event

import wiretax.load.cluster.registry
import wiretax.load.cluster.sweep_master
from wiretax import __version__
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.load.client.error_policy import Reactions
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import Assignment
from wiretax.load.cluster.report import WorkerReport
from wiretax.load.cluster.sweep_master import SweepMaster
from wiretax.load.plan.plan import Plan
from wiretax.load.plan.reading import parse_plan
from wiretax.load.sweep.conductor import Conductor
from wiretax.load.sweep.executor import ExecutorError
from wiretax.wire.connections.target import Target
from wiretax.wire.ledger import Witness
from wiretax.wire.slices import Slice

PLAN = parse_plan(
    {
        "schema": 1,
        "name": "p",
        "rounds": 3,
        "users": 4,
        "slice": "10ms",
        "timeout": "1s",
        "workload": [{"api": "trigger"}, {"api": "batch", "batch_size": 2}],
    }
)
ASSIGNMENT = Assignment.of(PLAN, [Target(Endpoint("http", "127.0.0.1", 80, DEMO))])
NEVER = Event()


class FakeWorker:
    """Measures one event in each slice, takes its users' witness along, and obeys."""

    def __init__(self, runner: Runner, name: str, version: str = __version__, fingerprint: str = "") -> None:
        self.runner, self.name, self.heard = runner, name, []  # type: ignore[var-annotated]
        self.answers: Callable[[int], bool] = lambda _: True
        self.round_trip_s = 1e-4
        self.held = 0
        self.forgotten_once_stopped = False
        self.allowed: int | None = None
        self.orders: list[dict[str, Any]] = []
        self.queue = lambda _: None  # changes what it reports of a queue
        self._fingerprint = fingerprint or ASSIGNMENT.fingerprint()
        runner.join(name, self, version)

    def hear(self, name: str, data: Any) -> None:
        self.heard.append(name)
        if name == messages.RUN_SLICE:
            self.orders.append(data)
        if name == messages.ASSIGNMENT:
            self._say(messages.READY, {"fingerprint": self._fingerprint})
        elif name == messages.RUN_SLICE and self.answers(data["number"]):
            self.held += 1
            self.allowed = data["messages"]
            self._say(messages.SLICE_OPENED, {"number": data["number"]})
            self._say(messages.SLICE_REPORT, self.settled(data))
        elif name == "stop":
            self.say_final()
            if self.forgotten_once_stopped:
                del self.runner.clients[self.name]

    def say_final(self) -> None:
        self._say(messages.FINAL_REPORT, self.report([]))

    def settled(self, order: dict[str, Any]) -> dict[str, Any]:
        slice_ = Slice(Workload.of(**order["workload"]), order["round"])
        slice_.measured.events = slice_.measured.requests = 1
        slice_.close()
        if slice_.queue is not None:
            self.queue(slice_.queue)
        return {
            "number": order["number"],
            "round_trip_s": self.round_trip_s,
            "problem": "",
            "spent": False,
            **self.report([(slice_, 2)]),
        }

    def report(self, slices: list[tuple[Slice, int]]) -> dict[str, Any]:
        witness = Witness(100 * self.held, 7)
        return WorkerReport(slices, 0.5 * self.held, messages=10 * self.held, witness=witness).as_plain()

    def _say(self, name: str, data: Any) -> None:
        self.runner.say(self.name, name, data)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiretax.load.cluster.registry, "POLL_S", 0.001)
    monkeypatch.setattr(wiretax.load.cluster.sweep_master, "READY_TIMEOUT_S", 0.05)
    monkeypatch.setattr(wiretax.load.cluster.sweep_master, "BEGIN_TIMEOUT_S", 0.05)
    monkeypatch.setattr(wiretax.load.cluster.sweep_master, "FINAL_TIMEOUT_S", 0.05)


def master(runner: Runner, plan: Plan = PLAN) -> SweepMaster:
    return SweepMaster(SimpleNamespace(runner=runner), [ASSIGNMENT], plan.users)  # type: ignore[arg-type]


def test_a_limit_is_shared_out_and_counted_together() -> None:
    runner, message_limit = Runner(), MessageLimit(101)
    message_limit.take(1)
    made = SweepMaster(
        SimpleNamespace(runner=runner),  # type: ignore[arg-type]
        [Assignment.of(PLAN, ASSIGNMENT.targets, limited=True)],
        PLAN.users,
        message_limit=message_limit,
    )
    mark = Assignment.of(PLAN, ASSIGNMENT.targets, limited=True).fingerprint()
    workers = [FakeWorker(runner, name, fingerprint=mark) for name in "ab"]
    made.wait_for_workers(2, least=2)
    made.begin()
    for _ in range(3):
        made.run_slice(PLAN.workloads[0], 0, 0.01, NEVER)
    assert [each.allowed for each in workers] == [50, 50]
    assert message_limit.taken == 1 + 2 * 30


def test_what_an_endpoint_tells_one_worker_is_heard_by_all() -> None:
    runner = Runner()
    made, one, other = two(runner)
    heard: list[object] = []
    made.on_rejected(Reactions(heard.append, heard.append, lambda *limit: heard.append(limit)))
    one.runner.say("a", messages.PAUSE, {"wait_s": 2.0})
    one.runner.say("a", messages.HALT, {"why": "it says no"})
    assert heard == [2.0, "it says no"]
    made.close()
    assert one.heard[-1] == other.heard[-1] == messages.CLOSE_SLICE


def test_one_worker_that_meets_a_limit_ends_the_workload_on_all() -> None:
    runner = Runner()
    made, one, other = two(runner)
    batch = PLAN.workloads[1]

    def meets(name: str, data: Any) -> None:
        if name == messages.RUN_SLICE and data["workload"]["api"] == "batch" and data["round"] == 1:
            limit = {"kind": "rejected", "status": 413, "message": "too large"}
            # The first belongs to a slice that has ended.
            runner.say("b", messages.LIMIT, {"number": data["number"] - 1, **limit, "message": "late"})
            runner.say("b", messages.LIMIT, {"number": data["number"], **limit})

    hear = other.hear
    other.hear = lambda name, data: (meets(name, data), hear(name, data))  # type: ignore[method-assign, func-returns-value]
    conductor = Conductor(PLAN, made)
    made.on_rejected(Reactions(conductor.halt, conductor.pause, conductor.end_workload))
    counted = [
        (step.workload, step.round, [part.slice_.counts for part in held.parts]) for step, held in conductor.run()
    ]
    assert not conductor.ended_early
    assert [(round_, counts) for workload, round_, counts in counted if workload == batch][-2:] == [
        (0, [True, True]),
        (1, [False, False]),
    ]
    assert [round_ for workload, round_, _ in counted if workload != batch] == [-1, 0, 1, 2]
    [skipped] = conductor.skipped
    assert (skipped.workload, skipped.failure.message, skipped.after) == (batch, "too large", 0)
    assert messages.CLOSE_SLICE in one.heard


def two(runner: Runner) -> tuple[SweepMaster, FakeWorker, FakeWorker]:
    made = master(runner)
    workers = FakeWorker(runner, "a"), FakeWorker(runner, "b")
    made.wait_for_workers(2, least=2)
    made.begin()
    return made, *workers


def test_a_plan_is_performed_by_all_and_everything_is_added() -> None:
    runner = Runner()
    made, one, other = two(runner)
    other.round_trip_s = 2e-3
    conductor = Conductor(PLAN, made)
    helds = list(conductor.run())
    assert conductor.ended_early == ""
    assert [[part.worker for part in held.parts] for _, held in helds] == [[0, 1]] * 8
    assert one.held == other.held == 8
    summary = made.end()
    assert runner.has_quit
    assert summary.witness == Witness(1600, 14)
    assert summary.cpu_s == 8.0
    assert (summary.count, summary.warnings, summary.lost, summary.elsewhere) == (2, (), (), True)
    assert [(each["worker"], each["users"], each["state"]) for each in summary.workers] == [
        (0, 2, "finished"),
        (1, 2, "finished"),
    ]


def test_a_worker_that_has_stopped_and_is_not_ready_again_is_told_to_quit() -> None:
    runner = Runner()
    made, one, other = two(runner)
    # As Locust does between two messages of a worker that has stopped.
    one.forgotten_once_stopped = True
    made.end()
    assert runner.has_quit
    assert one.heard[-1] == "quit"
    assert other.heard[-1] == "stop"  # Locust's own quit is made up here


QUEUE = Workload.of("batch", 10, rate=500.0, linger_s=0.01, publishers=3)


def test_a_queue_is_split_by_the_publishers_that_each_worker_has() -> None:
    made, one, other = two(Runner())
    made.run_slice(QUEUE, 0, 0.01, NEVER)
    assert [each.orders[-1]["share"] for each in (one, other)] == [
        {"dealt": (2, 1), "index": 0},
        {"dealt": (2, 1), "index": 1},
    ]
    made.run_slice(PLAN.workloads[0], 0, 0.01, NEVER)
    assert [each.orders[-1]["share"] for each in (one, other)] == [None, None]


def test_a_queue_of_any_rate_is_sent_and_reported_whether_or_not_the_plan_has_it() -> None:
    made, one, _ = two(Runner())
    for rate in (123.456, 1e6):
        result = made.run_slice(QUEUE.replace(rate=rate), 0, 0.01, NEVER)
        assert result.problem == ""
        assert [slice_.workload.arrivals.rate for slice_ in result.slices] == [rate, rate]
        assert one.orders[-1]["workload"]["rate"] == rate


def test_a_full_queue_ends_the_slice_on_all_workers_and_it_counts() -> None:
    runner = Runner()
    made, one, other = two(runner)

    def hear(name: str, data: Any) -> None:
        FakeWorker.hear(one, name, data)
        if name == messages.RUN_SLICE:
            # Of an earlier slice, twice of this one.
            for number in (data["number"] - 1, data["number"], data["number"]):
                runner.say("a", messages.OVERLOADED, {"number": number, "why": "the queue reached its bound"})

    one.hear = hear  # type: ignore[method-assign]
    result = made.run_slice(QUEUE, 0, 0.01, NEVER)
    assert one.heard.count(messages.END_SLICE) == other.heard.count(messages.END_SLICE) == 1
    assert messages.CLOSE_SLICE not in other.heard
    assert all(slice_.counts for slice_ in result.slices)


@pytest.mark.parametrize(
    ("depths", "arrived", "overloaded"),
    [
        # Neither is deeper than it may be alone, and both together grow.
        (([(0.0, 0), (0.5, 60), (1.0, 120)], [(0.0, 0), (0.5, 60), (1.0, 120)]), 200, True),
        # What grows on one shrinks on the other.
        (([(0.0, 0), (0.5, 60), (1.0, 120)], [(0.0, 120), (0.5, 60), (1.0, 0)]), 200, False),
        (([], []), 0, False),
    ],
)
def test_a_queue_is_judged_as_a_whole(depths: tuple[Any, ...], arrived: int, overloaded: bool) -> None:
    made, *workers = two(Runner())
    for worker, of in zip(workers, depths, strict=True):

        def change(tally: Any, of: Any = of) -> None:
            tally.depths, tally.arrived = of, arrived

        worker.queue = change
    found = [each.queue and each.queue.overloaded for each in made.run_slice(QUEUE, 0, 0.01, NEVER).slices]
    assert found == ["the queue grew to 240 events, from 120 half-way"] * 2 if overloaded else found == ["", ""]


def test_the_slowest_workers_round_trip_says_how_long_slices_have_to_be() -> None:
    made, one, other = two(Runner())
    one.round_trip_s, other.round_trip_s = 1e-4, 3e-3
    assert made.run_slice(PLAN.workloads[0], -1, None, NEVER).round_trip_s == 3e-3


def test_a_worker_that_falls_silent_is_named_and_its_slice_does_not_count() -> None:
    runner = Runner()
    made, _, other = two(runner)
    other.answers = lambda number: number < 4
    conductor = Conductor(PLAN, made)
    helds = [held for _, held in conductor.run()]
    assert "worker 1 (elsewhere, process 102) was lost: it did not begin a slice within" in conductor.ended_early
    assert len(helds) == 4
    [alone] = helds[-1].parts
    assert alone.worker == 0
    assert not alone.slice_.counts
    summary = made.end()
    # What it reported before is in the sums, what it did since in none.
    assert summary.witness == Witness(100 * 4 + 100 * 3, 14)
    assert summary.lost[0].startswith("worker 1 ")
    assert [each["state"] for each in summary.workers] == ["finished", "lost"]


def test_a_worker_that_locust_misses_is_not_waited_for() -> None:
    runner = Runner()
    made, one, _ = two(runner)
    runner.clients["a"].state = "missing"
    one.answers = lambda _: False
    assert "sends no heartbeat" in made.run_slice(PLAN.workloads[0], 0, 0.01, NEVER).problem


def test_a_worker_that_leaves_between_slices_ends_the_run_with_all_it_did() -> None:
    runner = Runner()
    made, one, _ = two(runner)
    made.run_slice(PLAN.workloads[0], -1, None, NEVER)
    one.say_final()
    held = made.run_slice(PLAN.workloads[0], 0, 0.01, NEVER)
    assert held.parts == ()
    assert "worker 0 (elsewhere, process 101) left" in held.problem
    summary = made.end()
    assert summary.lost == ()
    assert summary.witness == Witness(200, 14)
    assert "left before the end" in summary.warnings[0]


def test_a_stop_cuts_all_workers_short() -> None:
    runner = Runner()
    made, one, other = two(runner)
    stop = Event()
    stop.set()
    one.answers = other.answers = lambda _: False
    made.run_slice(PLAN.workloads[0], 0, 0.01, stop)
    assert one.heard[-1] == other.heard[-1] == messages.CLOSE_SLICE


@pytest.mark.parametrize(
    ("how", "says"),
    [({"version": "0.0.1"}, "runs wiretax 0.0.1, its master"), ({"fingerprint": "x"}, "would send other bytes")],
)
def test_a_worker_that_would_send_something_else_is_refused(how: dict[str, str], says: str) -> None:
    runner = Runner()
    made = master(runner)
    FakeWorker(runner, "a")
    bad = FakeWorker(runner, "b", **how)
    assert bad.heard[-1] == messages.REFUSED
    made.wait_for_workers(2, least=1)
    made.begin()
    assert [part.worker for part in made.run_slice(PLAN.workloads[0], -1, None, NEVER).parts] == [0]
    summary = made.end()
    assert says in summary.warnings[0]
    assert summary.count == 1
    assert [each["state"] for each in summary.workers] == ["finished", "refused"]


def test_a_late_worker_gets_nothing_to_do() -> None:
    runner = Runner()
    made, _, _ = two(runner)
    late = FakeWorker(runner, "c")
    assert late.heard == [messages.LATE]
    assert len(made.run_slice(PLAN.workloads[0], -1, None, NEVER).parts) == 2
    assert "came late" in made.end().warnings[0]


def test_what_keeps_a_run_from_beginning_is_one_line() -> None:
    runner = Runner()
    made = master(runner)
    FakeWorker(runner, "a", version="0.0.1")
    with pytest.raises(ExecutorError, match=r"0 of 1 workers are ready; worker 0 .*0\.0\.1"):
        made.wait_for_workers(1, least=1)
    runner = Runner()
    made = master(runner)
    for name in "abcde":
        FakeWorker(runner, name)
    with pytest.raises(ExecutorError, match="4 users for 5 workers"):
        made.wait_for_workers(5, least=1)


def nonsense(report: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """What a report may be changed to, and how the master names it."""
    [reported] = report["slices"]
    whole = reported["slice"]
    measured = {**whole["measured"], "requests": -3}
    return [
        ({"slices": [{"slice": {"round": 0}}]}, "missing required field"),
        ({"slices": None}, "Expected `array`, got `null` - at `slices`"),
        ({"cpu_s": "much"}, "Expected `float`, got `str` - at `cpu_s`"),
        ({"messages": -1}, "Expected `int` >= 0 - at `messages`"),
        ({"witness": None}, "no witness"),
        ({"slices": [{**reported, "users": -2}]}, "at `slices[0].users`"),
        (
            {"slices": [{**reported, "slice": {**whole, "measured": measured}}]},
            "Expected `int` >= 0 - at `slices[0].slice.measured.requests`",
        ),
        (
            {"slices": [{**reported, "slice": {**whole, "workload": Workload.of(payload_bytes=7).columns()}}]},
            "a slice of trigger-7B-chat-reference, which this worker was not told to send",
        ),
        ({"slices": [{**reported, "slice": {**whole, "round": 5}}]}, "got slice 1 with rounds [5]"),
        ({"slices": [reported, reported]}, "got slice 1 with rounds [0, 0]"),
        ({"number": 7}, "got slice 7 with rounds [0]"),
        ({"round_trip_s": -1.0}, "at `round_trip_s`"),
    ]


@pytest.mark.parametrize("which", range(12))
def test_a_report_that_makes_no_sense_is_named_and_its_worker_lost(which: int) -> None:
    runner = Runner()
    made, one, _ = two(runner)
    whole = one.settled
    says = []

    def settled(order: dict[str, Any]) -> dict[str, Any]:
        report = whole(order)
        change, words = nonsense(report)[which]
        says.append(words)
        return {**report, **change}

    one.settled = settled  # type: ignore[method-assign]
    held = made.run_slice(PLAN.workloads[0], 0, 0.01, NEVER)
    assert held.problem.startswith("worker 0 (elsewhere, process 101) was lost: its wiretax-slice-report message")
    assert "can't be read" in held.problem
    assert says[0] in held.problem
    [part] = held.parts
    assert part.worker == 1
    assert not part.slice_.counts
    summary = made.end()
    # Nothing of such a report is in the sums.
    assert summary.witness == Witness(100, 7)
    assert held.problem in summary.lost[0]


@pytest.mark.parametrize("data", [None, {}, {"slices": [], "cpu_s": 1.0}, 3])
def test_a_final_report_that_makes_no_sense_is_named(data: object) -> None:
    runner = Runner()
    made, one, _ = two(runner)
    one.say_final = lambda: one.runner.say("a", messages.FINAL_REPORT, data)  # type: ignore[method-assign]
    assert "its wiretax-final-report message can't be read" in made.end().lost[0]


def test_a_hello_that_makes_no_sense_is_refused() -> None:
    runner = Runner()
    made, _, other = two(runner)
    for client_id, data in (("x_1", {"wiretax": __version__}), ("y_2", "hello")):
        runner.workers[client_id] = other
        runner.clients[client_id] = SimpleNamespace(state="ready")
        runner.say(client_id, messages.HELLO, data)
        assert other.heard[-1] == messages.REFUSED
    refused = made.end().warnings
    assert "worker 2 (x, process 0) was refused: its hello can't be read" in refused[0]
    assert "worker 3 (y, process 0) was refused" in refused[1]
