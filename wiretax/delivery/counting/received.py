"""What subscribers received in a slice, as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wiretax.delivery.counting.delivery_bytes import DeliveryBytes

# Of an event without a sequence number of this run.
NOT_OURS = -1


class Gap(NamedTuple):
    """A time in which a subscriber was not connected.

    Attributes:
        subscriber: its number.
        from_s: since when, seconds on ``time.monotonic``.
        until_s: until when it had subscribed again; infinite if it did not.
        why: the close code in words.
    """

    subscriber: int
    from_s: float
    until_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Received:
    """Deliveries in the order in which they arrived: arrays of one length; and what else subscribers noticed.

    Attributes:
        subscriber: the number of the subscriber.
        channel: the number of the channel among those subscribed to.
        sequence: the event's number; ``NOT_OURS`` if it has none of this run's.
        arrived_s: when the read returned that completed it, seconds on ``time.monotonic``.
        key: what identifies channel, name and data of events without a number; empty if events have one.
        bytes: what the subscribers' connections carried.
        gaps: when a subscriber was not connected.
        backlog_bytes: the most that had arrived at a connection and was not read yet: much if the subscriber was
            slow itself.
        cpu_s: the processor time of the subscribers' process; 0 if they share the publisher's.
        error: why a subscriber gave up; empty if none did.
    """

    subscriber: npt.NDArray[np.int16]
    channel: npt.NDArray[np.int16]
    sequence: npt.NDArray[np.int64]
    arrived_s: npt.NDArray[np.float64]
    key: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    bytes: DeliveryBytes = field(default_factory=DeliveryBytes)
    gaps: tuple[Gap, ...] = ()
    backlog_bytes: int = 0
    cpu_s: float = 0.0
    error: str = ""

    def __len__(self) -> int:
        return len(self.sequence)


def nothing(error: str = "") -> Received:
    """Nothing was received."""
    none = np.zeros(0, dtype=np.int16)
    return Received(none, none, np.zeros(0, dtype=np.int64), np.zeros(0), error=error)
