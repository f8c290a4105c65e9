"""The fields of a line of JSON. A document in ``data`` stays text, so that nothing in it changes."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import orjson

from wiretax.queue.sources.event_fields import kind_of

READ = ("name", "channel", "channels", "socket_id", "info")
# Strings, and the spaces between the other tokens of a document.
TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[ \t\r\n]+')

# Strings, and the brackets between them.
BRACKETS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]')
# Levels of lists and objects that orjson writes, and so most that a document may have.
MOST_LEVELS = 254

# Checks the grammar of a line and reads no value: numbers keep their digits, objects their order and repeats.
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def fields_of(line: bytes) -> tuple[dict[str, Any], bool]:
    """Read the fields of an event.

    Args:
        line: one JSON document.

    Returns:
        The fields by name, and whether ``data`` is a document: then it is the JSON of that, without spaces between
        its tokens and with characters instead of their escapes.

    Raises:
        ValueError: it isn't a JSON object; the message says why.
    """
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        fields = _with_large_numbers(line, error)
    if not isinstance(fields, dict):
        raise ValueError(f"{kind_of(fields)}, expected an object with name, channel and data")
    data = fields.get("data", "")
    if isinstance(data, str):
        return fields, False
    try:
        usual = orjson.dumps(data)
    except orjson.JSONEncodeError as error:
        raise ValueError(f"data can't be encoded as JSON ({error})") from None
    raw = bytes(_members(line)["data"])
    fields["data"] = (raw if raw == usual else _shortest(raw)).decode()
    return fields, True


def _with_large_numbers(line: bytes, error: orjson.JSONDecodeError) -> Any:
    """The fields of a line with a number beyond a float's range; a field that isn't needed as a value is None."""
    try:
        line.decode()
        fields = {name: bytes(raw) for name, raw in _members(line).items()}
        # How many levels msgspec reads depends on the version of Python.
        if max(map(_levels, fields.values()), default=0) > MOST_LEVELS:
            raise ValueError
        return {
            name: orjson.loads(raw) if name in READ or raw.startswith(b'"') else None
            for name, raw in fields.items()
        }
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise ValueError(f"not JSON ({error})") from None


def _levels(raw: bytes) -> int:
    """How deeply lists and objects are nested in a valid document."""
    level = most = 0
    for token in BRACKETS.findall(raw):
        level += (token in b"[{") - (token in b"]}")
        most = max(most, level)
    return most


def _shortest(raw: bytes) -> bytes:
    """A document without spaces and escapes that it doesn't need."""
    if b"\\" in raw:
        return TOKENS.sub(lambda token: orjson.dumps(orjson.loads(token[0])) if token[0][:1] == b'"' else b"", raw)
    parts = raw.split(b'"')
    parts[::2] = [b"".join(part.split()) for part in parts[::2]]
    return b'"'.join(parts)
