"""Reads the events of a request from its path and body, as a server would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from wiretax.channels.bodies.channel_names import is_encrypted
from wiretax.channels.bodies.encryption import encrypted_bytes
from wiretax.channels.profiles.reached import Reached, Sizes
from wiretax.channels.workload import Api


@dataclass(frozen=True, slots=True)
class Publication:
    """The events of one request.

    Attributes:
        api: the call.
        events: events in the body; 0 if it can't be read.
        channels: channels per event.
        payload_bytes: UTF-8 bytes of the ``data`` of all events, as received; of encrypted ones before encryption.
        encryption_bytes: what encryption added to that.
        reached: its largest sizes, as libraries measure them; without encrypted data, which most measure before.
        encoded_twice: events whose data is a document that was encoded as JSON twice.
        encoded_twice_bytes: what the second encoding added to their data.
    """

    api: Api
    events: int
    channels: int
    payload_bytes: int
    encryption_bytes: int = 0
    reached: Reached = field(default=Reached(), compare=False)
    encoded_twice: int = 0
    encoded_twice_bytes: int = 0


class SentEvent(NamedTuple):
    """An event in the body of a request."""

    channels: tuple[str, ...]
    name: str
    data: str


def read_events(target: bytes, body: bytes) -> list[SentEvent]:
    """The events of a request, as ``read_publication`` counts them, without those that lack a channel, a name or
    data; empty if it publishes none."""
    read = _document_of(target, body)
    if read is None:
        return []
    is_batch, document = read
    items = (_batch_of(document) or []) if is_batch else [document]
    return [event for item in items if (event := _event(item)) is not None]


def _event(item: Any) -> SentEvent | None:
    if not isinstance(item, dict):
        return None
    name, data, channels = (item.get(key) for key in ("name", "data", "channels"))
    found: list[Any] = channels if isinstance(channels, list) and channels else [item.get("channel")]
    if not all(isinstance(each, str) for each in (name, data, *found)):
        return None
    return SentEvent(tuple(found), str(name), str(data))


def read_publication(target: bytes, body: bytes) -> Publication | None:
    """Read a request's path, with any prefix, with or without its query, and body; None if it is not a publishing
    call."""
    read = _document_of(target, body)
    if read is None:
        return None
    is_batch, document = read
    if not is_batch:
        return _trigger(document)
    items = _batch_of(document)
    if items is None:
        return Publication("batch", 0, 1, 0)
    reached = _reached(len(items), 1, items, list(_texts(items, "channel")))
    sizes = [_data_bytes(item, _texts([item], "channel")) for item in items]
    payload, added = (sum(each) for each in zip((0, 0), *sizes, strict=True))
    return Publication("batch", len(items), 1, payload, added, reached, *_encoded_twice(items))


def _document_of(target: bytes, body: bytes) -> tuple[bool, Any] | None:
    """Whether a request publishes a batch, and its JSON (None if that can't be read); None if it is no publishing
    call."""
    path, _, call = target.partition(b"?")[0].rpartition(b"/")
    if call not in (b"events", b"batch_events") or not path.startswith(b"/") or b"/apps/" not in path:
        return None
    try:
        return call == b"batch_events", orjson.loads(body)
    except orjson.JSONDecodeError:
        return call == b"batch_events", None


def _batch_of(document: Any) -> list[Any] | None:
    """The events of a batch's JSON; None if it has no list of them."""
    items = document.get("batch") if isinstance(document, dict) else None
    return items if isinstance(items, list) else None


def _trigger(document: Any) -> Publication:
    if not isinstance(document, dict):
        return Publication("trigger", 0, 1, 0)
    names = document.get("channels")
    count = len(names) if isinstance(names, list) and names else 1
    channels = names if isinstance(names, list) else list(_texts([document], "channel"))
    names = [each for each in channels if isinstance(each, str)]
    reached = _reached(1, count, [document], names)
    sizes = _data_bytes(document, names)
    twice = _encoded_twice([document])
    return Publication("multi_trigger" if count > 1 else "trigger", 1, count, *sizes, reached, *twice)


def _reached(events: int, channels: int, items: Sequence[Any], names: Sequence[str]) -> Reached:
    """The largest sizes of a call."""
    data = (each for each in _texts(items, "data") if _sealed_bytes(each, names) is None)
    return Reached(events, channels, Sizes.of(names), Sizes.of(_texts(items, "name")), Sizes.of(data))


def _texts(items: Sequence[Any], key: str) -> Iterator[str]:
    """The strings that events have under a key."""
    for item in items:
        text = item.get(key) if isinstance(item, dict) else None
        if isinstance(text, str):
            yield text


def _encoded_twice(items: Sequence[Any]) -> tuple[int, int]:
    """How many events have a document as data that was encoded twice, and the bytes of the second encoding."""
    events = added = 0
    for text in _texts(items, "data"):
        if text.startswith('"') and (inner := _document_in(text)) is not None:
            events += 1
            added += len(text.encode()) - len(inner.encode())
    return events, added


def _document_in(text: str) -> str | None:
    """The JSON of an object or array that a JSON string holds; None if it holds anything else."""
    try:
        inner = orjson.loads(text)
        is_document = isinstance(inner, str) and isinstance(orjson.loads(inner), dict | list)
    except orjson.JSONDecodeError:
        return None
    return str(inner) if is_document else None


def _data_bytes(event: Any, channels: Iterable[str]) -> tuple[int, int]:
    """The bytes of an event's data, and those that encryption added to it."""
    data = event.get("data") if isinstance(event, dict) else None
    if not isinstance(data, str):
        return 0, 0
    size = len(data.encode())
    within = _sealed_bytes(data, channels)
    return (size, 0) if within is None else (within, size - within)


def _sealed_bytes(data: str, channels: Iterable[str]) -> int | None:
    """The bytes that are encrypted in data for some channels; None if it is not encrypted."""
    return encrypted_bytes(data) if any(map(is_encrypted, channels)) else None
