"""A master with workers that are made up: who is waited for, who is named, and what is merged."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from gevent.event import Event

import wiretax.load.cluster.sweep_master
import wiretax.load.cluster.workers
from wiretax import __version__
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import Assignment
from wiretax.load.cluster.sweep_master import SweepMaster
from wiretax.load.plan.plan import Plan, parse_plan
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


class Runner:
    """Stands for Locust's master, and carries messages at once."""

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}
        self.workers: dict[str, FakeWorker] = {}
        self.listeners: dict[str, Callable[..., None]] = {}
        self.has_quit = False
        self.user_count = 0

    def register_message(self, name: str, listener: Callable[..., None]) -> None:
        self.listeners[name] = listener

    def send_message(self, name: str, data: Any = None, client_id: str = "") -> None:
        self.workers[client_id].hear(name, data)

    def say(self, client_id: str, name: str, data: Any) -> None:
        self.listeners[name](msg=SimpleNamespace(node_id=client_id, data=data), environment=None)

    def get_worker_index(self, client_id: str) -> int:
        return list(self.workers).index(client_id)

    def start(self, users: int, spawn_rate: float) -> None:
        self.user_count = users

    def quit(self) -> None:
        self.has_quit = True


class FakeWorker:
    """Measures one event in each slice, takes its users' witness along, and obeys."""

    def __init__(self, runner: Runner, name: str, version: str = __version__, fingerprint: str = "") -> None:
        self.runner, self.name, self.heard = runner, name, []  # type: ignore[var-annotated]
        self.answers: Callable[[int], bool] = lambda _: True
        self.round_trip_s = 1e-4
        self.held = 0
        self.allowed: int | None = None
        self._fingerprint = fingerprint or ASSIGNMENT.fingerprint()
        runner.workers[name] = self
        runner.clients[name] = SimpleNamespace(state="ready")
        self._say(messages.HELLO, {"wiretax": version, "host": "elsewhere", "pid": 100 + len(runner.workers)})

    def hear(self, name: str, data: Any) -> None:
        self.heard.append(name)
        if name == messages.PLAN:
            self._say(messages.READY, {"fingerprint": self._fingerprint})
        elif name == messages.HOLD and self.answers(data["number"]):
            self.held += 1
            self.allowed = data["messages"]
            self._say(messages.BEGUN, {"number": data["number"]})
            self._say(messages.SETTLED, self.settled(data))
        elif name == "stop":
            self.say_final()

    def say_final(self) -> None:
        self._say(messages.FINAL, {"witness": Witness(100 * self.held, 7).as_plain()})

    def settled(self, order: dict[str, Any]) -> dict[str, Any]:
        slice_ = Slice(Workload.of(**order["workload"]), order["round"])
        slice_.measured.events = slice_.measured.requests = 1
        slice_.close()
        return {
            "number": order["number"],
            "users": 2,
            "piece": slice_.as_plain(),
            "round_trip_s": self.round_trip_s,
            "problem": "",
            "witness": Witness(100 * self.held, 7).as_plain(),
            "cpu_s": 0.5,
            "messages": 10 * self.held,
            "spent": False,
        }

    def _say(self, name: str, data: Any) -> None:
        self.runner.say(self.name, name, data)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiretax.load.cluster.workers, "LOOK_S", 0.001)
    monkeypatch.setattr(wiretax.load.cluster.workers, "READY_TIMEOUT_S", 0.05)
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
        made.hold(PLAN.workloads[0], 0, 0.01, NEVER)
    assert [each.allowed for each in workers] == [50, 50]
    assert message_limit.taken == 1 + 2 * 30


def test_what_an_endpoint_tells_one_worker_is_heard_by_all() -> None:
    runner = Runner()
    made, one, other = two(runner)
    heard: list[object] = []
    made.on_rejected(heard.append, heard.append)
    one.runner.say("a", messages.WAIT, {"wait_s": 2.0})
    one.runner.say("a", messages.HALT, {"why": "it says no"})
    assert heard == [2.0, "it says no"]
    made.close()
    assert one.heard[-1] == other.heard[-1] == messages.CUT


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
    said = made.end()
    assert runner.has_quit
    assert said.witness == Witness(1600, 14)
    assert said.cpu_s == 8.0
    assert (said.count, said.warnings, said.lost, said.elsewhere) == (2, (), (), True)
    assert [(each["worker"], each["users"], each["state"]) for each in said.workers] == [
        (0, 2, "finished"),
        (1, 2, "finished"),
    ]


def test_the_slowest_workers_round_trip_says_how_long_slices_have_to_be() -> None:
    made, one, other = two(Runner())
    one.round_trip_s, other.round_trip_s = 1e-4, 3e-3
    assert made.hold(PLAN.workloads[0], -1, None, NEVER).round_trip_s == 3e-3


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
    said = made.end()
    # What it reported before is in the sums, what it did since in none.
    assert said.witness == Witness(100 * 4 + 100 * 3, 14)
    assert said.lost[0].startswith("worker 1 ")
    assert [each["state"] for each in said.workers] == ["finished", "lost"]


def test_a_worker_that_locust_misses_is_not_waited_for() -> None:
    runner = Runner()
    made, one, _ = two(runner)
    runner.clients["a"].state = "missing"
    one.answers = lambda _: False
    assert "nothing is heard from it" in made.hold(PLAN.workloads[0], 0, 0.01, NEVER).problem


def test_a_worker_that_leaves_between_slices_ends_the_run_with_all_it_did() -> None:
    runner = Runner()
    made, one, _ = two(runner)
    made.hold(PLAN.workloads[0], -1, None, NEVER)
    one.say_final()
    held = made.hold(PLAN.workloads[0], 0, 0.01, NEVER)
    assert held.parts == ()
    assert "worker 0 (elsewhere, process 101) left" in held.problem
    said = made.end()
    assert said.lost == ()
    assert said.witness == Witness(200, 14)
    assert "left before the end" in said.warnings[0]


def test_a_stop_cuts_all_workers_short() -> None:
    runner = Runner()
    made, one, other = two(runner)
    stop = Event()
    stop.set()
    one.answers = other.answers = lambda _: False
    made.hold(PLAN.workloads[0], 0, 0.01, stop)
    assert one.heard[-1] == other.heard[-1] == messages.CUT


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
    assert [part.worker for part in made.hold(PLAN.workloads[0], -1, None, NEVER).parts] == [0]
    said = made.end()
    assert says in said.warnings[0]
    assert said.count == 1
    assert [each["state"] for each in said.workers] == ["finished", "refused"]


def test_a_late_worker_gets_nothing_to_do() -> None:
    runner = Runner()
    made, _, _ = two(runner)
    late = FakeWorker(runner, "c")
    assert late.heard == [messages.LATE]
    assert len(made.hold(PLAN.workloads[0], -1, None, NEVER).parts) == 2
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


def test_an_answer_that_cannot_be_read_is_a_lost_worker() -> None:
    runner = Runner()
    made, one, _ = two(runner)
    whole = one.settled
    one.settled = lambda order: {**whole(order), "piece": {"round": 0}}  # type: ignore[method-assign]
    held = made.hold(PLAN.workloads[0], 0, 0.01, NEVER)
    assert "can't be read" in held.problem
    assert [part.worker for part in held.parts] == [1]
