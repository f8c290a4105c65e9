"""Sentences that several starts report: each once, with the starts that it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBER = re.compile(r"\d[\d.,]*")


def merged_messages(by_start: Sequence[Sequence[str]]) -> list[str]:
    """The sentences of all starts. Those that differ in numbers alone are one, with the numbers of the first.

    Args:
        by_start: the sentences of each start.
    """
    found: dict[str, dict[int, str]] = {}
    for start, sentences in enumerate(by_start, 1):
        for sentence in sentences:
            found.setdefault(NUMBER.sub("#", sentence), {}).setdefault(start, sentence)
    return [_of_starts(kept, len(by_start)) for kept in found.values()]


def _of_starts(kept: dict[int, str], starts: int) -> str:
    first, *others = kept
    text = kept[first]
    if len(set(kept.values())) == 1 and len(kept) == starts:
        return text
    also = f", and likewise {numbered(others)}" if others else ""
    return f"start {first}{also}: {text}"


def numbered(starts: Sequence[int]) -> str:
    """``start 2``, or ``starts 2, 3 and 5``."""
    if len(starts) == 1:
        return f"start {starts[0]}"
    return f"starts {', '.join(map(str, starts[:-1]))} and {starts[-1]}"
