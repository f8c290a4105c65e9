"""How a test in Locust ends: no call begins after the stop, and none is cut off, whatever the ramp-up does."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import locust_unpatched  # noqa: F401
import pytest
from gevent.event import Event
from locust.env import Environment
from locust.runners import STATE_STOPPED, LocalRunner

from wiretax.channels.workload import Workload
from wiretax.load.free.stopping import MasterRamp, drain, end_test, stop_once_at_a_time
from wiretax.load.free.windows import FreeRun
from wiretax.load.users.publishers import FreeUser
from wiretax.wire.slices import Slice

WORKLOAD = Workload.of()
# Reached by no test that passes.
LONG_S = 30.0


class TriggerUser(FreeUser):
    """As in the locustfile."""

    api = "trigger"


class Server:
    """Answers when it is told to. It is a session's publisher, too.

    Attributes:
        begun: calls that began.
        ended: calls that ended with an answer.
        cut: calls whose user was killed.
    """

    def __init__(self) -> None:
        self.begun = self.ended = self.cut = 0
        self.answers = Event()
        self.changed = Event()
        self.timeout_s = LONG_S

    def publish(self, source: Any, slice_: Slice, until_ns: int, listener: Any) -> None:
        self.begun += 1
        self.changed.set()
        try:
            self.answers.wait()
        except BaseException:
            self.cut += 1
            raise
        self.ended += 1

    def wait_for(self, calls: int) -> None:
        with gevent.Timeout(LONG_S):
            while self.begun < calls:
                self.changed.clear()
                self.changed.wait()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def runner(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRunner]:
    """A test that can be started, of users whose calls the server answers."""
    monkeypatch.setattr(TriggerUser, "publisher", lambda *_: server)
    monkeypatch.setattr(TriggerUser, "wait_time", lambda _: 0)
    environment: Any = Environment(user_classes=[TriggerUser])
    environment.wiretax_session = SimpleNamespace(
        source=lambda _: None, listener=None, publish_log=None, timeout_s=LONG_S
    )
    options: Any = SimpleNamespace(workload=lambda _: WORKLOAD)
    environment.wiretax_free_run = run = FreeRun(options, None)
    made = environment.create_local_runner()
    environment.events.test_stopping.add_listener(lambda **_: drain(made, run, LONG_S))
    yield made
    run.hurry()
    made.quit()
    run.finish()


def run_of(runner: LocalRunner) -> FreeRun:
    run: FreeRun = runner.environment.wiretax_free_run  # type: ignore[attr-defined]
    return run


def pass_on(turns: int = 20) -> None:
    """Let all others go on."""
    for _ in range(turns):
        gevent.sleep(0)


def test_a_stop_during_the_ramp_up_ends_calls_before_users_and_starts_nobody(
    runner: LocalRunner, server: Server
) -> None:
    runner.start(50, spawn_rate=2)  # two now, two in a second
    server.wait_for(2)
    stopping = gevent.spawn(runner.stop)
    while not run_of(runner).stopped:
        gevent.sleep(0)
    pass_on()
    assert not stopping.ready()
    assert runner.spawning_greenlet is not None
    assert runner.spawning_greenlet.dead
    # A user that comes now, by whomever, sends nothing.
    runner.spawn_users({"TriggerUser": 1})
    pass_on()
    assert server.begun == 2
    server.answers.set()
    stopping.join(LONG_S)
    assert runner.state == STATE_STOPPED
    assert (runner.user_count, server.begun, server.ended, server.cut) == (0, 2, 2, 0)


def test_what_takes_longer_than_the_stop_timeout_is_cut_off(
    runner: LocalRunner, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    runner.environment.stop_timeout = 0.01
    runner.start(2, spawn_rate=2)
    server.wait_for(2)
    end_test(runner)
    assert (runner.user_count, server.ended, server.cut) == (0, 0, 2)
    assert "did not end within 0.01 s" in caplog.text
    # There is nothing to end any more.
    end_test(runner)


def test_a_second_ctrl_c_does_not_wait_for_calls(runner: LocalRunner, server: Server) -> None:
    runner.start(2, spawn_rate=2)
    server.wait_for(2)
    stopping = gevent.spawn(runner.stop)
    while not run_of(runner).stopped:
        gevent.sleep(0)
    run_of(runner).hurry()
    stopping.join(LONG_S)
    assert (runner.user_count, server.ended, server.cut) == (0, 0, 2)


def test_fewer_users_cut_no_call_off(runner: LocalRunner, server: Server) -> None:
    runner.start(2, spawn_rate=2)
    server.wait_for(2)
    runner.start(1, spawn_rate=2)
    with gevent.Timeout(LONG_S):
        while not run_of(runner)._dismissed:
            gevent.sleep(0)
    assert runner.user_count == 2
    server.answers.set()
    with gevent.Timeout(LONG_S):
        while runner.user_count == 2:
            gevent.sleep(0)
    assert server.cut == 0
    server.wait_for(4)  # the one that is left goes on


def test_a_test_may_be_stopped_from_within_a_users_call(runner: LocalRunner, server: Server) -> None:
    run = run_of(runner)
    stopped = Event()

    def user() -> None:
        with run.turn(WORKLOAD), run.calling():
            run.stop()
            assert run.wait_until_idle(LONG_S)
            stopped.set()

    gevent.spawn(user)
    assert stopped.wait(LONG_S)


def test_a_held_user_is_refused_at_once_when_the_run_is_stopped(runner: LocalRunner) -> None:
    run = run_of(runner)
    run.pause(3600.0)
    asking = gevent.spawn(run.may_send)
    pass_on()
    assert not asking.ready()
    run.stop()
    assert asking.get(timeout=LONG_S) is False


def test_a_masters_ramp_up_tells_no_worker_of_users_after_the_stop() -> None:
    told: list[int] = []

    def start(users: int, spawn_rate: float) -> None:
        for number in range(users):
            told.append(number)
            gevent.sleep(0)

    master: Any = SimpleNamespace(start=start)
    ramp = MasterRamp(master)
    ramp.stop()  # there is none yet
    others = Event()

    def heartbeat() -> None:
        # Locust calls it from greenlets that have to live on.
        master.start(1_000_000, spawn_rate=1)
        others.set()

    gevent.spawn(heartbeat)
    while len(told) < 3:
        gevent.sleep(0)
    ramp.stop()
    count = len(told)
    assert others.wait(LONG_S)
    pass_on()
    assert len(told) == count
    # The next test's is another.
    master.start(2, spawn_rate=1)
    assert len(told) == count + 2


def test_a_workers_order_to_stop_is_carried_out_once_what_ctrl_c_began_is_over() -> None:
    """Else Locust would tell the master that the worker has stopped before its last word is out."""
    said: list[str] = []
    under_way, answered = Event(), Event()

    def stop() -> None:
        if not under_way.is_set():
            under_way.set()
            answered.wait()
            said.append("last word")

    worker: Any = SimpleNamespace(stop=stop)
    stop_once_at_a_time(worker)

    def carry_out_the_order() -> None:
        worker.stop()
        said.append("stopped")

    stops = [gevent.spawn(worker.stop), gevent.spawn(carry_out_the_order)]
    assert under_way.wait(LONG_S)
    pass_on()
    answered.set()
    gevent.joinall(stops, timeout=LONG_S, raise_error=True)
    assert said == ["last word", "stopped"]
