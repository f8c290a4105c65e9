"""A queue that goes on for as long as a free run does; what is noted of it goes to the slice that is open."""

from __future__ import annotations

from time import monotonic

from wiretax.channels.workload import Workload
from wiretax.queue.generated import GeneratedSource
from wiretax.queue.overload import why_overloaded
from wiretax.queue.slice_queue import SAMPLE_S, publish
from wiretax.wire.publishers.caller import Caller
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice


class FreeQueue:
    """Drained by as many publishers as there are users.

    Attributes:
        ended: whether nothing more will come: it never ends.
        overload_reported: whether the log has it that the queue is overloaded.
    """

    ended = False
    overload_reported = False

    def __init__(self, workload: Workload, seed: int) -> None:
        self._workload = workload
        self._source = GeneratedSource.of(workload, seed, 0, QueueTally())
        self._source.start()
        self._piece: Slice | None = None
        self._began_s = self._sampled_s = monotonic()

    def drain(self, caller: Caller, slice_: Slice, until_s: float) -> None:
        """Publish what arrives until a moment on ``time.monotonic``, or until the slice closes.

        Where the queue reaches its bound nothing more arrives, and the slice's tally says so.
        """
        if slice_ is not self._piece and slice_.open:
            self._enter(slice_)
        tally = slice_.queue
        assert tally is not None
        with caller:
            while True:
                if monotonic() - self._sampled_s >= SAMPLE_S:
                    self._note_depth()
                arrivals = self._source.take(self._workload.call.batch_size, self._workload.arrivals.linger_s)
                if arrivals and not slice_.open:
                    # Nothing is to be sent any more, or they belong to the next slice.
                    self._source.put_back(arrivals)
                elif arrivals:
                    publish(self._source, tally, caller, arrivals)
                if not arrivals or not slice_.open or monotonic() >= until_s:
                    return

    def close(self) -> None:
        """Nothing arrives any more."""
        self._source.close()

    def _enter(self, slice_: Slice) -> None:
        assert slice_.queue is not None
        self._piece = slice_
        self._began_s = monotonic()
        # Once at its bound, it stays overloaded.
        slice_.queue.overloaded = self._source.tally.overloaded
        self._source.tally = slice_.queue
        slice_.when_closed.append(lambda: self._leave(slice_.queue))

    def _leave(self, tally: QueueTally | None) -> None:
        assert tally is not None
        self._note_depth()
        tally.left = self._source.waiting()
        tally.intended = max(tally.intended, tally.arrived)
        tally.overloaded = tally.overloaded or why_overloaded(self._workload, tally.arrived, tally.depths)

    def _note_depth(self) -> None:
        self._sampled_s = monotonic()
        self._source.tally.depths.append((self._sampled_s - self._began_s, self._source.waiting()))
