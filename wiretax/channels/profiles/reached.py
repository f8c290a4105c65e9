"""How close the calls of a publisher came to its library's limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from wiretax.channels.profiles.library_limits import UNITS, LibraryLimits, Measure, size_in
from wiretax.channels.workload import Api

CALL = {"trigger": "a trigger", "multi_trigger": "a trigger", "batch": "a batch"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """The largest size of some texts, by measure."""

    utf8: int = 0
    utf16: int = 0
    characters: int = 0
    memory: int = 0

    @classmethod
    def of(cls, texts: Iterable[str]) -> Sizes:
        """Measure texts."""
        kept = list(texts)
        return cls(**{measure: max((size_in(text, measure) for text in kept), default=0) for measure in UNITS})

    def __or__(self, other: Sizes) -> Sizes:
        names = [each.name for each in fields(Sizes)]
        return Sizes(*(max(getattr(self, name), getattr(other, name)) for name in names))


@dataclass(frozen=True, slots=True)
class Reached:
    """The largest sizes in some calls of one kind.

    Attributes:
        events: events in one batch.
        channels: channels of one trigger.
        channel_name: of a channel.
        event_name: of an event.
        data: of one event.
    """

    events: int = 0
    channels: int = 0
    channel_name: Sizes = Sizes()
    event_name: Sizes = Sizes()
    data: Sizes = Sizes()

    def __or__(self, other: Reached) -> Reached:
        return Reached(
            max(self.events, other.events),
            max(self.channels, other.channels),
            self.channel_name | other.channel_name,
            self.event_name | other.event_name,
            self.data | other.data,
        )


@dataclass(frozen=True, slots=True)
class LimitSeen:
    """One limit of a library, beside the largest size that a publisher sent.

    Attributes:
        what: what is limited: ``data in a batch``.
        most: the limit.
        unit: its unit.
        seen: the largest size that was sent.
    """

    what: str
    most: int
    unit: str
    seen: int


def limits_seen(limits: LibraryLimits, api: Api, reached: Reached) -> Iterator[LimitSeen]:
    """The limits of a kind of call, beside what calls of that kind reached."""
    own, call = limits.of(api), CALL[api]
    if own.events is not None:
        yield LimitSeen(call, own.events, "events", reached.events)
    if own.channels is not None:
        yield LimitSeen(call, own.channels, "channels", reached.channels)
    texts: tuple[tuple[str, int | None, Sizes, Measure], ...] = (
        ("a channel's name", own.channel_name, reached.channel_name, limits.names_in),
        ("an event's name", own.event_name, reached.event_name, limits.names_in),
        ("data", own.data, reached.data, limits.data_in),
    )
    for what, most, sizes, measure in texts:
        if most is not None:
            yield LimitSeen(f"{what} in {call}", most, UNITS[measure], getattr(sizes, measure))
