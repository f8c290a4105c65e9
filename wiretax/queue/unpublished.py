"""Which events of a source were not published, by reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# How many answers are quoted, the most frequent first.
MAX_ANSWERS = 3


@dataclass(frozen=True, slots=True)
class Unpublished:
    """Counts at the end of a run.

    Attributes:
        source: what to call the source: a path, "standard input", or a stream.
        kept: whether the source keeps what was not published, as a Redis stream does.
        skip_chosen: whether invalid lines or entries were to be skipped by the user's own choice.
        rejected: events the server refused, by its answer.
        skipped: invalid lines or entries.
        left: events that were read but not acknowledged when the run ended.
        unread: lines that were not read; None if their number is not known.
        at_end: whether the source was read to its end.
    """

    source: str
    kept: bool = False
    skip_chosen: bool = False
    rejected: Mapping[str, int] = field(default_factory=dict)
    skipped: int = 0
    left: int = 0
    unread: int | None = None
    at_end: bool = False

    @property
    def is_shortfall(self) -> bool:
        """Whether events were lost, or a file was not published to its end."""
        lost = bool(self.rejected) or (self.skipped > 0 and not self.skip_chosen)
        return lost or (not self.kept and (self.left > 0 or bool(self.unread)))

    def as_dict(self) -> dict[str, Any]:
        """As stored in ``run.json``."""
        return {
            "rejected": dict(self.rejected),
            "skipped": self.skipped,
            "left": self.left,
            "unread": self.unread,
            "at_end": self.at_end,
        }

    def __str__(self) -> str:
        """One line: how many were not published, and why."""
        count = sum(self.rejected.values()) + self.skipped + self.left + (self.unread or 0)
        events = "event was" if count == 1 else "events were"
        return f"{self.source}: {count:,} {events} not published: {', '.join(self._reasons())}"

    def _reasons(self) -> Iterator[str]:
        reasons = sorted(self.rejected.items(), key=lambda each: -each[1])
        for answer, count in reasons[:MAX_ANSWERS]:
            yield f"{count:,} rejected by the server ({answer})"
        if more := sum(count for _, count in reasons[MAX_ANSWERS:]):
            yield f"{more:,} rejected for other reasons (all are in run.json)"
        if self.skipped:
            hint = "" if self.skip_chosen else "; to accept this: --on-error skip"
            yield f"{self.skipped:,} invalid (named in the log{hint})"
        if self.left:
            kept = "; the stream keeps them" if self.kept else ""
            yield f"{self.left:,} read but not acknowledged when the run ended{kept}"
        if self.unread:
            yield f"{self.unread:,} not read because the run ended first"
