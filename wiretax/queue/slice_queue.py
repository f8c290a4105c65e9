"""The queue of one slice of a sweep: its events are generated, and its publishers are some of the users."""

from __future__ import annotations

from gevent.event import Event as Signal

from wiretax.channels.bodies.replay import Replay
from wiretax.channels.workload import Workload
from wiretax.channels.workload.rate_stages import of_text
from wiretax.queue.clock import GEVENT_CLOCK, Clock
from wiretax.queue.queue import Queue
from wiretax.queue.sources.generated import GeneratedSource
from wiretax.queue.sources.share import Share
from wiretax.wire.publishers.caller import Caller
from wiretax.wire.slices import Slice

# How long after a slice, besides the linger, publishers may send the rest of its queue.
GRACE_S = 1.0
# A slice lasts at least for this many arrivals on average, and for this many lingers.
MIN_ARRIVALS = 200
MIN_LINGERS = 20


def least_slice_s(workload: Workload) -> float:
    """The shortest slice, in seconds, that a queue can be measured in; 0 if the workload has no queue."""
    if not workload.queued:
        return 0.0
    return max(MIN_ARRIVALS / workload.arrivals.rate, MIN_LINGERS * workload.arrivals.linger_s)


def stages_s(workload: Workload) -> float:
    """How long a slice lasts, in seconds, in which a rate passes through its stages; 0 if it has none."""
    return of_text(workload.arrivals.stages).seconds if workload.arrivals.stages else 0.0


class SliceQueue:
    """The queue of one slice.

    After the slice its rest is published, so that no event is missing from the latencies. If the queue is
    overloaded it isn't: the rest then counts with how long it has waited so far.
    """

    def __init__(
        self, slice_: Slice, source: GeneratedSource, clock: Clock = GEVENT_CLOCK, share: Share | None = None
    ) -> None:
        """``share``: this process's part of the queue, as of the source; None for the whole."""
        assert slice_.queue is not None
        self._slice = slice_
        self._tally = slice_.queue
        workload = slice_.workload if share is None else share.of(slice_.workload)
        self._publishers = workload.arrivals.publishers
        if share is not None:
            self._tally.publishers = share.publishers
        self._queue = Queue(workload, source, grace_s=GRACE_S, clock=clock)
        self._closed = Signal()
        self._admitted: set[object] = set()
        self._publishing = 0
        self._queue.start()
        self._queue.enter(slice_)
        slice_.when_closed.append(self._close)

    def admit(self, user: object) -> bool:
        """Whether a user is one of the queue's publishers, which it stays in all stages of a rate."""
        if len(self._admitted) < self._publishers:
            self._admitted.add(user)
        return user in self._admitted

    def serves(self, slice_: Slice) -> bool:
        """Whether it is the queue of a slice: of its own, or of a later stage of it."""
        return slice_.continues(self._slice)

    def wait(self) -> None:
        """Block until the slice closes: for users that don't publish."""
        self._closed.wait()

    def drain(self, caller: Caller, slice_: Slice | None = None) -> None:
        """Publish until the slice is closed and its queue empty, or overloaded; or until the next stage of its
        rate has begun. ``slice_``: where the caller counts; None for the queue's first.

        Raises:
            MessageLimitError: the next call exceeds the message limit.
        """
        self._publishing += 1
        try:
            self._queue.drain(caller, slice_ or self._slice)
        finally:
            self._publishing -= 1
            self._count_rest()

    def cut(self) -> None:
        """The endpoint refuses more, or the run is over: the rest of the queue must not be sent."""
        self._queue.cut()

    def _close(self) -> None:
        self._closed.set()
        self._count_rest()

    def _count_rest(self) -> None:
        """Once the slice is closed and its last publisher has finished, count the events that were never sent."""
        if self._closed.is_set() and not self._publishing:
            self._queue.count_rest(self._tally)


class SliceQueues:
    """Makes the queue of each slice when its first user comes.

    Attributes:
        share: this process's part of the next queue; None for the whole.
    """

    def __init__(self, seed: int, replay: Replay | None = None, stamped: bool = False) -> None:
        """``replay``: events to send instead of generated ones, which have room for a stamp if ``stamped``."""
        self._stamped = stamped
        self.share: Share | None = None
        self._seed = seed
        self._replay = replay
        self._latest: SliceQueue | None = None

    def of(self, slice_: Slice) -> SliceQueue:
        """The queue of the open slice."""
        if self._latest is None or not self._latest.serves(slice_):
            drawn = (slice_.workload, self._seed, slice_.round, self._replay)
            source = GeneratedSource.of(*drawn, share=self.share, stamped=self._stamped)
            self._latest = SliceQueue(slice_, source, share=self.share)
        return self._latest

    def cut(self) -> None:
        """Send nothing more of the latest queue, whose slice is about to be closed."""
        if self._latest is not None:
            self._latest.cut()
