"""What became of every exchange: four ends, which add up to what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wiretax.runs.record import RunRecord

# Kinds of failure that are the server's word: it took nothing.
REJECTIONS = frozenset({"rejected", "error_body", "unreadable"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run's exchanges, warm-up and boundary included, by their end. Each is counted where it happens, by itself.

    Attributes:
        sent: exchanges begun.
        acknowledged: the server took their events; each has a latency.
        rejected: the server answered, and took nothing.
        failed: their request did not leave whole, so that nothing can have been taken.
        unknown: their request left whole and no answer came whole; their events may have been published.
        taken: requests the mock read whole; None where an endpoint keeps no ledger.
    """

    sent: int
    acknowledged: int
    rejected: int
    failed: int
    unknown: int
    taken: int | None = None

    @property
    def differences(self) -> tuple[str, ...]:
        """A sentence for each count that contradicts the others; empty where all add up."""
        return tuple(self._differences())

    def _differences(self) -> Iterator[str]:
        ends = self.acknowledged + self.rejected + self.failed + self.unknown
        if ends != self.sent:
            yield (
                f"{self.sent} sent, but {self.acknowledged} acknowledged + {self.rejected} rejected + "
                f"{self.failed} failed + {self.unknown} unknown = {ends}"
            )
        answered = self.acknowledged + self.rejected
        if self.taken is not None and not answered <= self.taken <= answered + self.unknown:
            yield (
                f"the mock read {self.taken} requests, expected {answered} that were answered and up to "
                f"{self.unknown} more"
            )

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return {
            "sent": self.sent,
            "acknowledged": self.acknowledged,
            "rejected": self.rejected,
            "failed": self.failed,
            "unknown": self.unknown,
            "adds_up": not self.differences,
        }


def outcome(record: RunRecord, taken: int | None = None) -> Outcome:
    """The outcome of a record whose users have stopped and whose slices are settled; ``taken`` by the mocks."""
    total = record.total
    rejected = sum(count for (_, failure), count in record.failed.items() if failure.kind in REJECTIONS)
    return Outcome(
        sent=total.requests + total.unfinished,
        acknowledged=total.latency.total,
        rejected=rejected,
        failed=total.unfinished - total.unknown,
        unknown=total.unknown,
        taken=taken,
    )
