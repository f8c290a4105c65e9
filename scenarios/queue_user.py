"""The Locust user that drains a queue, in which events arrive on a clock of their own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent
from locust.exception import StopUser
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING, WorkerRunner

from scenarios.budget import BudgetSpentError
from scenarios.users import HOLD_NS, FreeUser
from wiretax.channels.events import Event
from wiretax.terminal import Exit
from wiretax.wire.caller import Call, Caller

if TYPE_CHECKING:
    from scenarios.free_run import FreeRun
    from wiretax.wire.slices import Slice

log = logging.getLogger(__name__)


class WatchedCaller(Caller):
    """Tells a run of each call. Between calls its user waits for events, and may be stopped."""

    __slots__ = ("_run",)

    def __init__(self, run: FreeRun, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._run = run

    def call(self, events: Sequence[Event]) -> Call:
        with self._run.calling():
            return super().call(events)


class QueueUser(FreeUser):
    """One of the publishers of a queue: --rate events a second arrive, whatever the server does, and leave in
    calls of --batch-size at most, --linger after their first at the latest."""

    api = "batch"

    def on_start(self) -> None:
        super().on_start()
        if self.stage is None and isinstance(self.environment.runner, WorkerRunner):
            log.error("wiretax: QueueUser has a queue, which one process holds: run it without workers")
            raise StopUser
        if self.stage is None:
            run: FreeRun = self.environment.wiretax_free_run
            self.workload = run.queued_workload()

    def publish_freely(self, run: FreeRun) -> None:
        if not run.may_send():
            return
        until_s = monotonic() + HOLD_NS / 1e9
        with run.turn(self.workload) as piece:
            self.publisher(self.workload)
            connection = self.connections[self.workload.way]
            caller = self.session.caller(connection, piece, partial(WatchedCaller, run))
            queue = self.session.open_queue(self.workload)
            # All users are held by then, until Locust stops them.
            with suppress(BudgetSpentError):
                queue.drain(caller, piece, until_s)
        if queue.ended:
            self._stop_at_the_end(queue.error)
        self._stop_if_overloaded(piece)

    def _stop_at_the_end(self, error: str) -> None:
        """The events of a file end; those of another source where it can't be read any more."""
        if error and self.environment.process_exit_code is None:
            log.error("wiretax: %s", error)
            self.environment.process_exit_code = Exit.INVALID
        self._stop()
        gevent.sleep(HOLD_NS / 1e9)

    def _stop(self) -> None:
        runner, options = self.environment.runner, self.environment.parsed_options
        if runner is not None and runner.state not in (STATE_STOPPING, STATE_STOPPED, STATE_CLEANUP):
            gevent.spawn(runner.quit if options is not None and options.headless else runner.stop)

    def _stop_if_overloaded(self, piece: Slice) -> None:
        """A queue at its bound takes no more events, so there is nothing more to measure."""
        if not piece.open or piece.queue is None or not piece.queue.overloaded:
            return
        if self.environment.process_exit_code is None:
            log.error("wiretax: overloaded: %s; lower --rate, or give it more users", piece.queue.overloaded)
            self.environment.process_exit_code = Exit.INVALID
            self._stop()
        gevent.sleep(HOLD_NS / 1e9)
