"""An event from the fields that a line of JSON or a stream's entry has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Literal

from wiretax.channels.bodies.events import Event
from wiretax.channels.limits import Limits, refuse_event, refuse_info, refuse_socket_id

# Says why a client library would refuse to send an event, None if it would send it.
LibraryCheck = Callable[[Event], str | None]
# What to do with a line or an entry that isn't a valid event.
OnError = Literal["skip", "stop"]

FIELDS = frozenset({"name", "channel", "channels", "data", "socket_id", "info"})
# Names of other fields that are reported, and characters of each.
MOST_NAMED = 10
NAMED_CHARACTERS = 40


def event_of(
    document: Mapping[str, Any], limits: Limits, library: LibraryCheck | None = None, is_document: bool = False
) -> Event:
    """Check an event's fields, and make an event of them.

    Args:
        document: the fields; other fields are ignored. ``data`` is a string.
        limits: what the endpoint accepts.
        library: says why the client library would refuse an event; None if it refuses none.
        is_document: whether the data is the JSON of a document rather than a string of the application.

    Raises:
        ValueError: the fields are not an event, or the endpoint or the client library would refuse it; the message
            says why.
    """
    for field in ("name", "data"):
        if field not in document:
            raise ValueError(f"no {field}; an event has name, channel (or channels) and data")
    name, socket_id, info = document["name"], document.get("socket_id"), document.get("info")
    if not isinstance(name, str):
        raise ValueError(f"name is {kind_of(name)}, expected a string")
    for field, value in (("socket_id", socket_id), ("info", info)):
        if not (value is None or isinstance(value, str)):
            raise ValueError(f"{field} is {kind_of(value)}, expected a string")
    event = Event(name, _channels(document), document["data"], socket_id, info, is_document)
    if limits.channels == 1 < len(event.channels):
        raise ValueError(
            f"{len(event.channels)} channels; an item of a batch has one, and so has an encrypted event; "
            "a trigger takes several"
        )
    refusal = refuse_event(name, event.channels, event.data, limits)
    if refusal is None and socket_id is not None:
        refusal = refuse_socket_id(socket_id)
    if refusal is None and info is not None:
        refusal = refuse_info(info)
    if refusal is not None:
        raise ValueError(refusal.message)
    objection = library(event) if library is not None else None
    if objection is not None:
        raise ValueError(objection)
    return event


class UnknownFields:
    """Names fields that no event has and that are not sent, each of them once."""

    def __init__(self, warn: Callable[[str], None], known: Iterable[str] = ()) -> None:
        """``known``: other fields that are read."""
        self._warn = warn
        self._known = {*FIELDS, *known}
        self._left = MOST_NAMED

    def note(self, where: str, fields: Collection[str]) -> None:
        """Look at the fields of an event; ``where`` says which one it is."""
        if not self._left or self._known.issuperset(fields):
            return
        for field in [each for each in fields if each not in self._known][: self._left]:
            self._known.add(field)
            self._left -= 1
            shown = field if len(field) <= NAMED_CHARACTERS else f"{field[:NAMED_CHARACTERS]}..."
            last = "" if self._left else "; other such fields are not named"
            self._warn(
                f"{where}: field {shown!r} is not sent, here and in later events; an event has name, channel or "
                f"channels, data, socket_id and info{last}"
            )


def _channels(document: Mapping[str, Any]) -> tuple[str, ...]:
    if ("channel" in document) == ("channels" in document):
        raise ValueError("expected either channel or channels")
    channels = [document["channel"]] if "channel" in document else document["channels"]
    if not isinstance(channels, list) or not all(isinstance(each, str) for each in channels):
        field = "channel" if "channel" in document else "channels"
        expected = "a string" if field == "channel" else "a list of strings"
        raise ValueError(f"{field} is {kind_of(document[field])}, expected {expected}")
    return tuple(channels)


def kind_of(value: object) -> str:
    """A JSON value in words: ``a list``."""
    if isinstance(value, bool):
        return "true or false"
    names = {type(None): "null", dict: "an object", list: "a list", str: "a string", int: "a number"}
    return names.get(type(value), "a number")
