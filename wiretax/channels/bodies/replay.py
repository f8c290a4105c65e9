"""A user's recorded events instead of generated ones: every workload sends them in order, again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from typing import Any

from wiretax.channels.bodies.events import Event, body_writer, channel_names
from wiretax.channels.profiles import Profile
from wiretax.channels.workload import Workload

# The payload_kind of recorded events; their payload_bytes are a mean.
REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Replay:
    """Recorded events to send again.

    Attributes:
        name: the name of their file.
        events: the events in order.
        skipped: the number of invalid lines in the file, which are skipped.
    """

    name: str
    events: tuple[Event, ...]
    skipped: int = field(default=0, compare=False)

    @property
    def payload_bytes(self) -> int:
        """The mean of their data's UTF-8 bytes, rounded; at least 1."""
        return max(1, round(sum(self.sizes) / len(self.events)))

    @property
    def sizes(self) -> list[int]:
        """UTF-8 bytes of each event's data."""
        return [len(event.data.encode()) for event in self.events]

    def sent_by(self, workload: Workload) -> tuple[Event, ...]:
        """The events as a workload sends them.

        A workload with several channels sends each event to ``my-channel-1`` and so on. Otherwise an event goes to
        its own channels, as one event for each.
        """
        if workload.call.channels > 1:
            names = channel_names(workload.call.channels)
            return tuple(replace(event, channels=names) for event in self.events)
        return tuple(replace(event, channels=(each,)) for event in self.events for each in event.channels)

    def as_dict(self) -> dict[str, Any]:
        """The entry in ``run.json``."""
        return {
            "name": self.name,
            "events": len(self.events),
            "payload_bytes": {"least": min(self.sizes), "mean": self.payload_bytes, "most": max(self.sizes)},
            **({"skipped": self.skipped} if self.skipped else {}),
        }


class WeighedBody(bytes):
    """A body with the number of payload bytes in it, as the application passed them."""

    payload_bytes: int


def payload_of(body: bytes) -> int:
    """The payload bytes in a body of ``replayed_bodies``."""
    assert isinstance(body, WeighedBody)
    return body.payload_bytes


def replayed_bodies(workload: Workload, profile: Profile, events: Sequence[Event]) -> Callable[[], bytes]:
    """Returns a function that encodes the next body, without end, like ``events.bodies``.

    Args:
        workload: what to send; its API decides the document.
        profile: the library whose key order and JSON are used.
        events: the events as the workload sends them; used in turn, again and again.
    """
    write = body_writer(workload.call.api, profile)
    supply = cycle([(event, len(event.data.encode())) for event in events])
    size = workload.call.batch_size

    def next_body() -> WeighedBody:
        taken = list(islice(supply, size))
        body = WeighedBody(write([event for event, _ in taken]))
        body.payload_bytes = sum(data_bytes for _, data_bytes in taken)
        return body

    return next_body
