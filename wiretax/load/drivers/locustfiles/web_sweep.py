"""A plan swept in the web UI, with the users that Locust starts and stops."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent

from wiretax.load.accounting.live.figures import SAMPLE_S
from wiretax.load.client.barrier import SliceBarrier
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.drivers.running import INTERRUPTED, Progress
from wiretax.load.drivers.setup import RunSetup
from wiretax.load.drivers.sweep import Sweep
from wiretax.load.sweep.executor import LocalExecutor
from wiretax.load.sweep.rounds import WARM_UP, Step
from wiretax.wire.slices import Slice

POLL_S = 0.5
log = logging.getLogger(__name__)


class WebSweep(Sweep):
    """A sweep that goes on by itself until its plan is done or it is stopped.

    Attributes:
        users: how many have to be there before it begins, and stay.
        progress: how far it is.
    """

    def __init__(
        self, setup: RunSetup, feed: StatsFeed | None, runner: Any, on_sample: Callable[[], object]
    ) -> None:
        """``on_sample``: called every now and then while users are idle."""
        plan = setup.plan
        assert plan is not None
        self.barrier = SliceBarrier(plan.users)
        # Its users are Locust's to start and to stop.
        executor = LocalExecutor(None, self.barrier, plan.users, plan.slice_s, plan.timeout_s)
        super().__init__(setup, executor, feed)
        self.users = plan.users
        self.progress = Progress("waiting for all users", 0.0)
        self._measurement = setup.measurement
        self._runner = runner
        self._on_sample = on_sample
        self._failed = ""
        # Slices may be shorter than the time between two samples.
        self._ended: list[Slice] = []
        self._greenlet = gevent.spawn(self._conduct)

    @property
    def ended_early(self) -> str:
        return self._failed or super().ended_early

    def unfinished(self) -> list[Slice]:
        """None: slices are recorded once their users are idle."""
        return []

    def with_queue(self) -> list[Slice]:
        """The slices that ended since this was asked last, and the open one, if they have a queue."""
        ended, self._ended = self._ended, []
        current = self.barrier.current
        return ended if current is None or current.queue is None or current in ended else [*ended, current]

    @property
    def subscribers(self) -> int:
        return 0

    def halt(self, why: str) -> None:
        """Begin no further call, and end the sweep."""
        self.conductor.halt(why)

    def reset(self) -> None:
        """Begin anew with the next slice; earlier rounds are set aside."""
        self.record.set_aside()

    def stopping(self, _: Any) -> None:
        """Users are about to be stopped: end the open slice, and return when all of them are idle."""
        if not self._greenlet.ready():
            self.conductor.stop(INTERRUPTED)
            self._greenlet.join()

    def hurry(self) -> None:
        """A slice is waited for: its timeout is short."""

    def _conduct(self) -> None:
        try:
            while not self.barrier.wait_until_idle(POLL_S):
                if self.conductor.ended_early:
                    return
            # The load begins with the first slice.
            self._measurement.begin()
            self._sweep()
        except Exception as error:
            log.exception("wiretax: the sweep ended")
            self._failed = f"internal error: {type(error).__name__}: {error}"
        finally:
            self._measurement.end()
            if self.conductor.ended_early != INTERRUPTED:
                gevent.spawn(self._runner.stop)

    def _sweep(self) -> None:
        sampled_s = monotonic()
        for step, result in self.slices():
            self._ended += [each for each in result.slices if each.queue is not None and each.counts]
            self.progress = progress_of(step)
            if monotonic() - sampled_s >= SAMPLE_S:
                with self._measurement.paused():
                    self._on_sample()
                sampled_s = monotonic()


def progress_of(step: Step) -> Progress:
    """How far a sweep is after a slice."""
    if step.round == WARM_UP:
        return Progress(f"warm-up, {step.workload.name}", step.done, rounds=step.rounds)
    return Progress(step.workload.name, step.done, step.round, step.rounds)
