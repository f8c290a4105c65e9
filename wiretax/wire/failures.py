"""Counts of failures by their text, of which a server can't make any number.

An error message may hold an id of its request, so each would be a text by itself. Ids are replaced, then numbers,
and at last texts are counted together; the total stays exact. A text that becomes frequent only then is counted by
itself from there on, so that rare texts never hide the most frequent one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

# Of one kind: texts that keep their numbers, texts in all, and statuses whose other texts are counted together.
MOST_WITH_NUMBERS = 20
MOST_TEXTS = 100
MOST_STATUSES = 100
OTHER = "other messages"
# Further texts that are watched, of one kind. One of them is counted by itself when it reaches a twentieth of the
# kind's failures so far. Each that does makes their total grow: at most 315 can, from 100 failures to a billion.
MOST_WATCHED = 100
FREQUENT = 20
# UUIDs, and words of 8 letters and digits or more with at least two digits, as ids in hexadecimal or base 62 are.
IDS = re.compile(
    r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|(?<![^\W_])(?=[^\W_]*\d[^\W_]*\d)[^\W_]{8,}"
)
NUMBERS = re.compile(r"\d+")


class Failure(NamedTuple):
    """One way an exchange failed.

    Attributes:
        kind: "connect", "tls" (no handshake), "certificate" (verification failed), "alpn" (the server does not
            offer the version of HTTP), "timeout", "lost" (the connection closed before the response was whole),
            "malformed" (the response is not HTTP), "generator" (a limit of the machine that sends was hit), or a
            kind of ``wiretax.channels.answers``: "rejected", "error_body", "unreadable".
        status: the HTTP status, 0 if there was none.
        message: the server's or the system's.
    """

    kind: str
    status: int
    message: str


class Failures(Counter[Failure]):
    """How often each failure occurred, of a limited number of different ones.

    Args:
        counts: those of another ``Failures``.
    """

    def __init__(self, counts: Mapping[Failure, int] | None = None) -> None:
        super().__init__()
        self._texts: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()
        self._watched: dict[str, FrequentTexts] = {}
        for failure, count in (counts or {}).items():
            self[failure] = count
            self._totals[failure.kind] += count
            (self._others if failure.message == OTHER else self._texts)[failure.kind] += 1

    def add(self, failure: Failure, count: int = 1) -> Failure:
        """Count a failure; returns what it is counted as."""
        self._totals[failure.kind] += count
        place = failure if failure in self else self._place(failure, count)
        self[place] += count
        return place

    def update(self, counts: Mapping[Failure, int] | Iterable[Failure] | None = None, /, **_: Any) -> None:  # type: ignore[override]
        """Add counts, of which each may have texts that the others lack; the most frequent ones first."""
        for failure, count in Counter(counts or ()).most_common():
            self.add(failure, count)

    def copy(self) -> Failures:
        return Failures(self)

    def _place(self, failure: Failure, count: int) -> Failure:
        kind, status, message = failure
        texts = self._texts[kind]
        if message != OTHER:
            message = IDS.sub("<id>", message)
            if texts >= MOST_WITH_NUMBERS and (kind, status, message) not in self:
                message = NUMBERS.sub("#", message)
            place = Failure(kind, status, message)
            if place in self:
                return place
            if texts < MOST_TEXTS or self._is_frequent(place, count):
                self._texts[kind] += 1
                return place
        place = Failure(kind, status, OTHER)
        if place not in self:
            if self._others[kind] >= MOST_STATUSES:
                return Failure(kind, 0, OTHER)
            self._others[kind] += 1
        return place

    def _is_frequent(self, failure: Failure, count: int) -> bool:
        """Count one of the other texts; whether it has become frequent."""
        watched = self._watched.setdefault(failure.kind, FrequentTexts())
        return watched.add(failure, count) * FREQUENT >= self._totals[failure.kind]


class FrequentTexts:
    """Counts the most frequent of any number of texts, in little memory (Misra and Gries, 1982).

    A count is too low by at most the total divided by ``MOST_WATCHED``.
    """

    def __init__(self) -> None:
        self._counts: dict[Failure, int] = {}

    def add(self, failure: Failure, count: int) -> int:
        """Count a text; returns how often it occurred at least."""
        counts = self._counts
        if failure in counts or len(counts) < MOST_WATCHED:
            counts[failure] = counts.get(failure, 0) + count
            return counts[failure]
        # One of each text is set against this one; texts of which none is left make room.
        lost = min(count, min(counts.values()))
        self._counts = {each: left - lost for each, left in counts.items() if left > lost}
        return self.add(failure, count - lost) if count > lost else 0
