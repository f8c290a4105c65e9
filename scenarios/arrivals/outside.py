"""Queues that are filled from outside: a Redis stream, or JSON Lines of a file or of standard input."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from scenarios.arrivals.clock import intended_times
from scenarios.arrivals.intake import SAMPLE_S, publish
from scenarios.arrivals.jsonl import STDIN, EventsError, JsonLines, OnError
from scenarios.arrivals.overload import why_overloaded
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.wire.caller import Caller
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice

if TYPE_CHECKING:
    from scenarios.arrivals.redis_stream import RedisStream

CHECK_TIMEOUT_S = 3.0


class OutsideError(ValueError):
    """A source that can't be used: one line that says what was given and what was expected."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Where events come from, as options say.

    Attributes:
        events: a file of JSON Lines, ``-`` for standard input; empty where it is a stream.
        redis: the URL of a Redis server; empty where it is a file.
        stream: the stream's key.
        on_error: what becomes of what is no event.
    """

    events: str
    redis: str
    stream: str
    on_error: OnError

    @classmethod
    def of(cls, parsed: Namespace) -> Outside | None:
        """Check what Locust parsed; None where events are to be drawn in this process.

        Raises:
            OutsideError: where nothing can be read from there.
        """
        outside = cls(parsed.events, parsed.redis, parsed.stream, parsed.on_error)
        if outside.events and outside.redis:
            raise OutsideError("--events and --redis: expected one of them")
        if outside.events and outside.events != STDIN:
            try:
                JsonLines(outside.events, Limits(), outside.on_error, print).close()
            except EventsError as error:
                raise OutsideError(f"--events {error}") from None
        if outside.redis:
            outside._ping()
        return outside if outside.events or outside.redis else None

    def source(
        self, workload: Workload, limits: Limits, seed: int, say: Callable[[str], None]
    ) -> JsonLines | RedisStream:
        """The source of a workload. Events of a file arrive at the workload's rate, others as they are written.

        Raises:
            EventsError, OutsideError: where it is gone meanwhile.
        """
        # An item of a batch has one channel.
        limits = replace(limits, channels=1) if workload.api == "batch" else limits
        if self.events:
            times = intended_times(workload.arrivals, workload.rate, f"{seed}/arrivals")
            pace = None if self.events == STDIN else times
            return JsonLines(self.events, limits, self.on_error, say, pace)
        from scenarios.arrivals.redis_address import RedisAddress
        from scenarios.arrivals.redis_stream import RedisStream

        return RedisStream(RedisAddress.parse(self.redis), self.stream, limits, self.on_error, say)

    def _ping(self) -> None:
        try:
            import redis
        except ImportError:
            raise OutsideError("--redis needs the redis library: pip install 'wiretax[redis]'") from None
        from scenarios.arrivals.redis_address import RedisAddress, RedisAddressError, why

        try:
            address = RedisAddress.parse(self.redis)
            with address.client(CHECK_TIMEOUT_S) as client:
                client.ping()
        except RedisAddressError as error:
            raise OutsideError(f"--redis: {error}") from None
        except redis.RedisError as error:
            raise OutsideError(f"--redis {address.public_url}: {why(error)}") from None


class OutsideQueue:
    """Such a queue in a free run, drained by as many publishers as there are users.

    Attributes:
        ended: whether nothing more will come, or nothing more can be read.
    """

    def __init__(self, workload: Workload, source: JsonLines | RedisStream) -> None:
        self.ended = False
        self._workload = workload
        self._source = source
        self._started = False
        self._refused = ""
        self._piece: Slice | None = None
        self._began_s = self._sampled_s = monotonic()
        self._deep = 0

    def drain(self, caller: Caller, piece: Slice, until_s: float) -> None:
        """Publish what arrives until a moment on ``time.monotonic``, or until the slice closes; at least once."""
        tally = piece.queue
        assert tally is not None
        if not self._started:
            # Said first: starting lets other publishers run.
            self._started = True
            try:
                self._source.start()
            except RuntimeError as error:
                self._refused, self.ended = str(error), True
                return
        if piece is not self._piece and piece.open:
            self._piece, self._began_s = piece, monotonic()
            self._deep = self._source.waiting()
            piece.when_closed.append(lambda: self._leave(tally))
        with caller:
            while True:
                if monotonic() - self._sampled_s >= SAMPLE_S:
                    self._note_depth(tally)
                arrivals = self._source.take(self._workload.batch_size, self._workload.linger_s)
                if arrivals:
                    publish(self._source, tally, caller, arrivals)
                else:
                    self.ended = True
                if self.ended or not piece.open or monotonic() >= until_s:
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

    def _leave(self, tally: QueueTally) -> None:
        self._note_depth(tally)
        tally.left = self._source.waiting()
        # What came is what went and what the queue has gained; nobody here knows when it was due.
        tally.arrived = tally.intended = max(0, tally.acknowledged + tally.left - self._deep)
        tally.overloaded = why_overloaded(self._workload, tally.arrived, tally.depths)

    def _note_depth(self, tally: QueueTally) -> None:
        self._sampled_s = monotonic()
        tally.depths.append((self._sampled_s - self._began_s, self._source.waiting()))
