"""A user's recorded events instead of generated ones: every workload sends them in order, again and again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Any

from wiretax.channels.bodies.channel_names import channels_in_turn
from wiretax.channels.bodies.events import Event
from wiretax.channels.workload import Workload

# The payload_kind of recorded events; their payload_bytes are a mean.
REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Replay:
    """Recorded events to send again.

    Attributes:
        name: the name of their file.
        events: the events in order; there may be too many to hold them in memory.
        skipped: the number of invalid lines in the file, which are skipped.
        least_bytes: UTF-8 bytes of the smallest data of an event.
        payload_bytes: the mean of those of all events, rounded; at least 1.
        most_bytes: those of the largest.
    """

    name: str
    events: Collection[Event]
    skipped: int = field(default=0, compare=False)
    least_bytes: int = field(init=False)
    payload_bytes: int = field(init=False)
    most_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        least, most, total = inf, 0, 0
        for event in self.events:
            size = len(event.data.encode())
            least, most, total = min(least, size), max(most, size), total + size
        object.__setattr__(self, "least_bytes", int(least))
        object.__setattr__(self, "payload_bytes", max(1, round(total / len(self.events))))
        object.__setattr__(self, "most_bytes", most)

    def sent_by(self, workload: Workload) -> Iterator[Event]:
        """The events as a workload sends them, again and again.

        A workload with several channels sends each event to these, as it would send generated ones. Otherwise an
        event goes to its own channels, as one event for each.
        """
        if workload.call.channels > 1:
            turns = channels_in_turn(workload)
            while True:
                for event in self.events:
                    yield event.to(*next(turns))
        while True:
            for event in self.events:
                if len(event.channels) == 1:
                    yield event
                    continue
                for each in event.channels:
                    yield event.to(each)

    def as_dict(self) -> dict[str, Any]:
        """The entry in ``run.json``."""
        return {
            "name": self.name,
            "events": len(self.events),
            "payload_bytes": {"least": self.least_bytes, "mean": self.payload_bytes, "most": self.most_bytes},
            **({"skipped": self.skipped} if self.skipped else {}),
        }
