"""One slice of a queue: its source, the publishers that drain it, and what is noted of it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import gevent
from gevent.event import Event as Bell

from wiretax.channels.answers import is_final
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.workload import Workload
from wiretax.queue.arrival import Arrival
from wiretax.queue.generated import GeneratedSource
from wiretax.queue.overload import why_overloaded
from wiretax.queue.source import Source
from wiretax.wire.publishers.caller import Call, Caller, MessageLimitError
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice

SAMPLE_S = 0.02
# How long publishers may take after a slice for what is left in its queue, beside the linger.
DRAIN_S = 1.0
# A slice holds at least so many arrivals on average, and so many lingers.
LEAST_ARRIVALS = 200
LEAST_LINGERS = 20


def least_slice_s(workload: Workload) -> float:
    """How long a slice of a queue lasts at least; 0 where there is none."""
    if not workload.queued:
        return 0.0
    return max(LEAST_ARRIVALS / workload.arrivals.rate, LEAST_LINGERS * workload.arrivals.linger_s)


def publish(source: Source, tally: QueueTally, caller: Caller, arrivals: list[Arrival]) -> Call:
    """Send arrivals in one call; tell their source what became of it, and note what they waited.

    Raises:
        MessageLimitError: the call exceeds the message limit; nothing was sent.
    """
    intended_s = [each.intended_s for each in arrivals]
    began_s = monotonic()
    try:
        call = caller.call([arrival.event for arrival in arrivals])
    except MessageLimitError:
        source.put_back(arrivals)
        raise
    except BaseException:
        if not source.give_back(arrivals):
            tally.failed(intended_s, began_s, monotonic())
        raise
    if call.acknowledged:
        tally.delivered(intended_s, call.began_s, call.ended_s)
        source.acknowledge(arrivals)
    elif call.failure is not None and is_final(call.failure.kind, call.failure.status):
        source.reject(arrivals)
        tally.failed(intended_s, call.began_s, call.ended_s)
    elif not source.give_back(arrivals):
        tally.failed(intended_s, call.began_s, call.ended_s)
    return call


class SliceQueue:
    """The queue of one slice.

    It is drained after the slice, so that no event goes missing from the latencies; one that is overloaded is
    not, and what is left counts with what it waited so far.
    """

    def __init__(self, slice_: Slice, source: Source, tally: QueueTally) -> None:
        self._piece = slice_
        self._workload = slice_.workload
        self._source = source
        self._tally = tally
        self._closed = Bell()
        self._publishers = 0
        self._busy = 0
        self._taken = 0
        self._began_s = monotonic()
        self._gives_up_s = float("inf")
        slice_.when_closed.append(self._close)
        source.start()
        gevent.spawn(self._sample)

    def admit(self) -> bool:
        """Whether a user is one of the queue's publishers; asked once by each."""
        self._publishers += 1
        return self._publishers <= self._workload.arrivals.publishers

    def wait(self) -> None:
        """Block until the slice closes: for users that do not publish."""
        self._closed.wait()

    def drain(self, caller: Caller) -> None:
        """Publish what the source gives until it is closed and empty, or overloaded."""
        source, tally, workload = self._source, self._tally, self._workload
        self._busy += 1
        try:
            with caller:
                while monotonic() < self._gives_up_s:
                    arrivals = source.take(workload.call.batch_size, workload.arrivals.linger_s)
                    if not arrivals:
                        break
                    self._taken += len(arrivals)
                    if not publish(source, tally, caller, arrivals).acknowledged and self._closed.is_set():
                        # An endpoint that asked to wait has closed the slice; it is not to be sent the rest.
                        self._gives_up_s = monotonic()
        finally:
            self._busy -= 1
            if not self._busy and self._closed.is_set():
                self._conclude()

    def _sample(self) -> None:
        while not self._closed.is_set():
            self._note_depth()
            gevent.sleep(SAMPLE_S)

    def _note_depth(self) -> None:
        self._tally.depths.append((monotonic() - self._began_s, self._source.waiting()))

    def _close(self) -> None:
        """The slice closed."""
        tally = self._tally
        self._source.close()
        self._note_depth()
        tally.left = self._source.waiting()
        tally.arrived = tally.arrived or self._taken + tally.left
        tally.intended = max(tally.intended, tally.arrived)
        tally.overloaded = tally.overloaded or why_overloaded(self._workload, tally.arrived, tally.depths)
        now_s = monotonic()
        self._gives_up_s = now_s if tally.overloaded else now_s + self._workload.arrivals.linger_s + DRAIN_S
        self._closed.set()
        if not self._busy:
            self._conclude()

    def _conclude(self) -> None:
        """No publisher is left."""
        if isinstance(self._source, GeneratedSource):
            rest = self._source.rest()
            self._tally.never_sent([each.intended_s for each in rest], monotonic())


class SliceQueues:
    """Makes the intake of each slice when its first user comes.

    Attributes:
        source_of: makes the source of a slice; a queue in this process unless another is put in its place.
    """

    def __init__(self, seed: int, replay: Replay | None = None) -> None:
        """``replay``: events that arrive in place of drawn ones."""
        self._seed = seed
        self._replay = replay
        self._latest: tuple[Slice, SliceQueue] | None = None
        self.source_of: Callable[[Slice, QueueTally], Source] = self._in_process

    def of(self, slice_: Slice) -> SliceQueue:
        """The intake of the slice that is open."""
        if self._latest is None or self._latest[0] is not slice_:
            assert slice_.queue is not None
            self._latest = (slice_, SliceQueue(slice_, self.source_of(slice_, slice_.queue), slice_.queue))
        return self._latest[1]

    def _in_process(self, slice_: Slice, tally: QueueTally) -> Source:
        return GeneratedSource.of(slice_.workload, self._seed, slice_.round, tally, self._replay)
