"""Error messages for invalid TOML files: unknown words and keys, with suggestions, and wrong types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import msgspec

# Of a given value in a message, in characters.
LONGEST = 60


def near(word: str, words: Iterable[str]) -> str:
    """A suggestion like `` (did you mean rounds?)``; empty if no word is similar."""
    found = get_close_matches(word, list(words), 1)
    return f" (did you mean {found[0]}?)" if found else ""


def unknown_word(value: object, words: Sequence[str], where: str) -> str | None:
    """The message for an unknown word; None for a known one and for values of other types.

    Args:
        value: the value in the file.
        words: the known words.
        where: the name of the value in the message.
    """
    if not isinstance(value, str) or value in words:
        return None
    return f"{where} = {value!r}, expected one of {', '.join(words)}{near(value, words)}"


def unknown_key(document: object, table: type[msgspec.Struct], where: str) -> str | None:
    """The message for the first unknown key of a document; None if all are known.

    Args:
        document: the parsed document; anything but a table has no keys.
        table: the expected structure.
        where: the name of the document in the message.
    """
    known = table.__struct_encode_fields__
    for key in document if isinstance(document, dict) else ():
        if key not in known:
            return f"unknown key {key!r} in {where}; known are {', '.join(known)}{near(key, known)}"
    return None


def readable(error: msgspec.ValidationError, arrays: tuple[str, ...], whole: str, document: object = None) -> str:
    """msgspec's error as one readable line.

    Args:
        error: the error.
        arrays: the names of the file's arrays of tables; their elements are numbered from 1.
        whole: the name of the file in the message.
        document: what was parsed, so that the message can show the value that was given.
    """
    what, _, where = str(error).partition(" - at `$.")
    given = _given(document, where.rstrip("`"))
    where = re.sub(
        rf"^({'|'.join(map(re.escape, arrays))})\[(\d+)\]\.?",
        lambda found: f"[[{found[1]}]] {int(found[2]) + 1} ",
        where.rstrip("`"),
    ).strip()
    what = what.replace("`", "").replace("Object missing required field", "missing key")
    return f"{where or whole}: {what[0].lower()}{what[1:]}{given}"


def _given(document: object, path: str) -> str:
    """The value at a path like ``skipped[0].status``, in parentheses; empty for arrays, tables and nothing."""
    for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        try:
            document = document[int(index) if index else key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return ""
    if document is None or isinstance(document, dict | list):
        return ""
    shown = repr(document)
    return f" ({shown if len(shown) <= LONGEST else shown[:LONGEST] + '...'})"
