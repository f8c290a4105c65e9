"""How every run ends: the byte counts are compared, the run is written, and an exit code gives the verdict."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from wiretax.load.accounting.gating import Gating
from wiretax.load.client.message_limit import SPENT
from wiretax.load.client.session import Session
from wiretax.load.drivers.running import INTERRUPTED, MeasuredRun
from wiretax.load.drivers.setup import RunSetup
from wiretax.runs.record import RunRecord
from wiretax.terminal import Exit, worst

if TYPE_CHECKING:
    from wiretax.runs.reader import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What was concluded beside what ``run.json`` says.

    Attributes:
        notes: a sentence for each thing that held the run up or left out a part of it.
        code: the exit code that stands for what became of events from outside.
    """

    notes: tuple[str, ...]
    code: int


def conclude(setup: RunSetup, run: MeasuredRun) -> Conclusion:
    """Write a run of which the users have stopped, or are stopped by its ``finish``."""
    setup.measurement.end()
    # Queues close before the last window is recorded, so that it has what is still waiting in them.
    setup.session.close()
    record = run.finish()
    limit = setup.message_limit
    notes = [str(run.pauses)] if run.pauses.times else []
    notes += [str(each) for each in run.skipped]
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
    from wiretax.runs.writer import write_run

    write_run(setup.folder, record)
    return Conclusion(tuple(notes), code)


def exit_code_of(run: Run, gating: Gating | None, console: Console) -> int:
    """The exit code of a saved run; the verdict of its gates is printed, and written into its folder."""
    if run.meta["interrupted"]:
        return Exit.INTERRUPTED
    code = Exit.OK if run.meta["valid"] else Exit.INVALID
    return code if gating is None else worst(code, gating.conclude(run, console))


def read_saved(folder: Path) -> Run:
    """Read a run that this process wrote."""
    from wiretax.runs.reader import read_run

    return read_run(folder)


def print_saved(folder: Path, console: Console) -> Run:
    """Read a run that this process wrote, and print its table."""
    from analysis.tables.run_table import print_run

    saved = read_saved(folder)
    print_run(saved, console)
    return saved


def report(folder: Path, gating: Gating | None, console: Console) -> int:
    """Print the table and the verdict of a saved run; its exit code."""
    saved = print_saved(folder, console)
    if gating is not None and not saved.meta["interrupted"]:
        console.print()
    return exit_code_of(saved, gating, console)


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
