"""Reading an entry of a Redis stream as an event.

Its fields are ``name``, ``channel`` (or ``channels``, a JSON list) and ``data``, a string that is sent as it is.
Optional are ``socket_id``, ``info`` and ``at``: when the event arrived, in seconds since the epoch. Without
``at``, the entry's id tells that to the millisecond. Either has to be a time from ``EARLIEST_S`` to ``AHEAD_S``
from now: no other is when an event arrived.
"""

from __future__ import annotations

import re
from time import time
from typing import Any

import orjson

from wiretax.channels.bodies.events import Event
from wiretax.channels.limits import Limits
from wiretax.queue.sources.event_fields import LibraryCheck, event_of

AT = "at"
Fields = dict[bytes, bytes]
Entry = tuple[bytes, Fields]

# 2001-09-09: what is earlier is no time since the epoch, but since something else.
EARLIEST_S = 1e9
# The clock of another machine may be ahead.
AHEAD_S = 86_400.0
NUMBER = re.compile(r"\d{1,20}(\.\d{0,20})?([eE]\+?\d{1,2})?", re.ASCII)
SHOWN_CHARACTERS = 40


def read_entry(
    token: bytes, fields: Fields, limits: Limits, library: LibraryCheck | None = None
) -> tuple[Event, float]:
    """Read an entry: its event, and when that arrived, in seconds since the epoch.

    Args:
        token: the entry's id.
        fields: as Redis returns them.
        limits: what the endpoint accepts.
        library: says why the client library would refuse an event; None if it refuses none.

    Raises:
        ValueError: it is not an event, or the endpoint or the library would refuse it; the message says why.
    """
    document = _document(fields)
    return event_of(document, limits, library), _arrived(token, document.get(AT), time())


def _document(fields: Fields) -> dict[str, Any]:
    try:
        document: dict[str, Any] = {name.decode(): value.decode() for name, value in fields.items()}
    except UnicodeDecodeError:
        raise ValueError("a field that is not UTF-8") from None
    if "channels" in document:
        try:
            document["channels"] = orjson.loads(document["channels"])
        except orjson.JSONDecodeError:
            raise ValueError("channels is not JSON, expected a list of strings") from None
    return document


def _arrived(token: bytes, at: str | None, now_s: float) -> float:
    """When an entry's event arrived: by its field, or else by its id."""
    if at is None:
        seconds = int(token.partition(b"-")[0]) / 1000
        if not EARLIEST_S <= seconds <= now_s + AHEAD_S:
            raise ValueError("no at, and the entry's id is not a time; add at, in seconds since the epoch")
        return seconds
    number = NUMBER.fullmatch(at)
    if number is None or not EARLIEST_S <= float(at) <= now_s + AHEAD_S:
        shown = at if len(at) <= SHOWN_CHARACTERS else f"{at[:SHOWN_CHARACTERS]}..."
        raise ValueError(
            f"at is {shown!r}, expected seconds since the epoch, from {EARLIEST_S:.0f} to a day from now"
        )
    return float(at)
