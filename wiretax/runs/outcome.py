"""The outcome of every exchange: four ends, which add up to what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wiretax.runs.record import RunRecord

# Kinds of failure in which the server answered that it published nothing.
REJECTIONS = frozenset({"rejected", "error_body", "unreadable"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The exchanges of a run by their end, warm-up and boundary included. Each end is counted independently.

    Attributes:
        sent: exchanges begun.
        acknowledged: the server published their events; each has a latency.
        rejected: the server answered, and published nothing.
        failed: their request was not sent completely, so nothing can have been published.
        unknown: their request was sent completely, but no complete answer came; their events may be published.
        served: requests that the mock read completely; None if the endpoint keeps no ledger.
    """

    sent: int
    acknowledged: int
    rejected: int
    failed: int
    unknown: int
    served: int | None = None

    @property
    def differences(self) -> tuple[str, ...]:
        """A sentence for each count that contradicts the others; empty if all add up."""
        return tuple(self._differences())

    def _differences(self) -> Iterator[str]:
        ends = self.acknowledged + self.rejected + self.failed + self.unknown
        if ends != self.sent:
            yield (
                f"{self.sent} sent, but {self.acknowledged} acknowledged + {self.rejected} rejected + "
                f"{self.failed} failed + {self.unknown} unknown = {ends}"
            )
        answered = self.acknowledged + self.rejected
        if self.served is not None and not answered <= self.served <= answered + self.unknown:
            yield (
                f"the mock read {self.served} requests, expected {answered} that were answered and up to "
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


def outcome(record: RunRecord, served: int | None = None) -> Outcome:
    """The outcome of a record whose users have stopped and whose slices are settled; ``served`` by the mocks."""
    total = record.total
    rejected = sum(count for (_, failure), count in record.failed.items() if failure.kind in REJECTIONS)
    return Outcome(
        sent=total.requests + total.unfinished,
        acknowledged=total.latency.total,
        rejected=rejected,
        failed=total.unfinished - total.unknown,
        unknown=total.unknown,
        served=served,
    )
