"""A worker's side of a free run: its windows are reported to the master along with Locust's own statistics."""

from __future__ import annotations

import logging
from time import process_time
from typing import Any

from locust.env import Environment

from wiretax.channels.profiles import ProfileError
from wiretax.load.client.error_policy import Reactions
from wiretax.load.client.outside_listener import outside_listener
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.cluster import messages
from wiretax.load.cluster.assignment import AssignmentError, FreeAssignment
from wiretax.load.cluster.worker import Worker
from wiretax.load.free.options import FreeRunOptions
from wiretax.load.free.stopping import drain, on_interrupt
from wiretax.load.free.windows import FreeRun
from wiretax.queue.sources.share import NO_SHARE, Share
from wiretax.runs.record import RunRecord
from wiretax.terminal import OptionError
from wiretax.wire.slices import Slice

log = logging.getLogger(__name__)


class Outbox(RunRecord):
    """Keeps the slices that are added until they are reported, each with the number of its users."""

    def __init__(self) -> None:
        super().__init__()
        self._unreported: list[tuple[Slice, int]] = []

    def add(self, slice_: Slice, users: int, worker: int = 0) -> None:
        self._unreported.append((slice_, users))

    def take(self) -> list[tuple[Slice, int]]:
        """All that were not reported yet."""
        taken, self._unreported = self._unreported, []
        return taken


class FreeWorker(Worker):
    """Started and stopped by its master's Locust with each test."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._run: FreeRun | None = None
        self._outbox = Outbox()
        # The master's resets count, so that both reset at the same calls.
        self._environment.reset_stats = False
        self._part = 0
        self._runner.register_message(messages.BEGIN_PART, self._begin_part)
        self._runner.register_message(messages.SHARE, self._split_queue)
        hooks: Any = environment.events
        hooks.test_start.add_listener(self._start)
        hooks.report_to_master.add_listener(self._add_report)
        hooks.test_stopping.add_listener(self._drain)
        hooks.test_stop.add_listener(self._finish)
        hooks.quitting.add_listener(self._leave)
        on_interrupt(self._leave, self._hurry)

    def _publishes(self) -> bool:
        return self._run is not None and not self._run.stopped

    def _start(self, **_: Any) -> None:
        """A test begins; the master's options have come with the order."""
        parsed = self._environment.parsed_options
        self._send_hello()
        try:
            assigned = FreeAssignment.of_plain(getattr(parsed, messages.OPTION, None))
            options = FreeRunOptions.of(parsed, assigned.target.tls)
        except (AssignmentError, OptionError, ProfileError) as error:
            self._refuse(error)
            return
        self._busy_from_s = process_time()
        self._timeout_s = assigned.timeout_s
        run = self._run = FreeRun(options, StatsFeed(self._environment))
        run.on_overloaded = lambda why: self._send(messages.OVERLOADED, {"number": 0, "why": why})
        self._outbox = run.record = Outbox()
        self._part = assigned.part
        run.enter(assigned.part)
        limit = None if assigned.shares is None else assigned.shares.get(self._runner.client_id, 0)
        session = self._open_session(
            [assigned.target], assigned.seed, assigned.timeout_s, limit, Reactions(self._halt, run.pause)
        )
        session.listener = outside_listener(self._environment)
        session.split_queues(NO_SHARE)
        self._environment.wiretax_barrier, self._environment.wiretax_free_run = None, run

    def _begin_part(self, msg: Any, **_: Any) -> None:
        """A stage begins, or statistics are reset: windows of the part before end."""
        self._part = msg.data["number"]
        if self._run is None:
            return
        if msg.data["reset"]:
            self._run.reset()
            # What Locust was told and has not reported yet.
            self._runner.stats.reset_all()
        self._run.enter(self._part)

    def _split_queue(self, msg: Any, **_: Any) -> None:
        """Publishers started or stopped somewhere: this is what arrives here from now on."""
        if self._run is not None and self._session is not None:
            self._session.split_queues(Share(tuple(msg.data["dealt"]), msg.data["index"]))

    def _unreported(self, run: FreeRun) -> list[tuple[Slice, int]]:
        """Windows that were not reported yet, numbered from the start of their part."""
        slices = self._outbox.take()
        for slice_, _ in slices:
            slice_.round -= run.first_windows[slice_.stage]
        return slices

    def _add_report(self, data: dict[str, Any], **_: Any) -> None:
        data[messages.PART] = self._part
        slices = [] if self._run is None else self._unreported(self._run)
        if slices:
            data[messages.REPORT] = self._report(slices, self._cpu_s)

    def _drain(self, **_: Any) -> None:
        """Users are about to be stopped."""
        if self._run is not None and self._session is not None:
            self._session.stop_generating()
            drain(self._runner, self._run, self._timeout_s)

    def _hurry(self) -> None:
        if self._run is not None:
            self._run.hurry()

    def _finish(self, **_: Any) -> None:
        """All users have left, and closed their connections."""
        if self._run is None:
            return
        run, self._run = self._run, None
        assert self._session is not None
        # Its queue closes before the last window is recorded, which has what is still waiting in it.
        self._session.close()
        run.finish()
        report = self._report(
            self._unreported(run),
            self._cpu_s,
            witness=self._session.witness(),
            pauses=run.pauses.times,
            paused_s=run.pauses.waited_s,
        )
        # Locust's own statistics go first: after the final report the master waits for nothing more.
        self._runner._send_stats()
        self._send(messages.FINAL_REPORT, report)

    @property
    def _cpu_s(self) -> float:
        return process_time() - self._busy_from_s

    def _halt(self, why: str) -> None:
        """Send nothing more; the master ends the test."""
        if self._run is not None and not self._run.ended_early:
            self._run.halt(why)
            self._send(messages.HALT, {"why": why})
