"""A free run: Locust starts and stops users at any time, and their calls are counted in windows of 10 s."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from time import perf_counter
from typing import Any
from weakref import WeakSet

import gevent
from gevent.event import Event

from wiretax.channels.workload import Api, Workload
from wiretax.load.client.stats_feed import StatsFeed
from wiretax.load.free.deliveries import FreeDeliveries
from wiretax.load.free.options import SEED, TIMEOUT_S, FreeRunOptions
from wiretax.load.free.stages import Stage, Stages
from wiretax.load.free.stopping import drain
from wiretax.load.sweep.executor import ALONE, ExecutorSummary
from wiretax.load.sweep.pauses import Pauses
from wiretax.runs.mode import FREE_RUN
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped
from wiretax.wire.slices import Slice

# Long enough that a day's run stays small, short enough to show changes.
WINDOW_S = 10.0
REPORT_S = 0.5
LONGEST_SLEEP_S = 1.0
# The sleep of a user that may not send any more; Locust stops it soon.
REST_S = 0.05


def free_plan(record: RunRecord, stages: Stages) -> dict[str, Any]:
    """The plan of a free run as ``run.json`` keeps it, with the largest number of users of any window."""
    users: Counter[tuple[int, str]] = Counter()
    for row in record.slices:  # of each worker
        users[row["round"], row["workload"]] += row["users"]
    most = max(users.values(), default=0)
    plan = {"name": FREE_RUN, "seed": SEED, "slice_s": WINDOW_S, "users": most, "timeout_s": TIMEOUT_S}
    return {**plan, "stages": [stage.as_dict() for stage in stages]}


class FreeRun:
    """Gives slices to users, a new one for each workload and window. A window ends early where a stage begins.

    It ends in this order, so that no call is cut off: ``stop``, after which no call begins; ``wait_until_idle``;
    Locust stops the users; ``finish``.

    Attributes:
        record: the closed slices, from which the run is written.
        pauses: the waits that the endpoint asked for.
        stages: the stages so far.
        first_windows: the number of each stage's first window.
        ended_early: why the run sends nothing more; empty while it sends.
        stopped: whether ``stop`` was called, so that no call begins any more.
        deliveries: the subscribers of its users; None if there are none.
        on_unsubscribed: called with the reason if a subscriber can't subscribe.
        on_overloaded: called once with the reason if a queue has reached its bound: no more events arrive, so
            measuring on is useless.
    """

    # The number of users changes, and no plan defines the end.
    users: None = None
    progress: None = None
    skipped: tuple[Skipped, ...] = ()

    def __init__(self, options: FreeRunOptions, feed: StatsFeed | None) -> None:
        self.on_overloaded: Callable[[str], object] = lambda _: None
        self.on_unsubscribed: Callable[[str], object] = lambda _: None
        self.deliveries: FreeDeliveries | None = None
        self.record = RunRecord()
        self.pauses = Pauses()
        self.stages = Stages()
        self.ended_early = ""
        self.stopped = self._hurried = False
        self._resume_at = 0.0
        self._under_way: Counter[object] = Counter()
        self._dismissed: WeakSet[Any] = WeakSet()
        self._changed = Event()
        self._stopping = Event()
        self._options = options
        self._feed = feed
        self._window = self._stage = 0
        self.first_windows = {0: 0}
        self._open: dict[Workload, Slice] = {}
        self._closed: list[Slice] = []
        self._users_in: dict[Slice, int] = {}
        self._most_users: dict[Slice, int] = {}
        self._greenlets = [gevent.spawn(self._turn_windows), gevent.spawn(self._report_regularly)]

    @property
    def plan(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return free_plan(self.record, self.stages)

    def workload(self, api: Api) -> Workload:
        """What users of one API send."""
        return self._options.workload(api)

    def queued_workload(self) -> Workload:
        """What arrives in the queue that QueueUsers drain."""
        return self._options.queued_workload()

    def begin_stage(self, stage: Stage) -> None:
        """Locust is about to start or stop users: what begins from now on belongs to this stage."""
        if self.stages.enter(stage):
            self.enter(len(self.stages) - 1)

    def enter(self, stage: int) -> None:
        """Have open windows end, unless they belong to this stage already."""
        if stage != self._stage:
            self._close_window()
            self._stage = stage
            self.first_windows[stage] = self._window

    def pause(self, seconds: float) -> None:
        """Have all users wait; open slices are closed, so that none contains the wait."""
        if self._resume_at == inf:
            return
        now = perf_counter()
        if now >= self._resume_at:
            self.pauses.times += 1
        until = max(self._resume_at, now + seconds)
        self.pauses.waited_s += until - max(self._resume_at, now)
        self._resume_at = until
        self._close_window()

    @property
    def subscribers(self) -> int:
        """How many there are by now."""
        return 0 if self.deliveries is None else self.deliveries.present

    def halt(self, why: str) -> None:
        """Begin no further call."""
        self.ended_early = why
        self._resume_at = inf
        self._close_window()

    def stop(self) -> None:
        """Begin no further call; those under way end."""
        if not self.stopped:
            self.stopped = True
            self._stopping.set()
            self._changed.set()
            self._close_window()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Block until no call is under way; False if that took too long. Calls of the calling greenlet are
        ignored."""
        own = gevent.getcurrent()
        return self._wait_while(lambda: any(greenlet is not own for greenlet in self._under_way), timeout_s)

    def dismiss(self, user: Any, timeout_s: float) -> None:
        """Have the greenlet of one user begin no further call; block until its last call has ended, or until the
        timeout."""
        self._dismissed.add(user)
        # After ``stop``, ``wait_until_idle`` waits for its call.
        self._wait_while(lambda: user in self._under_way and not self.stopped, timeout_s)

    def stopping(self, runner: Any) -> None:
        """Locust is about to stop the users: return once no call is under way and none will begin."""
        drain(runner, self, TIMEOUT_S)
        if self.deliveries is not None:
            self.deliveries.settle()

    def hurry(self) -> None:
        """Wait no longer for calls that are under way."""
        self._hurried = True
        self._changed.set()

    def may_send(self) -> bool:
        """Called by a user right before its turn: waits while the run is paused. False, after a short sleep, if
        the run is stopped or the user is dismissed."""
        while (left := self._resume_at - perf_counter()) > 0 and not self.stopped:
            self._stopping.wait(min(left, LONGEST_SLEEP_S))
        allowed = not self.stopped and gevent.getcurrent() not in self._dismissed
        if not allowed:
            gevent.sleep(REST_S)
        return allowed

    @contextmanager
    def turn(self, workload: Workload) -> Iterator[Slice]:
        """The slice a user's next exchanges belong to; it is kept until the last user has left it."""
        slice_ = self._open.get(workload)
        if slice_ is None:
            slice_ = self._open[workload] = Slice(workload, self._window, self._stage)
        self._users_in[slice_] = self._users_in.get(slice_, 0) + 1
        self._most_users[slice_] = max(self._most_users.get(slice_, 0), self._users_in[slice_])
        try:
            yield slice_
        finally:
            self._users_in[slice_] -= 1

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Entered by a user while one of its calls may be under way."""
        own = gevent.getcurrent()
        self._under_way[own] += 1
        try:
            yield
        finally:
            self._under_way[own] -= 1
            if not self._under_way[own]:
                del self._under_way[own]
            self._changed.set()

    def unfinished(self) -> list[Slice]:
        """Slices that are not in the record yet, settled."""
        slices = [*self._open.values(), *self._closed]
        for slice_ in slices:
            self._report(slice_)
        return slices

    def with_queue(self) -> list[Slice]:
        """Slices with a queue that are not in the record yet."""
        return [each for each in (*self._open.values(), *self._closed) if each.queue is not None]

    def reset(self) -> None:
        """Start over: everything measured so far is set aside."""
        for slice_ in (*self._open.values(), *self._closed):
            slice_.counts = False
            if self._feed is not None:
                # Locust resets its statistics before this or after it; these slices must not be reported again.
                self._feed.mute(slice_)
        self._close_window()
        self.record.set_aside()
        if self.deliveries is not None:
            self.deliveries.reset()

    def finish(self) -> RunRecord:
        """Close and record open slices; all users have stopped, and their queues are closed."""
        gevent.killall(self._greenlets)
        self._users_in.clear()
        self.stopped = True
        self._close_window()
        self._record_left()
        if self.deliveries is not None:
            self.deliveries.conclude(self.record)
        return self.record

    def summary(self) -> ExecutorSummary:
        """No other process took part."""
        return ALONE if self.deliveries is None else replace(ALONE, differences=tuple(self.deliveries.differences))

    def _wait_while(self, busy: Callable[[], bool], timeout_s: float) -> bool:
        """Block while calls are under way; False if that took too long."""
        until = perf_counter() + timeout_s
        while busy():
            left = 0.0 if self._hurried else until - perf_counter()
            if left <= 0:
                return False
            self._changed.clear()
            self._changed.wait(left)
        return True

    def _turn_windows(self) -> None:
        while True:
            gevent.sleep(WINDOW_S)
            self._close_window()

    def _close_window(self) -> None:
        """Close open slices; exchanges under way count as their boundary."""
        for slice_ in self._open.values():
            slice_.close()
            self._closed.append(slice_)
        self._open.clear()
        self._window += 1
        if not self.stopped:
            self._record_left()

    def _record_left(self) -> None:
        """Record closed slices that no user is in any more. The last ones wait for ``finish``, since a queue adds
        its unsent events when it closes."""
        for slice_ in [each for each in self._closed if not self._users_in.get(each)]:
            self._closed.remove(slice_)
            self._report(slice_)
            if self._feed is not None:
                self._feed.forget(slice_)
            self.record.add(slice_, self._most_users.pop(slice_, 0))
            self._users_in.pop(slice_, None)

    def _report_regularly(self) -> None:
        while True:
            gevent.sleep(REPORT_S)
            self.unfinished()
            if not self.stopped:
                self._record_left()

    def _report(self, slice_: Slice) -> None:
        """Settle a slice and report its new calls to Locust."""
        slice_.settle()
        if self._feed is not None:
            self._feed.tell(slice_)
