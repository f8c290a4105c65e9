"""What every kind of run can be told and asked, however its users are driven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wiretax.load.sweep.executor import ExecutorSummary
from wiretax.load.sweep.pauses import Pauses
from wiretax.runs.record import RunRecord
from wiretax.runs.skipped import Skipped
from wiretax.wire.slices import Slice

# Why a sweep ended, if it was stopped by a signal or by its user.
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is.

    Attributes:
        words: what it is doing.
        done: the share that is done (0 to 1).
        round: the number of the round, as in the files' column; None outside of rounds.
        rounds: how many rounds it has.
    """

    words: str
    done: float
    round: int | None = None
    rounds: int = 0


class MeasuredRun(Protocol):
    """A run of which the users have stopped, as ``conclude`` needs it."""

    @property
    def plan(self) -> dict[str, Any]:
        """The plan as ``run.json`` keeps it; complete after ``finish``."""

    @property
    def pauses(self) -> Pauses:
        """The waits that the endpoint asked for."""

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Workloads that were left out, before the run and during it."""

    @property
    def ended_early(self) -> str:
        """Why it ended before its plan was done; empty if it did not."""

    def finish(self) -> RunRecord:
        """Complete the record. All users have stopped, or are stopped by this."""

    def summary(self) -> ExecutorSummary:
        """What other processes counted; after ``finish``."""


class LocustRun(MeasuredRun, Protocol):
    """A run whose users Locust starts and stops: FreeRun, FreeMaster or WebSweep."""

    @property
    def record(self) -> RunRecord:
        """What was measured so far."""

    @property
    def users(self) -> int | None:
        """How many users it needs to its end; None if the number may change."""

    @property
    def progress(self) -> Progress | None:
        """How far it is; None if it has no end."""

    @property
    def subscribers(self) -> int:
        """How many a free run has by now; 0 in a sweep, whose slices count their deliveries themselves."""

    def unfinished(self) -> list[Slice]:
        """Slices that are not in the record yet, settled."""

    def with_queue(self) -> list[Slice]:
        """Those of this process that have a queue and may still count, as they are."""

    def halt(self, why: str) -> None:
        """Begin no further call, and end the run."""

    def reset(self) -> None:
        """Set aside what was measured so far, and begin anew."""

    def stopping(self, runner: Any) -> None:
        """Return once no call is under way and none will begin: Locust is about to stop the users."""

    def hurry(self) -> None:
        """Wait no longer for calls that are under way."""
