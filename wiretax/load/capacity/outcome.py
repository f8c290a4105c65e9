"""Judging one slice of a capacity search: whether its rate was carried, and if not, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wiretax.runs.files.probes import Reason
from wiretax.wire.histogram import SIZE, Histogram, bucket_lows_ns
from wiretax.wire.slices import Slice

# A generator that made fewer of the events that were due did not reach the rate.
KEPT_UP = 0.99
# A generator whose own delay, by p99, takes more of the target limits the rate.
LATE_SHARE = 0.25
# A process that uses more of a core is saturated.
BUSY_CORE = 0.95
# On a machine that uses more of its cores, whatever sends has to wait for one: a server on the same machine, or
# other workers, have taken it.
BUSY_MACHINE = 0.95
_MIDDLES_S = (bucket_lows_ns(np.arange(SIZE)) + bucket_lows_ns(np.arange(1, SIZE + 1))) / 2e9


@dataclass(frozen=True, slots=True)
class Outcome:
    """A slice of a capacity search.

    Attributes:
        reason: why the rate did not hold; empty if it did.
        p99_s: of total latency (s). Events without an acknowledgement count with how long they waited.
        by_generator: whether the generator did not reach the rate, was late itself, used all of its core, or
            shared cores that were all in use.
        busy: the share of time in which connections had a call under way.
        call_s: the median duration of a call (s); 0 if none was acknowledged.
    """

    reason: Reason
    p99_s: float
    by_generator: bool
    busy: float
    call_s: float

    @property
    def held(self) -> bool:
        """Whether the rate was carried."""
        return not self.reason


def outcome_of(slices: Sequence[Slice], target_s: float, cores: float = 0.0, machine: float = 0.0) -> Outcome:
    """Judge a slice of all processes that sent it.

    Args:
        slices: one per process, settled, with queues.
        target_s: the target of p99 (s).
        cores: processor time per second that the generator used, if it sent from this process.
        machine: the share of this machine's cores that all processes used (0 to 1).
    """
    total, calls, late_s = Histogram(), Histogram(), 0.0
    intended = arrived = lost = 0
    overloaded = False
    publishing_s = 0.0
    for slice_ in slices:
        queue = slice_.queue
        assert queue is not None
        total.merge(queue.times["total"])
        calls.merge(slice_.measured.latency)
        calls.merge(slice_.boundary.latency)
        late_s = max(late_s, queue.late.percentile_s(0.99))
        intended, arrived, lost = intended + queue.intended, arrived + queue.arrived, lost + queue.lost
        overloaded = overloaded or bool(queue.overloaded)
        publishing_s = max(publishing_s, slice_.workload.arrivals.publishers * slice_.duration_s)
    p99_s = _p99_s(total)
    reached = arrived >= KEPT_UP * intended
    is_starved = cores > BUSY_CORE or machine > BUSY_MACHINE
    by_generator = not reached or late_s > LATE_SHARE * target_s or is_starved
    return Outcome(
        reason=_reason(lost, overloaded or p99_s > target_s, reached, by_generator, overloaded),
        p99_s=p99_s,
        by_generator=by_generator,
        busy=float(calls.counts @ _MIDDLES_S) / publishing_s if publishing_s else 0.0,
        call_s=calls.percentile_s(0.5),
    )


def _reason(lost: int, is_late: bool, reached: bool, by_generator: bool, overloaded: bool) -> Reason:
    if lost:
        return "lost"
    if not reached or (is_late and by_generator):
        return "generator"
    if overloaded:
        return "queue"
    return "latency" if is_late else ""


def _p99_s(total: Histogram) -> float:
    everything = Histogram()
    everything.counts = total.counts + total.censored
    return everything.percentile_s(0.99)
