"""The Locust user that drains a queue, in which events arrive on a clock of their own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

import gevent
from gevent import GreenletExit
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING, WorkerRunner

from wiretax.channels.bodies.events import Event
from wiretax.load.free.options import OptionError
from wiretax.load.users.publishers import HOLD_NS, FreeUser
from wiretax.terminal import Exit
from wiretax.wire.publishers.caller import Call, Caller, MessageLimitError

if TYPE_CHECKING:
    from argparse import Namespace

    from locust import User

    from wiretax.load.client.session import Session
    from wiretax.load.free.windows import FreeRun
    from wiretax.queue.external import ExternalSource
    from wiretax.queue.external_queue import ExternalQueue
    from wiretax.queue.free_queue import FreeQueue
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
    _reported_in: ClassVar[Session | None] = None

    def on_start(self) -> None:
        super().on_start()
        if self.barrier is None and isinstance(self.environment.runner, WorkerRunner):
            if QueueUser._reported_in is not self.session:
                QueueUser._reported_in = self.session
                log.error(
                    "wiretax: QueueUser sends nothing here: its queue needs a single process; run without workers"
                )
            # Unlike StopUser, Locust logs no traceback of it here.
            raise GreenletExit
        if self.barrier is None:
            run: FreeRun = self.environment.wiretax_free_run
            self.workload = run.queued_workload()

    def publish_freely(self, run: FreeRun) -> None:
        if not run.may_send():
            return
        until_s = monotonic() + HOLD_NS / 1e9
        with run.turn(self.workload) as slice_:
            self.publisher(self.workload)
            connection = self.connections[self.workload.connection_key]
            caller = self.session.caller(connection, slice_, partial(WatchedCaller, run))
            queue = self.session.free_queue(self.workload)
            # All users are held by then, until Locust stops them.
            with suppress(MessageLimitError):
                queue.drain(caller, slice_, until_s)
        if queue.ended:
            # The source is drained and no call is under way, so nothing is cut off.
            self._stop()
            gevent.sleep(HOLD_NS / 1e9)
        self._stop_if_overloaded(slice_, queue)

    def _stop(self) -> None:
        runner, options = self.environment.runner, self.environment.parsed_options
        if runner is not None and runner.state not in (STATE_STOPPING, STATE_STOPPED, STATE_CLEANUP):
            gevent.spawn(runner.quit if options is not None and options.headless else runner.stop)

    def _stop_if_overloaded(self, slice_: Slice, queue: FreeQueue | ExternalQueue) -> None:
        """A queue at its bound takes no more events, so there is nothing more to measure."""
        if not slice_.open or slice_.queue is None or not slice_.queue.overloaded:
            return
        if not queue.overload_reported:
            queue.overload_reported = True
            log.error("wiretax: overloaded: %s; lower --rate, or give it more users", slice_.queue.overloaded)
            self.environment.process_exit_code = Exit.INVALID
            self._stop()
        gevent.sleep(HOLD_NS / 1e9)


def refuse_ignored_source(external: ExternalSource, classes: Sequence[type[User]], distributed: bool) -> None:
    """See that users of these classes publish the events of a source. None are given if they are not known yet.

    Raises:
        OptionError: some would ignore it, or several processes would share it.
    """
    if distributed:
        raise OptionError(
            f"{external.option} is published by one process, whose queue it is; leave out --processes and --master"
        )
    others = sorted(
        each.__name__ for each in classes if issubclass(each, FreeUser) and not issubclass(each, QueueUser)
    )
    if others or (classes and not any(issubclass(each, QueueUser) for each in classes)):
        ignoring = f"{', '.join(others)} would ignore it" if others else "no QueueUser was chosen"
        raise OptionError(
            f"{external.option} is published by QueueUser only, and {ignoring}; choose QueueUser alone (on the "
            "command line: its name at the end)"
        )


def refuse_source_with_plan(parsed: Namespace) -> None:
    """See that a plan, which draws its own events, is not given others.

    Raises:
        OptionError: it is.
    """
    for name in ("events", "redis"):
        if getattr(parsed, name):
            raise OptionError(
                f"--{name} is published by QueueUser, not by a plan; choose no plan, or replay a file with: "
                f"wiretax run {parsed.plan} --events FILE"
            )
