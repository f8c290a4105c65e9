"""A free run's queue of events from outside, drained by as many publishers as there are users."""

from __future__ import annotations

from collections import Counter
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event as Signal

from wiretax.channels.answers import in_words, is_final
from wiretax.channels.workload import Workload
from wiretax.queue.arrival import Arrival
from wiretax.queue.overload import why_overloaded
from wiretax.queue.slice_queue import SAMPLE_S, publish
from wiretax.queue.unpublished import Unpublished
from wiretax.wire.ledger import Failure
from wiretax.wire.publishers.caller import Call, Caller
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice

if TYPE_CHECKING:
    from wiretax.queue.external import ExternalSource
    from wiretax.queue.jsonl import JsonLines
    from wiretax.queue.redis.stream import RedisStream

# A publisher whose call failed waits for so long before it tries again.
RETRY_PAUSE_S = 0.1
# A file is given up if calls have failed for so long and none was acknowledged.
GIVE_UP_S = 30.0


class ExternalQueue:
    """Such a queue.

    Attributes:
        ended: whether the source is drained: nothing more will come, and no call is under way whose events might
            have to be sent again. Also true if the source can't be read any more.
        overload_reported: whether the log has it that the queue is overloaded.
    """

    def __init__(
        self,
        workload: Workload,
        source: JsonLines | RedisStream,
        external: ExternalSource,
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        """``give_up_s``: a file is given up if calls have failed for so long; a Redis stream keeps its entries."""
        self.ended = False
        self.overload_reported = False
        self._workload = workload
        self._source = source
        self._external = external
        self._give_up_s = inf if external.redis else give_up_s
        self._started = False
        self._refused = ""
        self._piece: Slice | None = None
        self._began_s = self._sampled_s = monotonic()
        self._deep = 0
        self._calls = 0
        self._call_ended = Signal()
        self._failing_since_s: float | None = None
        self._rejected: Counter[str] = Counter()

    def drain(self, caller: Caller, slice_: Slice, until_s: float) -> None:
        """Publish what arrives until a moment on ``time.monotonic``, until the slice closes, or until the source
        is drained.

        Raises:
            MessageLimitError: the next call exceeds the message limit.
        """
        tally = slice_.queue
        assert tally is not None
        if not self._started:
            # Said first: starting lets other publishers run.
            self._started = True
            try:
                self._source.start()
            except RuntimeError as error:
                self._refused, self.ended = str(error), True
                return
        if slice_ is not self._piece and slice_.open:
            self._piece, self._began_s = slice_, monotonic()
            self._deep = self._source.waiting()
            slice_.when_closed.append(lambda: self._leave(tally))
        with caller:
            while True:
                if monotonic() - self._sampled_s >= SAMPLE_S:
                    self._note_depth(tally)
                arrivals = self._source.take(self._workload.call.batch_size, self._workload.arrivals.linger_s)
                if arrivals and (self.ended or not slice_.open):
                    # Nothing is to be sent any more, or it belongs to the next slice.
                    self._source.put_back(arrivals)
                elif arrivals:
                    self._publish(tally, caller, arrivals)
                elif self._calls:
                    # A call that fails gives its events back, and they have to be sent again.
                    self._call_ended.clear()
                    self._call_ended.wait(max(0.0, until_s - monotonic()))
                else:
                    self.ended = True
                if self.ended or not slice_.open or monotonic() >= until_s:
                    return

    def close(self) -> None:
        """Nothing arrives any more; users have stopped."""
        self._source.close()

    @property
    def error(self) -> str:
        """What ended it before its end; empty where nothing did."""
        return self._refused or str(self._source.error or "")

    @property
    def counts(self) -> dict[str, Any]:
        """What became of its events."""
        return self._source.counts.as_dict()

    @property
    def unpublished(self) -> Unpublished:
        """Its events that were not published, once it is closed."""
        counts, external = self._source.counts, self._external
        unread = self._source.unread
        return Unpublished(
            source=external.name,
            kept=bool(external.redis),
            skip_chosen=external.skip_chosen,
            rejected=dict(self._rejected),
            skipped=counts.skipped,
            left=counts.read - counts.published - self._rejected.total(),
            unread=unread,
            at_end=unread == 0,
        )

    def _publish(self, tally: QueueTally, caller: Caller, arrivals: list[Arrival]) -> None:
        self._calls += 1
        try:
            call = publish(self._source, tally, caller, arrivals)
        finally:
            self._calls -= 1
            self._call_ended.set()
        if call.failure is not None:
            self._note_failure(tally, call, call.failure, len(arrivals))
        else:
            self._failing_since_s = None

    def _note_failure(self, tally: QueueTally, call: Call, failure: Failure, events: int) -> None:
        if is_final(failure.kind, failure.status):
            self._failing_since_s = None  # the server is there
            self._rejected[in_words(failure.status, failure.message)] += events
            tally.lost += events
            return
        if failure.status == 429:
            return  # all users wait for as long as the server asks
        if self._failing_since_s is None:
            self._failing_since_s = call.began_s
        if monotonic() - self._failing_since_s >= self._give_up_s:
            last = in_words(failure.status, failure.message)
            self._refused = (
                f"{self._external.name}: given up, since no event was acknowledged for {self._give_up_s:g} s "
                f"({last}); check the endpoint (wiretax doctor does)"
            )
            self.ended = True
            return
        gevent.sleep(RETRY_PAUSE_S)

    def _leave(self, tally: QueueTally) -> None:
        self._note_depth(tally)
        tally.left = self._source.waiting()
        # What came is what went and what the queue has gained; nobody here knows when it was due.
        tally.arrived = tally.intended = max(0, tally.acknowledged + tally.lost + tally.left - self._deep)
        tally.overloaded = why_overloaded(self._workload, tally.arrived, tally.depths)

    def _note_depth(self, tally: QueueTally) -> None:
        self._sampled_s = monotonic()
        tally.depths.append((self._sampled_s - self._began_s, self._source.waiting()))
