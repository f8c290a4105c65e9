"""The state of a queue in one slice."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice


@dataclass(slots=True)
class SliceState:
    """A queue in one slice.

    Attributes:
        slice_: the slice.
        tally: what is noted of the queue in it.
        began_s: when it began, seconds on the queue's clock.
        depth_before: how deep the queue was then, in events.
        counts_arrivals: whether the source counts what arrives in the tally.
        ends_s: no call begins after this moment.
        open: whether the slice, or a later stage of it, is open.
        stage: of a rate that changes, the number of the stage that goes on.
    """

    slice_: Slice
    tally: QueueTally
    began_s: float
    depth_before: int
    counts_arrivals: bool
    ends_s: float = inf
    open: bool = True
    stage: int = 0
