"""What a start is told, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass

from wiretax.load.drivers.plan_changes import PlanChanges
from wiretax.load.drivers.sweep_options import SweepOptions


@dataclass(frozen=True, slots=True)
class StartJob:
    """What one start measures. It travels to a process of the same version, with secrets, through a pipe.

    Attributes:
        options: of the run, with the start's own results folder and message limit, and without gates.
        changes: in the plan, with the number of the start.
        parent: the id of the process that waits for it.
        quiet: whether it shows no progress.
    """

    options: SweepOptions
    changes: PlanChanges
    parent: int
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class StartReport:
    """What a start reports at its end.

    Attributes:
        folder: where its run was saved; empty if it was not.
        problem: why it has no run, or why that is not in the results folder; empty if it is there.
        code: the exit code that stands for the problem.
    """

    folder: str = ""
    problem: str = ""
    code: int = 0
