"""The Locust user that drains a queue, in which events arrive whether or not it keeps up."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING

from wiretax.channels.bodies.events import Event
from wiretax.load.users.publishers import TURN_S, FreeUser
from wiretax.wire.publishers.caller import Caller, CallResult, MessageLimitError

if TYPE_CHECKING:
    from wiretax.load.free.windows import FreeRun
    from wiretax.queue.queue import Queue
    from wiretax.wire.slices import Slice


class WatchedCaller(Caller):
    """Marks calls as under way in a run: between calls its user waits for events, and may be stopped."""

    __slots__ = ("_run",)

    def __init__(self, run: FreeRun, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._run = run

    def call(self, events: Sequence[Event], intended_s: Sequence[float] = ()) -> CallResult:
        with self._run.calling():
            return super().call(events, intended_s)


class FreeQueueUser(FreeUser):
    """One of the publishers of a queue: --rate events per second arrive, whatever the server does, and leave in
    calls of up to --batch-size events, at most --linger after the first of them arrived."""

    abstract = True
    api = "batch"
    drains_queue = True

    def on_start(self) -> None:
        super().on_start()
        if self.barrier is not None:
            return
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
        self._stop_if_overloaded(run, slice_, queue)

    def _stop_run(self) -> None:
        runner, options = self.environment.runner, self.environment.parsed_options
        if runner is not None and runner.state not in (STATE_STOPPING, STATE_STOPPED, STATE_CLEANUP):
            gevent.spawn(runner.quit if options is not None and options.headless else runner.stop)

    def _stop_if_overloaded(self, run: FreeRun, slice_: Slice, queue: Queue) -> None:
        """Have the run stopped once its queue has reached its bound."""
        if not slice_.open or slice_.queue is None or not slice_.queue.overloaded:
            return
        if not queue.overload_reported:
            queue.overload_reported = True
            run.on_overloaded(slice_.queue.overloaded)
        gevent.sleep(TURN_S)
