"""Filling a Redis stream at a rate, as an open loop: whether or not anybody reads the entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep, time
from typing import Any

import redis

from wiretax.channels.bodies.events import Event

# How many entries a feeder that is behind adds in one command.
MAX_PER_COMMAND = 500


@dataclass(slots=True)
class Fed:
    """What was added.

    Attributes:
        events: entries that Redis accepted.
        duration_s: how long that took.
        late_s: how long after its time the last entry was added.
        interrupted: whether the user stopped it.
    """

    events: int = 0
    duration_s: float = 0.0
    late_s: float = 0.0
    interrupted: bool = False

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.duration_s if self.duration_s else 0.0


class Feeder:
    """Adds events to a stream at their times.

    Attributes:
        fed: the entries added so far.
    """

    def __init__(self, client: redis.Redis, stream: str, events: Iterator[Event], times: Iterator[float]) -> None:
        """``times``: ascending, seconds from the start."""
        self.fed = Fed()
        self._client = client
        self._stream = stream
        self._events = events
        self._times = times

    def run(self, count: int | None, duration_s: float | None) -> None:
        """Add a number of events, or for some seconds; if both are given, until the first is reached.

        An entry's field ``at`` is the time it was meant to arrive, so that its lateness can be told.

        Raises:
            redis.RedisError: Redis can't be reached, or the connection is lost; ``fed`` has what was added.
        """
        fed = self.fed
        began_s, epoch_s = monotonic(), time()
        due_s = next(self._times)
        while count is None or fed.events < count:
            now_s = monotonic() - began_s
            if duration_s is not None and (now_s >= duration_s or due_s >= duration_s):
                break
            if due_s > now_s:
                sleep(due_s - now_s)
                continue
            most = MAX_PER_COMMAND if count is None else min(MAX_PER_COMMAND, count - fed.events)
            pipeline = self._client.pipeline(transaction=False)
            added, last_s = 0, due_s
            while due_s <= now_s and added < most:
                pipeline.xadd(self._stream, _fields(next(self._events), epoch_s + due_s))
                added, last_s = added + 1, due_s
                due_s = next(self._times)
            pipeline.execute()
            fed.events += added
            fed.duration_s = monotonic() - began_s
            fed.late_s = fed.duration_s - last_s
        if duration_s is not None and (count is None or fed.events < count):
            # No more events are due, or the time is over.
            sleep(max(0.0, duration_s - (monotonic() - began_s)))
            fed.duration_s = monotonic() - began_s


def _fields(event: Event, at_s: float) -> dict[Any, Any]:
    return {"name": event.name, "channel": event.channels[0], "data": event.data, "at": f"{at_s:.6f}"}
