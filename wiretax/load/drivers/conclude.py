"""How every run ends: the byte counts are compared, the run is written, and an exit code gives the verdict."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console

from wiretax.load.accounting.gating import Gating
from wiretax.load.client.message_limit import SPENT
from wiretax.load.client.session import Session
from wiretax.load.drivers.running import INTERRUPTED, MeasuredRun
from wiretax.load.drivers.setup import RunSetup
from wiretax.runs.record import RunRecord
from wiretax.runs.saving import SavedRun, save_run
from wiretax.runs.skipped import Skipped
from wiretax.terminal import Exit, worst

if TYPE_CHECKING:
    from wiretax.runs.reader import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What was concluded beside what ``run.json`` says.

    Attributes:
        notes: a sentence for each thing that held the run up or left out a part of it.
        code: the exit code that stands for what became of events from outside, and of the run's files.
        saved: the run, and where it is.
    """

    notes: tuple[str, ...]
    code: int
    saved: SavedRun


def conclude(setup: RunSetup, run: MeasuredRun) -> Conclusion:
    """Write a run of which the users have stopped, or are stopped by its ``finish``."""
    setup.measurement.end()
    # Queues close before the last window is recorded, so that it has what is still waiting in them.
    setup.session.close()
    record = run.finish()
    limit = setup.message_limit
    notes = [str(run.pauses)] if run.pauses.times else []
    notes += [f"{each}{_compared_by(each)}" for each in run.skipped]
    if limit is not None and limit.spent:
        rounds = f"; {record.rounds} of {setup.plan.rounds} rounds were begun" if setup.plan else ""
        notes.append(f"{limit}{rounds}")
    ended_early = "" if run.ended_early == SPENT else run.ended_early
    interrupted = ended_early == INTERRUPTED
    witness = setup.session.witness()
    setup.measurement.conclude(record, witness, run.plan, ended_early, interrupted, notes, run.summary())
    if setup.options is not None:
        record.meta["options"] = setup.options
    record.meta["skipped"] = [each.as_row() for each in run.skipped]
    record.meta["paused"] = run.pauses.as_dict()
    record.meta["budget"] = None if limit is None else limit.as_dict()
    code = _conclude_external(setup.session, record)
    # Here and below, pyarrow and pandas are imported. They take as long to load as Locust: workers never need
    # them, and most runs only when everything is counted.
    from analysis.measures.headline import add_headline

    add_headline(record)
    saved = save_run(setup.folder, record)
    if saved.problem:
        log.error("wiretax: %s", saved.problem)
        code = worst(code, Exit.INVALID)
    return Conclusion(tuple(notes), code, saved)


def _compared_by(skipped: Skipped) -> str:
    """Which rounds a workload's gain is of, if it was measured before it was skipped."""
    if skipped.after < 0:
        return ""
    return "; its gain is of the rounds up to then, and its rates are not of the same rounds as the others'"


def exit_code_of(run: Run, gating: Gating | None, console: Console) -> int:
    """The exit code of a saved run; the verdict of its gates is printed, and written into its folder."""
    if run.meta["interrupted"]:
        return Exit.INTERRUPTED
    code = Exit.OK if run.meta["valid"] else Exit.INVALID
    return code if gating is None else worst(code, gating.conclude(run, console))


def print_saved(saved: SavedRun, console: Console) -> Run:
    """Read a run that this process measured, and print its table."""
    from analysis.tables.run_table import print_run

    run = saved.read()
    print_run(run, console)
    return run


def report(conclusion: Conclusion, gating: Gating | None, console: Console) -> int:
    """Print the table and the verdict of a run; its exit code."""
    run = print_saved(conclusion.saved, console)
    if gating is not None and not run.meta["interrupted"]:
        console.print()
    code = exit_code_of(run, gating, console)
    return worst(code, Exit.INVALID) if conclusion.saved.problem else code


def report_as_document(conclusion: Conclusion, gating: Gating | None) -> tuple[dict[str, Any], int]:
    """The document of a run, with the verdict of its gates, and its exit code."""
    from analysis.documents.run import run_document

    saved = conclusion.saved
    run, verdict = saved.read(), None
    code: int = Exit.INTERRUPTED
    if not run.meta["interrupted"]:
        code = Exit.OK if run.meta["valid"] else Exit.INVALID
        if gating is not None:
            verdict = gating.evaluate(run)
            code = worst(code, gating.write(run, verdict))
    if saved.problem:
        code = worst(code, Exit.INVALID)
    return run_document(run, code, saved.problem, verdict), code


def _conclude_external(session: Session, record: RunRecord) -> int:
    """Report what became of events from outside; the exit code that stands for it."""
    queue = session.external_queue
    if queue is None:
        return Exit.OK
    counts, unpublished = queue.counts, queue.unpublished
    record.meta["from_outside"] = counts
    record.meta["unpublished"] = unpublished.as_dict()
    log.info("wiretax: from outside: %s", ", ".join(f"{count:,} {name}" for name, count in counts.items()))
    for problem in (queue.error, str(unpublished) if unpublished.is_shortfall else ""):
        if problem:
            log.error("wiretax: %s", problem)
            record.meta["warnings"].append(problem)
    return Exit.INVALID if queue.error else Exit.CHECK_FAILED if unpublished.is_shortfall else Exit.OK
