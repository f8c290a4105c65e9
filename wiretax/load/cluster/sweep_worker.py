"""A worker's side of a sweep: it holds the slices its master tells it to, and reports what they held."""

from __future__ import annotations

import gc
import logging
import os
import socket
from time import process_time
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import WorkerRunner

from wiretax import __version__
from wiretax.channels.workload import Workload
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.error_policy import ErrorPolicy
from wiretax.load.client.message_limit import SPENT, MessageLimit
from wiretax.load.client.session import Session
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import Assignment, AssignmentError
from wiretax.load.cluster.parent_watch import end_with_parent
from wiretax.load.free.stopping import stop_once_at_a_time
from wiretax.load.sweep.executor import SliceRunner
from wiretax.terminal import Exit
from wiretax.wire.slices import Slice

# A slice that is cut when the worker is told to leave still has to come to rest.
LEAVE_TIMEOUT_S = 15.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
log = logging.getLogger(__name__)


class SweepWorker:
    """Set up once in a worker's process, when Locust is ready."""

    def __init__(self, environment: Environment) -> None:
        runner = environment.runner
        assert isinstance(runner, WorkerRunner)
        self._environment = environment
        self._runner: Any = runner
        self._session: Session | None = None
        self._barrier = SliceBarrier(0)
        self._cut = Event()
        self._resting = Event()
        self._resting.set()
        self._final = self._asked = False
        self._message_limit: MessageLimit | None = None
        stop_once_at_a_time(self._runner)
        for name, listener in (
            (messages.PLAN, self._prepare),
            (messages.REFUSED, self._leave_refused),
            (messages.LATE, self._stand_by),
            (messages.HOLD, self._hold),
            (messages.CUT, self._cut_short),
        ):
            # A listener that waits would keep Locust from hearing the next message.
            self._runner.register_message(name, listener, concurrent=True)
        hooks: Any = environment.events
        hooks.test_stop.add_listener(self._say_final)
        hooks.quitting.add_listener(self._leave)
        end_with_parent(environment)
        self._greeting = gevent.spawn(self._greet)

    def _say(self, name: str, data: dict[str, Any]) -> None:
        self._runner.send_message(name, data)

    def _greet(self) -> None:
        """Until the master, which may still be about to set itself up, answers."""
        hello = {"wiretax": __version__, "host": socket.gethostname(), "pid": os.getpid()}
        pause_s = FIRST_PAUSE_S
        while True:
            self._say(messages.HELLO, hello)
            gevent.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _prepare(self, msg: Any, **_: Any) -> None:
        self._greeting.kill()
        try:
            assignment = Assignment.of_plain(msg.data)
            fingerprint = assignment.fingerprint()
        except AssignmentError as error:
            self._say(messages.REFUSED, {"why": str(error)})
            return
        message_limit = self._message_limit = MessageLimit(0) if assignment.limited else None
        session = self._session = Session(assignment.targets, assignment.seed, assignment.timeout_s, message_limit)
        session.on_rejected = ErrorPolicy(self._ask_to_end, self._ask_to_wait).on_rejected
        if message_limit is not None:
            message_limit.on_spent = self._say_spent
        for workload in assignment.workloads:
            session.source(workload)
        self._slice_runner = SliceRunner(self._barrier, assignment.slice_s, assignment.timeout_s)
        self._environment.wiretax_session = session  # type: ignore[attr-defined]
        self._environment.wiretax_barrier = self._barrier  # type: ignore[attr-defined]
        # What exists now stays for the whole run; the collector need not walk through it during a slice.
        gc.collect()
        gc.freeze()
        self._say(messages.READY, {"fingerprint": fingerprint})

    def _leave_refused(self, msg: Any, **_: Any) -> None:
        self._greeting.kill()
        log.error("wiretax: the master does not take this worker: %s", msg.data["why"])
        self._environment.process_exit_code = Exit.USAGE
        self._runner.quit()

    def _stand_by(self, **_: Any) -> None:
        self._greeting.kill()
        log.warning("wiretax: this worker came late: the run had begun, and is not added to")

    def _hold(self, msg: Any, **_: Any) -> None:
        number, lasting_s = msg.data["number"], msg.data["lasting_s"]
        assert self._session is not None
        self._resting.clear()
        self._cut.clear()
        self._asked = False
        if self._message_limit is not None:
            self._message_limit.limit = msg.data["messages"]
        busy_s = process_time()
        users = self._runner.user_count
        self._barrier.expect(users)
        slice_ = Slice(Workload.of(**msg.data["workload"]), msg.data["round"])
        round_trip_s, problem = self._slice_runner.hold(
            slice_, lasting_s, self._cut, opened=lambda: self._say(messages.BEGUN, {"number": number})
        )
        self._say(
            messages.SETTLED,
            {
                "number": number,
                "users": users,
                "piece": slice_.as_plain(),
                "round_trip_s": round_trip_s,
                "problem": problem,
                "witness": self._session.witness().as_plain(),
                "cpu_s": process_time() - busy_s,
                "messages": 0 if self._message_limit is None else self._message_limit.taken,
                "spent": self._message_limit is not None and self._message_limit.spent,
            },
        )
        self._resting.set()

    def _cut_short(self, **_: Any) -> None:
        self._barrier.close()
        self._cut.set()

    def _say_spent(self) -> None:
        self._cut_short()
        self._say(messages.HALT, {"why": SPENT})

    def _ask_to_end(self, why: str) -> None:
        self._ask(messages.HALT, {"why": why})

    def _ask_to_wait(self, seconds: float) -> None:
        self._ask(messages.WAIT, {"wait_s": seconds})

    def _ask(self, name: str, data: dict[str, Any]) -> None:
        """Once a slice: an endpoint that says no says it with each answer."""
        if not self._asked:
            self._asked = True
            self._say(name, data)

    def _say_final(self, **_: Any) -> None:
        """All users have left, and closed their connections."""
        if self._session is not None and not self._final:
            self._final = True
            self._session.close()
            self._say(messages.FINAL, {"witness": self._session.witness().as_plain()})

    def _leave(self, **_: Any) -> None:
        """Locust quits, told by somebody else than the master: come to rest first. It runs before Locust's own
        listener, which says goodbye."""
        self._cut.set()
        self._resting.wait(LEAVE_TIMEOUT_S)
        self._runner.stop()
        gevent.sleep(0)
