"""A plan swept in the web UI: by the conductor of a headless run, with the users that Locust starts and stops."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import gevent

from wiretax.load.accounting.live import SAMPLE_S, Live
from wiretax.load.accounting.measurement import Measurement
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.message_limit import SPENT
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.plan.plan import Plan
from wiretax.load.sweep.conductor import Conductor, Pauses
from wiretax.load.sweep.executor import LocalExecutor
from wiretax.load.sweep.progress import where
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped, kept
from wiretax.wire.slices import Slice

INTERRUPTED = "interrupted"
POLL_S = 0.5
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is: in words, and as a share (0 to 1)."""

    words: str
    done: float


class WebSweep:
    """A sweep that goes on by itself until its plan is done or it is stopped.

    Attributes:
        record: what the run will be written from.
        live: the figures so far.
        progress: how far it is.
        users: how many have to be there before it begins, and stay.
    """

    def __init__(
        self,
        plan: Plan,
        before: Sequence[Slice],
        measurement: Measurement,
        feed: StatsFeed | None,
        runner: Any,
        on_mock: bool,
        skipped: Sequence[Skipped] = (),
    ) -> None:
        """``before``: what was sent already, to see whether anybody is there. ``on_mock``: whether it all goes to
        this process's own mock. ``skipped``: what is not measured, since it was rejected then."""
        self.record = RunRecord()
        self.live = Live(by_rounds=True)
        self.barrier = SliceBarrier(plan.users)
        self.users = plan.users
        self.progress = Progress("waiting for all users", 0.0)
        self._plan = plan
        self._skipped = tuple(skipped)
        self._measurement = measurement
        self._feed = feed
        self._runner = runner
        # Its users are Locust's to start and to stop.
        executor = LocalExecutor(None, self.barrier, plan.users, plan.slice_s, plan.timeout_s)
        measured = replace(plan, workloads=kept(plan.workloads, skipped))
        self._conductor = Conductor(measured, executor, pausing=measurement.paused, own_mock=on_mock)
        self._failed = ""
        for slice_ in before:
            self.record.add(slice_, plan.users)
        self._greenlet = gevent.spawn(self._conduct)

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before its plan was done."""
        return self._conductor.ended_early == INTERRUPTED

    @property
    def ended_early(self) -> str:
        """Why it ended before its plan was done; empty where it did not."""
        ended_early = self._conductor.ended_early
        return self._failed or ("" if ended_early == SPENT else ended_early)

    @property
    def pauses(self) -> Pauses:
        """What the endpoint's wish to wait took."""
        return self._conductor.pauses

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Workloads that were left out, before the run and in it."""
        return (*self._skipped, *self._conductor.skipped)

    @property
    def plan(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return self._plan.as_dict()

    def halt(self, why: str) -> None:
        """Nobody sends anything any more, and the sweep ends."""
        self._conductor.halt(why)

    def hold(self, seconds: float) -> None:
        """All users wait for so long, and the slice that is open is measured anew."""
        self._conductor.hold(seconds)

    def reset(self) -> None:
        """Begin anew with the next slice; rounds behind are set aside."""
        self.record.set_aside()
        self.live = Live(by_rounds=True)

    def stopping(self) -> None:
        """Users are about to be stopped: end the open slice, and return when all of them are idle."""
        if not self._greenlet.ready():
            self._conductor.stop(INTERRUPTED)
            self._greenlet.join()

    def finish(self) -> RunRecord:
        """All users have stopped."""
        return self.record

    def _conduct(self) -> None:
        self._measurement.begin()
        try:
            while not self.barrier.wait_until_idle(POLL_S):
                if self._conductor.ended_early:
                    return
            # What was before is no load.
            self._measurement.begin()
            self._sweep()
        except Exception as error:
            log.exception("wiretax: the sweep ended")
            self._failed = f"internal error: {type(error).__name__}: {error}"
        finally:
            self._measurement.end()
            if not self.interrupted:
                gevent.spawn(self._runner.stop)

    def _sweep(self) -> None:
        sampled_s = monotonic()
        for step, result in self._conductor.run():
            # Users are idle, and what is done meanwhile is no load.
            with self._measurement.paused():
                result.add_to(self.record)
                self.progress = Progress(f"{where(step)}, {step.workload.name}", step.done)
                if self._feed is not None:
                    self._feed.tell_slices(result.slices)
                if monotonic() - sampled_s >= SAMPLE_S:
                    self.live.sample(self.record)
                    sampled_s = monotonic()
