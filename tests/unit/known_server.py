"""A queue, its publishers and a server of known capacity in simulated time: the model of the mock's cost model."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from typing import NamedTuple

import numpy as np

from wiretax.channels.workload import Workload


class Drained(NamedTuple):
    """What became of the events of one slice: p99 of total latency, and the mean call, in seconds."""

    p99_s: float
    call_s: float


@dataclass(frozen=True, slots=True)
class Server:
    """A server of known capacity: ``servers`` calls at a time, and seconds per call and event."""

    servers: int
    per_request: float
    per_event: float

    def carries(self, batch_size: int) -> float:
        """Events per second that full calls of this size saturate it at."""
        return self.servers * batch_size / (self.per_request + batch_size * self.per_event)

    def drain(self, workload: Workload, lasting_s: float, random: np.random.Generator) -> Drained:
        """Serve the events of a slice at a workload's rate, to the last one."""
        arrivals = workload.arrivals
        count = random.poisson(arrivals.rate * lasting_s)
        times = np.sort(random.uniform(0.0, lasting_s, count)).tolist()
        free = [0.0] * self.servers
        idle = [0.0] * arrivals.publishers
        heapify(free)
        heapify(idle)
        totals: list[float] = []
        calls: deque[float] = deque()
        at, size = 0, workload.call.batch_size
        while at < count:
            # A batch leaves once it is full or its first event has waited for the linger, and a publisher is idle.
            ready = times[at] + arrivals.linger_s
            if at + size <= count:
                ready = min(ready, times[at + size - 1])
            began = max(ready, heappop(idle))
            taken = at
            while taken < count and taken - at < size and times[taken] <= began:
                taken += 1
            done = max(began, free[0]) + self.per_request + (taken - at) * self.per_event
            heapreplace(free, done)
            heappush(idle, done)
            calls.append(done - began)
            totals.extend(done - each for each in times[at:taken])
            at = taken
        if not totals:
            return Drained(0.0, 0.0)
        return Drained(float(np.quantile(totals, 0.99)), sum(calls) / len(calls))
