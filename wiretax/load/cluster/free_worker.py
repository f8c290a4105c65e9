"""A worker's side of a free run: what its users measured goes to the master with Locust's own reports."""

from __future__ import annotations

import logging
import os
import socket
from time import process_time
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import WorkerRunner

from wiretax import __version__
from wiretax.channels.profiles import ProfileError
from wiretax.load.client.error_policy import ErrorPolicy
from wiretax.load.client.message_limit import SPENT, MessageLimit
from wiretax.load.client.session import Session
from wiretax.load.client.stats_feed import StatsFeed, outside_listener
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import AssignmentError, target_of_plain
from wiretax.load.cluster.parent_watch import end_with_parent
from wiretax.load.free.options import FreeRunOptions, OptionError
from wiretax.load.free.stopping import drain, on_interrupt, stop_once_at_a_time
from wiretax.load.free.windows import FreeRun
from wiretax.runs.record import RunRecord
from wiretax.terminal import Exit
from wiretax.wire.slices import Slice

log = logging.getLogger(__name__)


class Outbox(RunRecord):
    """Keeps what is added until it is sent.

    Attributes:
        slices_left: slices as plain data, with how many users each had.
    """

    def __init__(self) -> None:
        super().__init__()
        self.slices_left: list[dict[str, Any]] = []

    def add(self, slice_: Slice, users: int, worker: int = 0) -> None:
        self.slices_left.append({"piece": slice_.as_plain(), "users": users})

    def take(self) -> list[dict[str, Any]]:
        """All that was not taken yet."""
        taken, self.slices_left = self.slices_left, []
        return taken


class FreeWorker:
    """Set up once in a worker's process; started and stopped by its master with each test."""

    def __init__(self, environment: Environment) -> None:
        assert isinstance(environment.runner, WorkerRunner)
        self._environment: Any = environment
        self._runner: Any = environment.runner
        self._run: FreeRun | None = None
        self._outbox = Outbox()
        stop_once_at_a_time(self._runner)
        hooks: Any = environment.events
        hooks.test_start.add_listener(self._start)
        hooks.report_to_master.add_listener(self._report)
        hooks.test_stopping.add_listener(self._stopping)
        hooks.test_stop.add_listener(self._stop)
        hooks.quitting.add_listener(self._leave)
        self._runner.register_message(messages.REFUSED, self._quit, concurrent=True)
        on_interrupt(self._leave, self._hurry)
        end_with_parent(environment)

    def _start(self, **_: Any) -> None:
        """A test begins; the master's options have come with the order."""
        parsed = self._environment.parsed_options
        hello = {"wiretax": __version__, "host": socket.gethostname(), "pid": os.getpid()}
        self._runner.send_message(messages.HELLO, hello)
        try:
            assigned = _assigned(parsed)
            target = target_of_plain(assigned["target"])
            options = FreeRunOptions.of(parsed, target.tls)
        except (AssignmentError, OptionError, ProfileError) as error:
            log.error("wiretax: this worker can't take part: %s", error)
            self._runner.send_message(messages.REFUSED, {"why": str(error)})
            self._environment.process_exit_code = Exit.USAGE
            # Before its users begin, which Locust starts next.
            gevent.spawn(self._runner.quit)
            return
        shares = assigned["shares"]
        message_limit = self._message_limit = (
            None if shares is None else MessageLimit(shares.get(self._runner.client_id, 0))
        )
        session = self._session = Session([target], assigned["seed"], assigned["timeout_s"], message_limit)
        session.listener = outside_listener(self._environment)
        feed = StatsFeed(self._environment) if session.listener is None else None
        self._busy_s = process_time()
        self._timeout_s = assigned["timeout_s"]
        self._run = FreeRun(options, feed)
        self._outbox = self._run.record = Outbox()
        session.on_rejected = ErrorPolicy(self._halt, self._run.hold).on_rejected
        if message_limit is not None:
            message_limit.on_spent = lambda: self._halt(SPENT)
        self._environment.wiretax_session = session
        self._environment.wiretax_barrier, self._environment.wiretax_free_run = None, self._run

    def _report(self, data: dict[str, Any], **_: Any) -> None:
        slices = self._outbox.take()
        if slices:
            data[messages.REPORT] = {"slices": slices, "cpu_s": process_time() - self._busy_s}

    def _stopping(self, **_: Any) -> None:
        """Users are about to be stopped."""
        if self._run is not None:
            drain(self._runner, self._run, self._timeout_s)

    def _hurry(self) -> None:
        if self._run is not None:
            self._run.hurry()

    def _stop(self, **_: Any) -> None:
        """All users have left, and closed their connections."""
        if self._run is None:
            return
        run, self._run = self._run, None
        run.finish()
        self._session.close()
        last = {
            "slices": self._outbox.take(),
            "cpu_s": process_time() - self._busy_s,
            "witness": self._session.witness().as_plain(),
            "messages": 0 if self._message_limit is None else self._message_limit.taken,
            "pauses": run.pauses.as_dict(),
        }
        # Before the last word, after which the master waits for nothing more.
        self._runner._send_stats()
        self._runner.send_message(messages.FINAL, last)

    def _halt(self, why: str) -> None:
        """Nothing more is sent from here; the master ends the test."""
        if self._run is not None and not self._run.ended_early:
            self._run.halt(why)
            self._runner.send_message(messages.HALT, {"why": why})

    def _leave(self, **_: Any) -> None:
        """Locust quits: say the last word before it says goodbye, which it does after this."""
        self._runner.stop()

    def _quit(self, msg: Any, **_: Any) -> None:
        log.error("wiretax: the master does not take this worker: %s", msg.data["why"])
        self._environment.process_exit_code = Exit.USAGE
        self._runner.quit()


def _assigned(parsed: Any) -> dict[str, Any]:
    """What the master added to its options.

    Raises:
        AssignmentError: where it is of another version.
    """
    assigned = getattr(parsed, messages.ASSIGNED, None) or {"wiretax": "no version that says so"}
    if assigned["wiretax"] != __version__:
        raise AssignmentError(
            f"it runs wiretax {__version__}, its master {assigned['wiretax']}; install the same on both"
        )
    return dict(assigned)
