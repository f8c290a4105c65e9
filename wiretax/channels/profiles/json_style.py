"""How a client library writes JSON, as data, and an encoder that follows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import orjson

# Strings, and the signs between items and after keys, in a document without spaces.
TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[,:]')


class JsonStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The style of one JSON encoder. The default is as compact as JSON allows, like JavaScript's.

    Attributes:
        item_separator: the text between items.
        key_separator: the text after a key.
        ensure_ascii: whether everything but printable ASCII is written as ``\\uXXXX``.
        escapes: exceptions from the above, by character: the text written for it, which is the character itself if
            it is not escaped.
        drops_null_members: whether members of an object whose value is null are left out.
    """

    item_separator: str = ","
    key_separator: str = ":"
    ensure_ascii: bool = False
    escapes: dict[str, str] = msgspec.field(default_factory=dict)
    drops_null_members: bool = False

    def __post_init__(self) -> None:
        for name, sign in (("item_separator", ","), ("key_separator", ":")):
            if getattr(self, name).strip(" ") != sign:
                raise ValueError(f"{name} {getattr(self, name)!r}, expected {sign!r} with or without spaces")
        for character, written in self.escapes.items():
            if len(character) != 1:
                raise ValueError(f"escapes names {character!r}, expected one character")
            if _read(written) != character:
                raise ValueError(
                    f"escapes writes {character!r} as {written!r}, which JSON reads as something else"
                )


def encoder(style: JsonStyle) -> Callable[[Any], bytes]:
    """Returns a function that encodes a document in this style, as UTF-8. Numbers are written as in Python."""
    encode = _escaping(_plain(style), style.escapes)
    return (lambda document: encode(_without_nulls(document))) if style.drops_null_members else encode


def document_writer(style: JsonStyle) -> Callable[[str], str]:
    """Returns a function that writes a document in this style, given its JSON without spaces between tokens.

    Unlike ``encoder`` it keeps the digits of numbers, repeated keys and null members; only spaces and escapes
    differ.
    """
    encode = _escaping(_plain(style), style.escapes)
    separators = {",": style.item_separator, ":": style.key_separator}
    if encode is orjson.dumps:
        return lambda text: text

    def write(token: re.Match[str]) -> str:
        return separators.get(token[0]) or encode(orjson.loads(token[0])).decode()

    return lambda text: TOKENS.sub(write, text)


def _plain(style: JsonStyle) -> Callable[[Any], bytes]:
    if not style.ensure_ascii and style.item_separator == "," and style.key_separator == ":":
        return orjson.dumps
    encode = json.JSONEncoder(
        ensure_ascii=style.ensure_ascii, separators=(style.item_separator, style.key_separator)
    ).encode
    return lambda document: encode(document).encode()


def _escaping(plain: Callable[[Any], bytes], escapes: dict[str, str]) -> Callable[[Any], bytes]:
    """Wraps an encoder to write some characters, all of them inside strings, in another way."""
    swaps = {plain(character)[1:-1]: written.encode() for character, written in escapes.items()}
    raw = [swap for swap in swaps.items() if not swap[0].startswith(b"\\")]
    escaped = {written: other for written, other in swaps.items() if written.startswith(b"\\")}
    if not swaps:
        return plain
    # An escaped backslash is matched as a whole, so that the letter after it is not read as its escape.
    pattern = re.compile(b"|".join(re.escape(written) for written in (rb"\\", *escaped)))

    def encode(document: Any) -> bytes:
        text = plain(document)
        if any(written in text for written in escaped):
            text = pattern.sub(lambda found: escaped.get(found[0], found[0]), text)
        for written, other in raw:
            text = text.replace(written, other)
        return text

    return encode


def _without_nulls(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _without_nulls(value) for key, value in document.items() if value is not None}
    if isinstance(document, list | tuple):
        return [_without_nulls(item) for item in document]
    return document


def _read(written: str) -> object:
    try:
        return json.loads(f'"{written}"')
    except ValueError:
        return None
