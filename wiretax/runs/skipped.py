"""Workloads of a plan that are not measured because the server rejects them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wiretax.channels.answers import in_words
from wiretax.channels.workload import Workload, workload_of
from wiretax.runs.record import workload_columns
from wiretax.wire.ledger import Failure


@dataclass(frozen=True, slots=True)
class Skipped:
    """A workload that is not measured, or not to the end.

    Attributes:
        workload: the workload.
        failure: how its calls failed.
        after: the round after which it was skipped, from 0; -1 if no round had begun.
        limit: the limit that it met, as part of a sentence; empty if it met none that is known.
        first_round: of a start, the number that its first round has in the whole run.
    """

    workload: Workload
    failure: Failure
    after: int = -1
    limit: str = ""
    first_round: int = 0

    def __str__(self) -> str:
        since = f" after round {self.first_round + self.after}" if self.after >= 0 else ""
        return f"{self.workload.name} was skipped{since}: {self.rejection}"

    @property
    def rejection(self) -> str:
        """Which server rejected it, with what answer, and why."""
        limit = f"; {self.limit}" if self.limit else ""
        answered = f"{whose(self.workload)} answered " if self.failure.status else ""
        return f"{answered}{words(self.failure)}{limit}"

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Skipped:
        """Back from ``as_row``."""
        failure = Failure(row["kind"], row["status"], row["message"])
        return cls(workload_of(row), failure, row.get("after_round", -1), row.get("limit", ""))

    def as_row(self) -> dict[str, Any]:
        """As ``run.json`` keeps it: the workload's columns, and why."""
        return {
            **workload_columns(self.workload),
            **self.failure._asdict(),
            "after_round": self.after,
            "limit": self.limit,
        }


def words(failure: Failure) -> str:
    """``400: 20 events in one batch``, as part of a sentence."""
    return in_words(failure.status, failure.message.rstrip("."))


def whose(workload: Workload) -> str:
    """The server that a workload is sent to, as part of a sentence."""
    return "the endpoint" if workload.server == "endpoint" else "the server of --against"


def kept(workloads: Iterable[Workload], skipped: Iterable[Skipped]) -> tuple[Workload, ...]:
    """The workloads that are not skipped."""
    out = {each.workload for each in skipped}
    return tuple(each for each in workloads if each not in out)
