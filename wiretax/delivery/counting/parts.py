"""The events of one workload, and their deliveries, among those of several that were published together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from wiretax.delivery.counting.published import Published
from wiretax.delivery.counting.received import NOT_OURS, Received

COLUMNS = ("sequence", "intended_s", "began_s", "ended_s", "outcome", "call", "messages", "publisher")
ARRIVED = ("subscriber", "channel", "sequence", "arrived_s")


def part(
    published: Published, received: Received, mine: npt.NDArray[np.bool_], takes_rest: bool
) -> tuple[Published, Received]:
    """A part of the events, and the deliveries of these.

    Args:
        published: all events.
        received: all deliveries; with their numbers, also if they were identified by content.
        mine: which events belong to the part.
        takes_rest: whether the part has the deliveries of no event, too.
    """
    own = Published(**{name: getattr(published, name)[mine] for name in COLUMNS})
    kept = np.isin(received.sequence, own.sequence)
    if takes_rest:
        kept |= (received.sequence == NOT_OURS) | ~np.isin(received.sequence, published.sequence)
    arrived = {name: getattr(received, name)[kept] for name in ARRIVED}
    return own, replace(received, **arrived, key=np.zeros(0, dtype=np.uint64))
