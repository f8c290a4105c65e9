"""A source that generates its events: an open loop puts them in at their times, publishers take them out."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import gevent

from wiretax.channels.bodies.events import Event, generated_events
from wiretax.channels.bodies.payloads import payloads
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.workload import Workload
from wiretax.channels.workload.rate_stages import of_text
from wiretax.queue.clock import GEVENT_CLOCK, Clock
from wiretax.queue.sources.arrival import Arrival
from wiretax.queue.sources.buffer import Buffer
from wiretax.queue.sources.schedule import intended_times, staged_times
from wiretax.queue.sources.share import Share, SharedTimes
from wiretax.wire.queue_tally import QueueTally

# About 20 MB of arrivals. A queue that deep can't be drained within a slice.
BOUND = 100_000
# How many events a generator that is behind puts in before it lets publishers run.
EVENTS_PER_TURN = 500


class GeneratedSource:
    """A source that generates its events.

    Attributes:
        retries: events whose call failed are lost: the server may have published them, and none is sent twice.
        error: None, since nothing ends it early.
        tally: where arrivals and their lateness are counted.
    """

    retries = False
    error = None

    def __init__(
        self,
        events: Iterator[Event],
        times: Iterator[float],
        rate: float,
        bound: int = BOUND,
        clock: Clock = GEVENT_CLOCK,
    ) -> None:
        """Prepare the loop; nothing arrives before ``start``.

        Args:
            events: endless.
            times: ascending, in seconds from the start; ``inf`` while none comes.
            rate: how many of the times fall into a second, on average.
            bound: once that many events wait, no more arrive.
            clock: what arrivals are timed with.
        """
        self.tally = QueueTally()
        self._rate = rate
        self._events = events
        self._times = times
        self._clock = clock
        self._buffer = Buffer(bound, clock)
        self._began_s = self._due_s = 0.0
        self._idle_since_s = 0.0
        self._closed = self._full = False
        self._producing: gevent.Greenlet | None = None

    @classmethod
    def of(
        cls,
        workload: Workload,
        seed: int,
        round_: int,
        replay: Replay | None = None,
        clock: Clock = GEVENT_CLOCK,
        share: Share | None = None,
        stamped: bool = False,
    ) -> GeneratedSource:
        """The source of a workload. Workloads of one rate get the same arrivals in a round, however they are
        drained, and by however many processes.

        ``share``: this process's part of the arrivals; None for all of them. ``stamped``: whether events have room
        for a stamp.
        """
        if replay is None:
            data = payloads(workload.payload.kind, workload.payload.bytes, seed, stamped=stamped)
            events = generated_events(workload, data)
        else:
            events = replay.sent_by(workload)
        arrivals = workload.arrivals
        drawn = f"{seed}/arrivals/{round_}/{arrivals.stages or arrivals.rate}"
        times = (
            staged_times(arrivals.process, of_text(arrivals.stages), drawn)
            if arrivals.stages
            else intended_times(arrivals.process, arrivals.rate, drawn)
        )
        if share is None:
            return cls(events, times, arrivals.rate, clock=clock)
        shared = SharedTimes(times, arrivals.process, f"{drawn}/share", share)
        return cls(events, shared, share.of(workload).arrivals.rate, clock=clock)

    def start(self) -> None:
        self._began_s = self._idle_since_s = self._clock.now()
        self._due_s = self._began_s + next(self._times)
        self._producing = gevent.spawn(self._produce)

    def change_share(self, share: Share, rate: float) -> None:
        """From now on have another part of the arrivals: this share, of ``rate`` events per second. Arrivals stand
        still while the share is empty."""
        assert isinstance(self._times, SharedTimes)
        self._rate = rate
        if self._producing is None:
            self._times.change(share)
            return
        now_s = self._clock.now()
        while self._due_s <= now_s and not self._full:
            self._put_due(now_s)
        if self._closed or self._full:
            return
        # The times go on from here, with those that follow the one that was due next.
        self._began_s += now_s - (self._idle_since_s if self._due_s == inf else self._due_s)
        self._idle_since_s = now_s
        self._times.change(share)
        self._due_s = self._began_s + next(self._times)
        self._producing.kill(block=False)
        self._producing = gevent.spawn(self._produce)

    def count_arrivals_in(self, tally: QueueTally) -> bool:
        # A queue that has reached its bound stays overloaded.
        tally.overloaded = self.tally.overloaded
        self.tally = tally
        if tally.of_pass is not None:
            tally.of_pass.begin(self._began_s)
        return True

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        return self._buffer.take(most, linger_s)

    def acknowledge(self, arrivals: list[Arrival]) -> None:
        return None

    def retry(self, arrivals: list[Arrival]) -> None:
        return None

    def put_back(self, arrivals: list[Arrival]) -> None:
        self._buffer.put_back(arrivals)

    def reject(self, arrivals: list[Arrival]) -> None:
        return None

    def take_rest(self) -> list[Arrival]:
        return self._buffer.pop(len(self._buffer))

    def waiting(self) -> int:
        return len(self._buffer)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if not self._full:
            # Events due before this moment belong in the queue, if the generator is only a little late.
            now_s = self._clock.now()
            self._put_due(now_s)
            self._count_intended(now_s)
        # Batches leave as before, so that the last events of a slice wait as long as the others.
        self._buffer.close(lingers=True)

    def _produce(self) -> None:
        while not self._closed and not self._full and self._due_s < inf:
            now_s = self._clock.now()
            if self._due_s <= now_s:
                self._put_due(now_s)
            # Publishers get their turn even if the generator is behind; no event is skipped and no time is moved.
            self._clock.sleep(max(0.0, self._due_s - self._clock.now()))

    def _put_due(self, now_s: float) -> None:
        """Put in the events that are due, as many as fit into a turn."""
        put: list[float] = []
        while self._due_s <= now_s and len(put) < EVENTS_PER_TURN:
            if self._buffer.is_full:
                self._full = True
                self._overload(f"the queue reached its bound of {len(self._buffer):,} events")
                break
            self._buffer.put(Arrival(next(self._events), self._due_s))
            put.append(self._due_s)
            self._due_s = self._began_s + next(self._times)
        for tally, times in self.tally.by_stage(put):
            tally.arrived += len(times)
            tally.came_late(times, now_s)
        if self._full:
            self._count_intended(now_s)

    def _overload(self, why: str) -> None:
        """No more events arrive: the stage that they were due in, or the whole slice, is overloaded."""
        of_pass, tally = self.tally.of_pass, self.tally
        if of_pass is not None:
            of_pass.full, tally = why, of_pass.tallies[of_pass.at(self._due_s)]
        tally.overloaded = why

    def _count_intended(self, now_s: float) -> None:
        """Count the events that should have arrived by now; if many are overdue, estimate them by the rate."""
        of_pass = self.tally.of_pass
        if of_pass is not None:
            for number, tally in enumerate(of_pass.tallies):
                tally.intended = tally.arrived + of_pass.due(number, self._due_s, now_s)
            return
        behind_s = now_s - self._due_s
        overdue = 0 if behind_s < 0 else 1 + int(behind_s * self._rate)
        self.tally.intended = self.tally.arrived + overdue
