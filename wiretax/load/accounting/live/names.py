"""What the workloads of a test are called: as in the table, with more words if two would be called the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from analysis.text.labels import describe, event
from analysis.text.numbers import count, plain


class Names:
    """The names of all workloads so far, by which a reader tells those of one event apart."""

    def __init__(self) -> None:
        # Event, words, more words, and what these are ordered by.
        self._known: dict[str, tuple[str, str, str, tuple[float, float]]] = {}

    def add(self, name: str, row: Mapping[Hashable, Any]) -> None:
        """Add a workload by its name and its columns, or what is known of it by now."""
        order = (float(row.get("subscribers") or 0), float(row.get("linger_s") or 0.0))
        self._known[name] = (event(row), describe(row), ", ".join([describe(row), *_details(row)]), order)

    def knows(self, name: str) -> bool:
        """Whether a workload was added."""
        return name in self._known

    def of(self, name: str) -> str:
        """A workload in words that no other workload of the same event has."""
        group, short, long, _ = self._known[name]
        others = [each for other, each in self._known.items() if other != name and each[0] == group]
        taken = Counter(word for each in others for word in each[1:3])
        return short if not taken[short] else long if not taken[long] else name

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Workloads in the order of their names; those of the same words by what tells them apart."""
        found = list(names)
        first: dict[tuple[str, str], int] = {}
        for place, name in enumerate(found):
            first.setdefault(self._known[name][:2], place)
        return sorted(found, key=lambda name: (first[self._known[name][:2]], self._known[name][3]))


def _details(row: Mapping[Hashable, Any]) -> list[str]:
    details = []
    if row.get("rate") and row["api"] != "trigger":
        details.append(f"linger {plain(row['linger_s'] * 1e3)} ms")
    if row.get("subscribers"):
        details.append(count(row["subscribers"], "subscriber"))
    return details
