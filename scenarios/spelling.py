"""A word nobody knows, and the known one that may have been meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near(word: str, words: Iterable[str]) -> str:
    """`` (did you mean ...?)``, or nothing where no word is near."""
    found = get_close_matches(word, list(words), 1)
    return f" (did you mean {found[0]}?)" if found else ""
