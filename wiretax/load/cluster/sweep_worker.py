"""A worker's side of a sweep: it runs the slices its master orders, and reports what it measured."""

from __future__ import annotations

import gc
import logging
from time import process_time
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment

from wiretax.channels.workload import Workload
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.error_policy import Reactions
from wiretax.load.client.message_limit import SPENT
from wiretax.load.client.outside_listener import outside_listener
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import Assignment, AssignmentError
from wiretax.load.cluster.worker import Worker
from wiretax.load.sweep.executor import SliceRunner
from wiretax.queue.sources.share import Share
from wiretax.wire.slices import Slice

# When the worker quits, its open slice still has to settle.
SETTLE_TIMEOUT_S = 15.0
FIRST_HELLO_S = 0.1
LONGEST_HELLO_S = 5.0
log = logging.getLogger(__name__)


class SweepWorker(Worker):
    """Sends what its master assigns, one slice at a time."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._barrier = SliceBarrier(0)
        self._closing = Event()
        self._settled = Event()
        self._settled.set()
        self._finished = self._has_told = False
        self._number = 0
        self._slice: Slice | None = None
        self._cpu_s = 0.0
        for name, listener in (
            (messages.ASSIGNMENT, self._prepare),
            (messages.LATE, self._stay_idle),
            (messages.RUN_SLICE, self._run_slice),
            (messages.CLOSE_SLICE, self._close_slice),
            (messages.END_SLICE, self._end_slice),
        ):
            self._runner.register_message(name, listener, concurrent=True)
        hooks: Any = environment.events
        hooks.test_stop.add_listener(self._finish)
        hooks.quitting.add_listener(self._leave)
        self._greeting = gevent.spawn(self._greet)

    def _publishes(self) -> bool:
        return not self._settled.is_set()

    def _greet(self) -> None:
        """Say hello until the master, which may not be set up yet, answers."""
        pause_s = FIRST_HELLO_S
        while True:
            self._send_hello()
            gevent.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_HELLO_S)

    def _prepare(self, msg: Any, **_: Any) -> None:
        self._greeting.kill()
        try:
            assignment = Assignment.of_plain(msg.data)
            fingerprint = assignment.fingerprint()
        except AssignmentError as error:
            self._refuse(error)
            return
        session = self._open_session(
            assignment.targets,
            assignment.seed,
            assignment.timeout_s,
            0 if assignment.limited else None,
            Reactions(
                self._halt,
                lambda wait_s: self._tell_once(messages.PAUSE, {"wait_s": wait_s}),
                lambda _, failure: self._tell_once(messages.LIMIT, {"number": self._number, **failure._asdict()}),
            ),
        )
        session.listener = outside_listener(self._environment)
        for workload in assignment.workloads:
            session.source(workload)
        self._slice_runner = SliceRunner(self._barrier, assignment.slice_s, assignment.timeout_s)
        self._environment.wiretax_barrier = self._barrier
        # What exists now stays for the whole run; the collector need not walk through it during a slice.
        gc.collect()
        gc.freeze()
        self._send(messages.READY, {"fingerprint": fingerprint})

    def _quit_refused(self, msg: Any, **_: Any) -> None:
        self._greeting.kill()
        super()._quit_refused(msg)

    def _stay_idle(self, **_: Any) -> None:
        self._greeting.kill()
        log.warning("wiretax: this worker came late: the run began without it, so it stays idle")

    def _run_slice(self, msg: Any, **_: Any) -> None:
        number, lasting_s = msg.data["number"], msg.data["lasting_s"]
        self._number = number
        assert self._session is not None
        self._settled.clear()
        self._closing.clear()
        self._has_told = False
        if self._message_limit is not None:
            self._message_limit.limit = msg.data["messages"]
        busy_s = process_time()
        users = self._runner.user_count
        self._barrier.expect(users)
        workload = Workload.of(**msg.data["workload"])
        # One that is not in the plan is prepared before its slice opens, as those of the plan are.
        self._session.source(workload)
        slice_ = self._slice = Slice(workload, msg.data["round"])
        if msg.data["share"] is not None:
            self._session.split_queues(Share(tuple(msg.data["share"]["dealt"]), msg.data["share"]["index"]))
            slice_.when_closed.append(self._tell_overloaded)
        done = self._slice_runner.run(
            slice_, lasting_s, self._closing, opened=lambda: self._send(messages.SLICE_OPENED, {"number": number})
        )
        self._cpu_s += process_time() - busy_s
        self._send(
            messages.SLICE_REPORT,
            {
                "number": number,
                "round_trip_s": done.round_trip_s,
                "problem": done.problem,
                "spent": self._message_limit is not None and self._message_limit.spent,
                **self._report(
                    [(each, users) for each in done.slices], self._cpu_s, witness=self._session.witness()
                ),
            },
        )
        self._settled.set()

    def _end_slice(self, msg: Any, **_: Any) -> None:
        """A worker's queue reached its bound: the slice ends everywhere, as it would with one queue."""
        slice_ = self._slice
        if slice_ is not None and slice_.queue is not None and slice_.open and msg.data["number"] == self._number:
            slice_.queue.overloaded = slice_.queue.overloaded or msg.data["why"]

    def _tell_overloaded(self) -> None:
        """The slice closes: tell the master if its queue reached its bound, so that it closes everywhere."""
        assert self._slice is not None
        assert self._slice.queue is not None
        if self._slice.queue.overloaded:
            overloaded = {"number": self._number, "why": self._slice.queue.overloaded}
            self._tell_once(messages.OVERLOADED, overloaded)

    def _close_slice(self, **_: Any) -> None:
        if self._session is not None:
            self._session.slice_queues.cut()
        self._barrier.close()
        self._closing.set()

    def _halt(self, why: str) -> None:
        if why == SPENT:  # which is told once anyway
            self._close_slice()
            self._send(messages.HALT, {"why": why})
        else:
            self._tell_once(messages.HALT, {"why": why})

    def _tell_once(self, name: str, data: dict[str, Any]) -> None:
        """Send a message once per slice: an endpoint rejects call after call."""
        if not self._has_told:
            self._has_told = True
            self._send(name, data)

    def _finish(self, **_: Any) -> None:
        """All users have left, and closed their connections."""
        if self._session is not None and not self._finished:
            self._finished = True
            self._session.close()
            self._send(messages.FINAL_REPORT, self._report([], self._cpu_s, witness=self._session.witness()))
        # A slice that is still open, since the master gave this worker up, waits for users that are gone.
        self._closing.set()
        self._barrier.expect(0)

    def _leave(self, **_: Any) -> None:
        """Locust quits, told by something other than the master: settle the slice first. This runs before Locust's
        own listener, which tells the master that the worker quits."""
        self._closing.set()
        self._settled.wait(SETTLE_TIMEOUT_S)
        super()._leave()
        gevent.sleep(0)
