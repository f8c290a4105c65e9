"""Detecting that a queue is overloaded."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from wiretax.channels.workload import Workload
from wiretax.queue.sources.schedule import BURST
from wiretax.runs.depths import added_depths
from wiretax.wire.queue_tally import QueueTally

# In standard deviations of the number of arrivals in a slice: a queue that is deeper by more isn't so by chance.
DEVIATIONS = 4.0
# The queue has to grow, too: at the end of a slice it is deeper than half-way by this factor.
GROWTH = 1.25


def expected_depth(workload: Workload, arrived: int) -> float:
    """How deep, in events, a queue that keeps up may be: by its linger, its publishers' batches, and chance."""
    burst = BURST if workload.arrivals.process == "burst" else 1
    chance = 0.0 if workload.arrivals.process == "constant" else DEVIATIONS * sqrt(arrived * burst)
    lingering = min(workload.arrivals.rate * workload.arrivals.linger_s, workload.call.batch_size)
    return lingering + 2 * workload.arrivals.publishers * workload.call.batch_size + burst + chance


def why_overloaded(workload: Workload, arrived: int, depths: Sequence[tuple[float, int]]) -> str:
    """Why a queue counts as overloaded after a slice; empty if it does not.

    A queue is overloaded if it is deeper at the end than one that keeps up may be, and at least 1.25 times as deep
    as half-way.

    Args:
        workload: the queue's.
        arrived: events that came into the queue.
        depths: seconds since the slice began, and the depth in events; the last is the end of the slice.
    """
    if not depths:
        return ""
    end_s, depth = depths[-1]
    half_way = min(depths, key=lambda sample: abs(sample[0] - end_s / 2))[1]
    if depth <= expected_depth(workload, arrived) or depth < GROWTH * half_way:
        return ""
    return f"the queue grew to {depth:,} events, from {half_way:,} half-way"


def judge_parts(workload: Workload, parts: Sequence[QueueTally]) -> None:
    """See whether the parts of a queue in several processes are overloaded together, though none is alone."""
    if not parts or any(part.overloaded for part in parts):
        return
    times, depths = added_depths(
        [([at for at, _ in part.depths], [each for _, each in part.depths]) for part in parts]
    )
    whole = list(zip(times.tolist(), depths.tolist(), strict=True))
    why = why_overloaded(workload, sum(part.arrived for part in parts), whole)
    for part in parts:
        part.overloaded = why
