"""An entry of a Redis stream, read as an event.

It has the fields ``name``, ``channel`` (or ``channels``, a JSON list) and ``data``; ``at``, seconds since the
epoch, is when it arrived, and where there is none the entry's id says so to the millisecond.
"""

from __future__ import annotations

from math import isfinite, nan
from typing import Any

import orjson

from wiretax.channels.bodies.events import Event
from wiretax.channels.limits import Limits
from wiretax.queue.jsonl import event_of

Fields = dict[bytes, bytes]
Entry = tuple[bytes, Fields]


def read_entry(token: bytes, fields: Fields, limits: Limits) -> tuple[Event, float]:
    """Its event, and when that arrived, seconds since the epoch.

    Args:
        token: the entry's id.
        fields: as Redis has them.
        limits: what the endpoint takes.

    Raises:
        ValueError: with what is wrong; it is no event, or the endpoint would refuse it.
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
