"""Reading an entry of a Redis stream as an event.

Its fields are ``name``, ``channel`` (or ``channels``, a JSON list), ``data``, and optionally ``at``: when the
event arrived, in seconds since the epoch. Without ``at``, the entry's id tells that to the millisecond.
"""

from __future__ import annotations

from math import isfinite, nan
from typing import Any

import orjson

from wiretax.channels.bodies.events import Event
from wiretax.channels.limits import Limits
from wiretax.queue.sources.event_fields import event_of

Fields = dict[bytes, bytes]
Entry = tuple[bytes, Fields]


def read_entry(token: bytes, fields: Fields, limits: Limits) -> tuple[Event, float]:
    """Read an entry: its event, and when that arrived, in seconds since the epoch.

    Args:
        token: the entry's id.
        fields: as Redis returns them.
        limits: what the endpoint accepts.

    Raises:
        ValueError: it is not an event, or the endpoint would refuse it; the message says why.
    """
    document = _document(fields)
    at_s = _seconds(document["at"]) if "at" in document else int(token.partition(b"-")[0]) / 1000
    return event_of(document, limits), at_s


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


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = nan
    if not isfinite(seconds):
        raise ValueError(f"at is {text!r}, expected seconds since the epoch")
    return seconds
