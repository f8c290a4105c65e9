"""From events to the JSON body that a client library would send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any, NamedTuple

from wiretax.channels.bodies.channel_names import channels_in_turn
from wiretax.channels.bodies.payloads import example
from wiretax.channels.profiles import OPTIONAL_KEYS, Profile
from wiretax.channels.profiles.json_style import document_writer, encoder
from wiretax.channels.workload import Api, Workload


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        name: its name.
        channels: only one in a batch.
        data: a string; of a document its JSON, without spaces.
        socket_id: the connection that doesn't get it; None for none.
        info: which attributes of its channels the response has, separated by commas; None for none.
        is_document: whether the application passes a document, which the library encodes, rather than a string.
    """

    name: str
    channels: tuple[str, ...]
    data: str
    socket_id: str | None = None
    info: str | None = None
    is_document: bool = field(default=False, compare=False)

    def to(self, *channels: str) -> Event:
        """The same event to other channels."""
        return Event(self.name, channels, self.data, self.socket_id, self.info, self.is_document)


def data_string(data: Any, profile: Profile) -> str:
    """The data of an event as the library sends it, before the body is encoded.

    Args:
        data: what the application passes: a document, or a string that it has encoded itself.
        profile: the library; some encode such a string a second time.
    """
    if isinstance(data, str) and not profile.encodes_ready_strings:
        return data
    return encoder(profile.data_json)(data).decode()


def data_writer(profile: Profile) -> Callable[[Event], str]:
    """Returns a function that writes an event's data as the library sends it, before the body is encoded.

    The library decides with which spaces and escapes a document is written. Nothing else changes: no digit of a
    number, and no member, not even a repeated one or null.
    """
    write_document = document_writer(profile.data_json)
    if not profile.encodes_ready_strings:
        return lambda event: write_document(event.data) if event.is_document else event.data
    encode = encoder(profile.data_json)
    return lambda event: write_document(event.data) if event.is_document else encode(event.data).decode()


def data_bytes(workload: Workload, profile: Profile) -> int:
    """UTF-8 bytes of one event's data as the API receives and limits it, if it is not encrypted. This is more than
    the application passed if the library encodes strings a second time."""
    if not profile.encodes_ready_strings:
        return workload.payload.bytes
    return len(data_string(example(workload.payload.kind, workload.payload.bytes), profile).encode())


def trigger_document(event: Event, profile: Profile) -> dict[str, Any]:
    """The body of ``POST /apps/{id}/events`` before encoding, with its keys in the library's order."""
    return _trigger(event, event.data, *_trigger_keys(profile))


def batch_document(events: Sequence[Event], profile: Profile) -> dict[str, Any]:
    """The body of ``POST /apps/{id}/batch_events`` before encoding: one channel per item."""
    keys = Keys.of(profile.event_keys)
    return {"batch": [_item(event, event.data, keys) for event in events]}


class Keys(NamedTuple):
    """The keys of an event's members in a library's order: all of them, and those of an event without options."""

    all: tuple[str, ...]
    plain: tuple[str, ...]

    @classmethod
    def of(cls, keys: tuple[str, ...]) -> Keys:
        return cls(keys, tuple(key for key in keys if key not in OPTIONAL_KEYS))


def _trigger_keys(profile: Profile) -> tuple[Keys, Keys]:
    """The keys of triggers to one channel, and to several: they never are one string."""
    several = tuple("channels" if key == "channel" else key for key in profile.trigger_keys)
    return Keys.of(profile.trigger_keys), Keys.of(several)


def _trigger(event: Event, data: str, one: Keys, several: Keys) -> dict[str, Any]:
    members = {"name": event.name, "channel": event.channels[0], "channels": [*event.channels], "data": data}
    return _in_order(members, event, one if len(event.channels) == 1 else several)


def _item(event: Event, data: str, keys: Keys) -> dict[str, Any]:
    return _in_order({"channel": event.channels[0], "name": event.name, "data": data}, event, keys)


def _in_order(members: dict[str, Any], event: Event, keys: Keys) -> dict[str, Any]:
    if event.socket_id is None and event.info is None:
        return {key: members[key] for key in keys.plain}
    members |= {"socket_id": event.socket_id, "info": event.info}
    return {key: member for key in keys.all if (member := members[key]) is not None}


def generated_events(workload: Workload, data: Sequence[str]) -> Iterator[Event]:
    """The events of a workload, without end: data is used in turn, again and again, and so are the channels if
    events are spread."""
    name = workload.names.event
    if workload.names.spread == 1:
        names = next(channels_in_turn(workload))
        return cycle([Event(name, names, text) for text in data])
    turns = zip(channels_in_turn(workload), cycle(data), strict=False)
    return (Event(name, names, text) for names, text in turns)


def bodies(workload: Workload, profile: Profile, data: Sequence[str]) -> Callable[[], bytes]:
    """Returns a function that encodes the next body of a workload, as a publisher would, without end.

    Args:
        workload: what to send; its API decides the document.
        profile: the library whose key order and JSON are used.
        data: strings as the application passes them; used in turn, again and again.
    """
    encode = encoder(profile.body_json)
    supply: Iterator[str] = cycle(data)
    if profile.encodes_ready_strings:
        encode_data = encoder(profile.data_json)
        supply = (encode_data(text).decode() for text in cycle(data))
    blank = Event(workload.names.event, next(channels_in_turn(workload)), "")
    # Merging "data" into a prepared document keeps the position of its key.
    if workload.call.api == "batch":
        item = batch_document([blank], profile)["batch"][0]
        size = workload.call.batch_size
        if workload.names.spread > 1:
            parts = _spread(workload, "channel", supply)
            return lambda: encode({"batch": [{**item, **part} for part in islice(parts, size)]})
        return lambda: encode({"batch": [{**item, "data": text} for text in islice(supply, size)]})
    document = trigger_document(blank, profile)
    if workload.names.spread > 1:
        parts = _spread(workload, "channel" if "channel" in document else "channels", supply)
        return lambda: encode({**document, **next(parts)})
    return lambda: encode({**document, "data": next(supply)})


def _spread(workload: Workload, key: str, data: Iterator[str]) -> Iterator[dict[str, Any]]:
    """What differs between spread events: the channels, under the key that the document has for them, and data."""
    turns = zip(channels_in_turn(workload), data, strict=False)
    if key == "channel":
        return ({"channel": name, "data": text} for (name,), text in turns)
    return ({"channels": names, "data": text} for names, text in turns)


def body_writer(api: Api, profile: Profile) -> Callable[[Sequence[Event]], bytes]:
    """Returns a function that writes the body of one call: a batch of the given events, or a trigger of the first.

    Args:
        api: the call.
        profile: the library whose key order and JSON are used.
    """
    encode, write, always = encoder(profile.body_json), data_writer(profile), profile.encodes_ready_strings
    if api == "batch":
        keys = Keys.of(profile.event_keys)
        return lambda events: encode(
            {"batch": [_item(e, write(e) if always or e.is_document else e.data, keys) for e in events]}
        )
    one, several = _trigger_keys(profile)
    return lambda events: encode(_trigger(events[0], write(events[0]), one, several))


def ready_writer(api: Api, profile: Profile) -> Callable[[Sequence[Event]], bytes]:
    """The same for events whose data is as it will be sent."""
    encode = encoder(profile.body_json)
    if api == "batch":
        return lambda events: encode(batch_document(events, profile))
    return lambda events: encode(trigger_document(events[0], profile))
