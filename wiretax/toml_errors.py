"""What is said of a TOML file that can't be used: the word that was meant, an unknown key, a wrong type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import msgspec


def near(word: str, words: Iterable[str]) -> str:
    """`` (did you mean rounds?)``; empty where nothing is near."""
    found = get_close_matches(word, list(words), 1)
    return f" (did you mean {found[0]}?)" if found else ""


def unknown_word(value: object, words: Sequence[str], where: str) -> str | None:
    """A word that is none of those known, in a sentence; None for one of them, and for values of other types.

    Args:
        value: what was given.
        words: what was expected.
        where: what the sentence calls it.
    """
    if not isinstance(value, str) or value in words:
        return None
    return f"{where} = {value!r}, expected one of {', '.join(words)}{near(value, words)}"


def unknown_key(document: object, table: type[msgspec.Struct], where: str) -> str | None:
    """The first key of a document that its table does not have, in a sentence; None where it has all.

    Args:
        document: what was read; anything but a table has no keys.
        table: what it is to be, its fields by the names they are written with.
        where: what the sentence calls it.
    """
    known = table.__struct_encode_fields__
    for key in document if isinstance(document, dict) else ():
        if key not in known:
            return f"unknown key {key!r} in {where}; known are {', '.join(known)}{near(key, known)}"
    return None


def readable(error: msgspec.ValidationError, arrays: tuple[str, ...], whole: str) -> str:
    """What is wrong with a value, in one line.

    Args:
        error: as msgspec raised it.
        arrays: the names of the file's arrays of tables, whose elements are counted from 1.
        whole: what to call the file.
    """
    what, _, where = str(error).partition(" - at `$.")
    where = re.sub(
        rf"^({'|'.join(map(re.escape, arrays))})\[(\d+)\]\.?",
        lambda found: f"[[{found[1]}]] {int(found[2]) + 1} ",
        where.rstrip("`"),
    ).strip()
    what = what.replace("`", "").replace("Object missing required field", "missing key")
    return f"{where or whole}: {what[0].lower()}{what[1:]}"
