"""Counts of failures by their text, of which a server can't make any number.

An error message may hold an id of its request, so each would be a text by itself. Ids are replaced, then numbers,
and at last texts are counted together; the total stays exact.
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
    """How often each failure occurred, of a limited number of different ones."""

    def __init__(self, counts: Mapping[Failure, int] | None = None) -> None:
        self._texts: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        super().__init__(counts)

    def add(self, failure: Failure, count: int = 1) -> Failure:
        """Count a failure; returns what it is counted as."""
        place = failure if failure in self else self._place(failure)
        self[place] += count
        return place

    def update(self, counts: Mapping[Failure, int] | Iterable[Failure] | None = None, /, **_: Any) -> None:  # type: ignore[override]
        """Add counts, of which each may have texts that the others lack."""
        for failure, count in Counter(counts or ()).items():
            self.add(failure, count)

    def copy(self) -> Failures:
        return Failures(self)

    def _place(self, failure: Failure) -> Failure:
        kind, status, message = failure
        texts = self._texts[kind]
        if message != OTHER:
            message = IDS.sub("<id>", message)
            if texts >= MOST_WITH_NUMBERS and (kind, status, message) not in self:
                message = NUMBERS.sub("#", message)
            place = Failure(kind, status, message)
            if place in self:
                return place
            if texts < MOST_TEXTS:
                self._texts[kind] += 1
                return place
        place = Failure(kind, status, OTHER)
        if place not in self:
            if self._others[kind] >= MOST_STATUSES:
                return Failure(kind, 0, OTHER)
            self._others[kind] += 1
        return place
