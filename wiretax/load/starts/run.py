"""A run of several starts: each is a run in new processes, saved in the folder of the whole run, and then merged.

What was measured is on disk at any time. The runs of the starts are removed only once the merged run is saved.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic

from rich.console import Console

from wiretax.load.client.signals import Signals
from wiretax.load.drivers.conclude import Conclusion
from wiretax.load.drivers.plan_changes import PlanChanges
from wiretax.load.drivers.sweep_options import SweepOptions, SweepRequest
from wiretax.load.plan.starts import part_of
from wiretax.load.starts.job import StartJob, StartReport
from wiretax.load.starts.merging import MeasuredStart, merge
from wiretax.load.starts.process import StartProcess
from wiretax.load.sweep.conductor import AddedRounds
from wiretax.load.sweep.progress import why_added
from wiretax.runs.folder import STARTS, claim_run_folder, leave_run_folder, run_name
from wiretax.runs.saving import save_run
from wiretax.terminal import Exit


class FailedStartError(RuntimeError):
    """No start measured anything: one line that says why. ``code`` is the exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = Exit(code)


def run_starts(
    request: SweepRequest, options: SweepOptions, changes: PlanChanges, console: Console, signals: Signals
) -> Conclusion:
    """Measure a plan in its starts, and write one run.

    Args:
        request: what to measure, checked and agreed to.
        options: what it was made from; each start checks them again.
        changes: in the plan.
        console: where progress is shown.
        signals: end the run early.

    Raises:
        ResultsError: the folder can't be written.
        FailedStartError: nothing was measured.
    """
    folder = claim_run_folder(request.results, run_name(request.plan.name))
    try:
        starts = Starts(request, options, changes, console, folder)
        signals.end_with(starts.stop)
        starts.measure()
        return starts.conclude()
    finally:
        with suppress(OSError):
            (folder / STARTS).rmdir()  # if nothing is left in it
        leave_run_folder(folder)


class Starts:
    """The starts of a run, one after the other."""

    def __init__(
        self,
        request: SweepRequest,
        options: SweepOptions,
        changes: PlanChanges,
        console: Console,
        folder: Path,
    ) -> None:
        """As for ``run_starts``; ``folder``: of the run, claimed."""
        self._request, self._options, self._changes = request, options, changes
        self._console, self._folder = console, folder
        self._plan = request.plan if request.second is None else request.plan.against()
        self._measured: list[MeasuredStart] = []
        self._merged: list[Path] = []
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._code: int = Exit.INVALID
        self._process: StartProcess | None = None
        self._stopped = False
        self._added: list[AddedRounds] = []

    def stop(self) -> None:
        """End after the slice that is open, and start no more."""
        self._stopped = True
        if self._process is not None:
            self._process.end()

    def measure(self) -> None:
        """Run the plan's starts, and further ones while a check is undecided."""
        number = 0
        while not self._stopped and (number < self._request.plan.starts or self._more()):
            self._say(f"start {number + 1} of {max(number + 1, self._request.plan.starts)}")
            if not self._start(number):
                return
            number += 1

    def conclude(self) -> Conclusion:
        """Merge the starts and save the run.

        Raises:
            FailedStartError: none measured anything.
        """
        if not self._measured:
            if self._stopped:
                raise FailedStartError("interrupted before the first slice; nothing is saved", Exit.INTERRUPTED)
            raise FailedStartError(self._problems[0], self._code)
        from analysis.measures.headline import add_headline  # pandas takes long to load

        merged = merge(self._measured, self._plan.as_dict(), self._problems)
        merged.meta["warnings"].extend(self._notes)
        merged.meta["interrupted"] |= self._stopped
        if self._request.message_limit is not None:
            merged.meta["budget"]["max_messages"] = self._request.message_limit.limit
        if self._request.gating is not None:
            asked = [asdict(each) for each in self._added]
            merged.meta["added"] = {"most_rounds": self._request.most_rounds, "asked": asked}
        add_headline(merged)
        saved = save_run(self._folder, merged)
        if saved.problem:
            self._say(saved.problem)
        if saved.is_saved:
            for each in self._merged:
                shutil.rmtree(each, ignore_errors=True)
                with suppress(OSError):
                    each.parent.rmdir()
        else:
            self._say(f"the runs of its starts are kept in {self._folder / STARTS}")
        return Conclusion((), Exit.INVALID if saved.problem else Exit.OK, saved)

    def _start(self, number: int) -> bool:
        """Run one start; whether the run may go on after it."""
        began_s = monotonic()
        self._process = StartProcess(self._job(number))
        if self._stopped:
            self._process.end()
        report = self._process.report()
        self._process = None
        seconds = monotonic() - began_s
        return self._keep(number, report, seconds)

    def _keep(self, number: int, report: StartReport, seconds: float) -> bool:
        from wiretax.runs.reader import RunNotFoundError, read_tables  # pyarrow takes long to load

        if not report.folder:
            # One that was interrupted before its first slice measured nothing.
            if not self._stopped:
                first = not self._measured
                self._problems.append(report.problem if first else f"start {number + 1}: {report.problem}")
                self._code = report.code
            return False
        folder = Path(report.folder)
        if report.problem:
            self._say(f"start {number + 1}: {report.problem}")
        try:
            start = MeasuredStart(read_tables(folder), seconds)
        except RunNotFoundError as error:
            self._problems.append(f"start {number + 1} can't be read: {error}")
            return False
        self._measured.append(start)
        self._merged.append(folder)
        if not start.is_whole and number + 1 < self._request.plan.starts and not self._stopped:
            self._notes.append(f"no start followed start {number + 1}, which is invalid")
        return start.is_whole

    def _job(self, number: int) -> StartJob:
        options = replace(
            self._options,
            gates=None,
            max_rounds=None,
            max_messages=self._share(number),
            yes=True,
            agreed=True,
            results=self._folder / STARTS / str(number + 1),
        )
        changes = replace(self._changes, starts=self._request.plan.starts, part=number)
        return StartJob(options, changes, os.getpid(), self._console.quiet)

    def _share(self, number: int) -> int | None:
        """How many messages a start may send; None for no limit."""
        if self._request.message_limit is None:
            return None
        return self._left() // max(1, self._request.plan.starts - number)

    def _left(self) -> int:
        """The messages that are left of the limit."""
        assert self._request.message_limit is not None
        sent: int = sum(each.run.meta["budget"]["messages"] for each in self._measured)
        return self._request.message_limit.limit - sent

    def _more(self) -> bool:
        """Whether another start could decide a check, and may be added."""
        gating, number = self._request.gating, len(self._measured)
        if gating is None:
            return False
        added = part_of(self._request.plan, number).rounds
        behind = sum(each.rounds for each in self._measured)
        if behind + added > self._request.most_rounds or not self._has_messages():
            return False
        from wiretax.runs.reader import as_read

        merged = merge(self._measured, self._plan.as_dict())
        undecided = gating.undecided(as_read(merged, self._folder, merged.meta))
        if not undecided:
            return False
        self._added.append(AddedRounds(behind, undecided, added))
        self._say(f"{why_added(self._added[-1])}, in a new start")
        return True

    def _has_messages(self) -> bool:
        """Whether the limit of messages, if there is one, leaves as many as a start sent on average."""
        if self._request.message_limit is None:
            return True
        sent = self._request.message_limit.limit - self._left()
        return self._left() * len(self._measured) >= sent

    def _say(self, what: str) -> None:
        self._console.print(f"{self._request.plan.name}: {what}", highlight=False, markup=False, soft_wrap=True)
