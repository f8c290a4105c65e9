"""The Locust user that drains a queue, in which events arrive whether or not it keeps up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import gevent
from gevent import GreenletExit
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING, WorkerRunner

from wiretax.channels.bodies.events import Event
from wiretax.load.users.publishers import TURN_S, FreeUser
from wiretax.terminal import Exit
from wiretax.wire.publishers.caller import Caller, CallResult, MessageLimitError

if TYPE_CHECKING:
    from wiretax.load.client.session import Session
    from wiretax.load.free.windows import FreeRun
    from wiretax.queue.queue import Queue
    from wiretax.wire.slices import Slice

log = logging.getLogger(__name__)


class WatchedCaller(Caller):
    """Marks calls as under way in a run: between calls its user waits for events, and may be stopped."""

    __slots__ = ("_run",)

    def __init__(self, run: FreeRun, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._run = run

    def call(self, events: Sequence[Event]) -> CallResult:
        with self._run.calling():
            return super().call(events)


class FreeQueueUser(FreeUser):
    """One of the publishers of a queue: --rate events per second arrive, whatever the server does, and leave in
    calls of up to --batch-size events, at most --linger after the first of them arrived."""

    abstract = True
    api = "batch"
    drains_queue = True
    _reported_in: ClassVar[Session | None] = None

    def on_start(self) -> None:
        super().on_start()
        if self.barrier is not None:
            return
        if isinstance(self.environment.runner, WorkerRunner):
            if FreeQueueUser._reported_in is not self.session:
                FreeQueueUser._reported_in = self.session
                log.error(
                    "wiretax: QueueUser sends nothing here: its queue needs a single process; run without workers"
                )
            # Unlike StopUser, Locust logs no traceback of it here.
            raise GreenletExit
        run: FreeRun = self.environment.wiretax_free_run
        self.workload = run.queued_workload()

    def publish_freely(self, run: FreeRun) -> None:
        if not run.may_send():
            return
        with run.turn(self.workload) as slice_:
            self.publisher(self.workload)
            connection = self.connections[self.workload.connection_key]
            caller = self.session.caller(connection, slice_, partial(WatchedCaller, run))
            queue = self.session.free_queue(self.workload)
            # At the message limit the run holds all users until Locust stops them.
            with suppress(MessageLimitError):
                queue.drain(caller, slice_, TURN_S)
        if queue.ended:
            # The source is exhausted and no call is under way, so stopping cuts nothing off.
            self._stop_run()
            gevent.sleep(TURN_S)
        self._stop_if_overloaded(slice_, queue)

    def _stop_run(self) -> None:
        runner, options = self.environment.runner, self.environment.parsed_options
        if runner is not None and runner.state not in (STATE_STOPPING, STATE_STOPPED, STATE_CLEANUP):
            gevent.spawn(runner.quit if options is not None and options.headless else runner.stop)

    def _stop_if_overloaded(self, slice_: Slice, queue: Queue) -> None:
        """Stop the run once its queue has reached its bound: no more events arrive, so measuring on is useless."""
        if not slice_.open or slice_.queue is None or not slice_.queue.overloaded:
            return
        if not queue.overload_reported:
            queue.overload_reported = True
            log.error("wiretax: overloaded: %s; lower --rate, or give it more users", slice_.queue.overloaded)
            self.environment.process_exit_code = Exit.INVALID
            self._stop_run()
        gevent.sleep(TURN_S)
