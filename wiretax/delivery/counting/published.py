"""What publishers sent in a slice, as columns: a few bytes per event, of which there may be millions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# What became of the call that carried an event, as the column ``outcome`` has it.
ACKNOWLEDGED, REJECTED, FAILED, UNKNOWN = range(4)
OUTCOMES = ("acknowledged", "rejected", "failed", "unknown")


@dataclass(frozen=True, slots=True)
class Published:
    """Events in the order of their sequence numbers: arrays of one length.

    Attributes:
        sequence: the number of each; ascending, each once.
        intended_s: when it was meant to arrive at the publisher, seconds on ``time.monotonic``.
        began_s: when its call began, likewise.
        ended_s: when its call ended, likewise.
        outcome: what became of its call: a place in ``OUTCOMES``.
        call: the number of its call, to find the events of a batch.
        messages: the number of its channels.
        publisher: the connection that sent it.
        key: what identifies each event on each of its channels if events carry no sequence number: as many for
            each event as it has messages, one event after the other; else empty.
    """

    sequence: Ints
    intended_s: Floats
    began_s: Floats
    ended_s: Floats
    outcome: npt.NDArray[np.int8]
    call: Ints
    messages: npt.NDArray[np.int16]
    publisher: npt.NDArray[np.int32]
    key: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    def __len__(self) -> int:
        return len(self.sequence)
