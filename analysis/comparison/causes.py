"""What a difference in bytes comes from: header lines that were added, removed or changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wiretax.channels.request.head_lines import HeadLine

# The line's length depends on the endpoint, and sizes are stated for the same one.
HOST = "host"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a difference.

    Attributes:
        what: in words.
        bytes: how much it adds to a call; negative if it saves.
    """

    what: str
    bytes: float


def line_changes(before: Sequence[HeadLine], after: Sequence[HeadLine]) -> Iterator[Cause]:
    """The header lines that differ between two runs, in the order in which they were sent.

    Args:
        before: the lines of the first run's calls.
        after: those of the second one's.
    """
    old, new = _by_name(before), _by_name(after)
    for key in dict.fromkeys([*new, *old]):
        was, now = old.get(key), new.get(key)
        if key[0] == HOST and was is not None and now is not None:
            continue
        if was is None and now is not None:
            yield Cause(f"{now.name} added", now.bytes)
        elif now is None and was is not None:
            yield Cause(f"{was.name} removed", -was.bytes)
        elif was is not None and now is not None and (was.value, was.bytes) != (now.value, now.bytes):
            changed = was.value != now.value
            what = f"{now.name}: {was.value} -> {now.value}" if changed else f"{now.name}: another length"
            yield Cause(what, now.bytes - was.bytes)


def _by_name(lines: Sequence[HeadLine]) -> dict[tuple[str, int], HeadLine]:
    """A name may occur more than once."""
    seen: dict[str, int] = defaultdict(int)
    found = {}
    for line in lines:
        name = line.name.lower()
        found[name, seen[name]] = line
        seen[name] += 1
    return found
