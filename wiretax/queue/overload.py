"""When a queue counts as overloaded."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from wiretax.channels.workload import Workload
from wiretax.queue.schedule import BURST

# Standard deviations of what arrives in a slice: deeper by more than this is not chance.
DEVIATIONS = 4.0
# It has to grow, too: the end of a slice is deeper than its middle by this factor.
GROWTH = 1.25


def expected_depth(workload: Workload, arrived: int) -> float:
    """How deep a queue that keeps up may be, by its linger, its publishers' batches, and chance."""
    lot = BURST if workload.arrivals.process == "burst" else 1
    chance = 0.0 if workload.arrivals.process == "constant" else DEVIATIONS * sqrt(arrived * lot)
    gathering = min(workload.arrivals.rate * workload.arrivals.linger_s, workload.call.batch_size)
    return gathering + 2 * workload.arrivals.publishers * workload.call.batch_size + lot + chance


def why_overloaded(workload: Workload, arrived: int, depths: Sequence[tuple[float, int]]) -> str:
    """Why a queue counts as overloaded after a slice; empty where it does not.

    It does where it is deeper at the end than one that keeps up may be, and 1.25 times as deep as half-way.

    Args:
        workload: whose queue.
        arrived: events that came into it.
        depths: seconds since the slice began, and how deep it was; the last is its end.
    """
    if not depths:
        return ""
    end_s, deep = depths[-1]
    half_way = min(depths, key=lambda depth: abs(depth[0] - end_s / 2))[1]
    if deep <= expected_depth(workload, arrived) or deep < GROWTH * half_way:
        return ""
    return f"the queue grew to {deep:,} events, from {half_way:,} half-way"
