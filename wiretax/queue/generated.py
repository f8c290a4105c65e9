"""A queue inside this process: an open loop puts events in at their times, publishers take them out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from time import monotonic

import gevent
from gevent.event import Event as Bell
from gevent.lock import BoundedSemaphore

from wiretax.channels.bodies.events import EVENT_NAME, Event, channel_names
from wiretax.channels.bodies.payloads import payloads
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.workload import Workload
from wiretax.queue.arrival import Arrival
from wiretax.queue.backlog import Backlog
from wiretax.queue.schedule import intended_times
from wiretax.wire.queue_tally import QueueTally

# A generator that is behind puts so many in before it lets publishers go on.
AT_A_TURN = 500


class GeneratedSource:
    """A source that makes its events itself.

    Attributes:
        tally: told what arrives, and how late.
    """

    def __init__(
        self, events: Iterator[Event], times: Iterator[float], rate: float, tally: QueueTally, backlog: Backlog
    ) -> None:
        """``times``: ascending, in seconds from the start, ``rate`` of them a second on average."""
        self.tally = tally
        self._rate = rate
        self._events = events
        self._times = times
        self._backlog = backlog
        self._began_s = self._due_s = 0.0
        self._closed_s: float | None = None
        self._full = False
        # One publisher gathers at a time, the others wait for their turn: no two wake for the same event.
        self._turn = BoundedSemaphore(1)
        self._bell = Bell()
        self._rings_at = 1

    @classmethod
    def of(
        cls, workload: Workload, seed: int, round_: int, tally: QueueTally, replay: Replay | None = None
    ) -> GeneratedSource:
        """The source of a workload. Workloads that differ in how they drain it are given the same arrivals in a
        round."""
        if replay is None:
            data = payloads(workload.payload.kind, workload.payload.bytes, seed)
            names = channel_names(workload.call.channels)
            events = cycle([Event(EVENT_NAME, names, text) for text in data])
        else:
            events = cycle(replay.sent_by(workload))
        drawn = f"{seed}/arrivals/{round_}/{workload.arrivals.rate}"
        times = intended_times(workload.arrivals.process, workload.arrivals.rate, drawn)
        return cls(events, times, workload.arrivals.rate, tally, Backlog())

    def start(self) -> None:
        self._began_s = monotonic()
        self._due_s = self._began_s + next(self._times)
        gevent.spawn(self._produce)

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        with self._turn:
            while True:
                wait_s: float | None = None
                if self._backlog:
                    wait_s = self._backlog.leaves_at(most, linger_s) - monotonic()
                    if wait_s <= 0:
                        return self._backlog.take(most)
                elif self._closed_s is not None:
                    return []
                self._rings_at = most if self._backlog else 1
                self._bell.clear()
                self._bell.wait(wait_s)

    def acknowledge(self, arrivals: list[Arrival]) -> None:
        return None

    def give_back(self, arrivals: list[Arrival]) -> bool:
        """They are lost: whether the server published them is not known, and no event is sent twice."""
        self.tally.lost += len(arrivals)
        return False

    def put_back(self, arrivals: list[Arrival]) -> None:
        self._backlog.put_back(arrivals)
        self._bell.set()

    def reject(self, arrivals: list[Arrival]) -> None:
        self.tally.lost += len(arrivals)

    def waiting(self) -> int:
        return len(self._backlog)

    def close(self) -> None:
        if self._closed_s is None:
            self._closed_s = monotonic()
            if not self._full:
                # What was due before this moment belongs in the queue, if the generator is but a little late.
                self._put_due(self._closed_s, AT_A_TURN)
                self._note_intended(self._closed_s)
            self._bell.set()

    def rest(self) -> list[Arrival]:
        """Take out what nobody will take any more."""
        return self._backlog.take(len(self._backlog))

    def _produce(self) -> None:
        while self._closed_s is None and not self._full:
            now_s = monotonic()
            if self._due_s <= now_s:
                self._put_due(now_s, AT_A_TURN)
            # Behind or not, publishers get their turn; nothing is skipped and no time is moved.
            gevent.sleep(max(0.0, self._due_s - monotonic()))

    def _put_due(self, now_s: float, most: int) -> None:
        put: list[float] = []
        while self._due_s <= now_s and len(put) < most:
            if self._backlog.is_full:
                self._full = True
                self.tally.overloaded = f"the queue reached its bound of {len(self._backlog):,} events"
                break
            self._backlog.put(Arrival(next(self._events), self._due_s))
            put.append(self._due_s)
            self._due_s = self._began_s + next(self._times)
        self.tally.arrived += len(put)
        self.tally.came_late(put, now_s)
        if self._full:
            self._note_intended(now_s)
        if len(self._backlog) >= self._rings_at:
            self._bell.set()

    def _note_intended(self, now_s: float) -> None:
        """Say how many should have arrived by now. One that is far behind is reckoned, not drawn."""
        behind_s = now_s - self._due_s
        self.tally.intended = self.tally.arrived + (0 if behind_s < 0 else 1 + int(behind_s * self._rate))
