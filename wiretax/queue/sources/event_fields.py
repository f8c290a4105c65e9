"""An event from the fields that a line of JSON or a stream's entry has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import orjson

from wiretax.channels.bodies.events import Event
from wiretax.channels.limits import Limits, refuse_event

# Says why a client library would refuse to send an event, None if it would send it.
LibraryCheck = Callable[[Event], str | None]
# What to do with a line or an entry that isn't a valid event.
OnError = Literal["skip", "stop"]


def event_of(document: Any, limits: Limits, library: LibraryCheck | None = None) -> Event:
    """Check an event's fields, and make an event of them.

    Data that isn't a string is encoded as JSON without spaces, as an application would.

    Raises:
        ValueError: the fields are not an event, or the endpoint or the client library would refuse it; the message
            says why.
    """
    if not isinstance(document, dict):
        raise ValueError(f"{_kind(document)}, expected an object with name, channel and data")
    for field in ("name", "data"):
        if field not in document:
            raise ValueError(f"no {field}; an event has name, channel (or channels) and data")
    name, data = document["name"], document["data"]
    if not isinstance(name, str):
        raise ValueError(f"name is {_kind(name)}, expected a string")
    if not isinstance(data, str):
        try:
            data = orjson.dumps(data).decode()
        except orjson.JSONEncodeError as error:
            raise ValueError(f"data can't be encoded as JSON ({error})") from None
    event = Event(name, _channels(document), data)
    if limits.channels == 1 < len(event.channels):
        raise ValueError(f"{len(event.channels)} channels; an item of a batch has one, a trigger takes several")
    refusal = refuse_event(name, event.channels, data, limits)
    if refusal is not None:
        raise ValueError(refusal.message)
    objection = library(event) if library is not None else None
    if objection is not None:
        raise ValueError(objection)
    return event


def _channels(document: dict[str, Any]) -> tuple[str, ...]:
    if ("channel" in document) == ("channels" in document):
        raise ValueError("expected either channel or channels")
    channels = [document["channel"]] if "channel" in document else document["channels"]
    if not isinstance(channels, list) or not all(isinstance(each, str) for each in channels):
        field = "channel" if "channel" in document else "channels"
        expected = "a string" if field == "channel" else "a list of strings"
        raise ValueError(f"{field} is {_kind(document[field])}, expected {expected}")
    return tuple(channels)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    names = {type(None): "null", dict: "an object", list: "a list", str: "a string", int: "a number"}
    return names.get(type(value), "a number")
