"""Saving a run that was measured: in its folder, or else in another place. What was measured is never given up."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from wiretax.runs.folder import RUN_FILE, STARTS
from wiretax.runs.record import RunRecord

if TYPE_CHECKING:
    from wiretax.runs.reader import Run
    from wiretax.runs.run_tables import RunTables


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run that was measured, and where it is.

    Attributes:
        record: what was measured.
        folder: where it was saved, or was to be.
        is_saved: whether it was saved in that folder.
        problem: why it is not in the folder that was claimed for it, and where it is; empty if it is there.
    """

    record: RunRecord | RunTables
    folder: Path
    is_saved: bool
    problem: str = ""

    def read(self) -> Run:
        """The run as it was saved; from memory if it was not, or if its files can't be read any more."""
        from wiretax.runs.reader import RunNotFoundError, as_read, read_run

        if self.is_saved:
            with suppress(RunNotFoundError):
                return read_run(self.folder)
        return as_read(self.record, self.folder, self.record.meta, is_saved=self.is_saved)


def save_run(folder: Path, record: RunRecord | RunTables) -> SavedRun:
    """Write a run into its folder, which is created again if it was removed during the run.

    If that fails, nothing is left there, and the run is written into a new temporary folder.
    """
    try:
        _write(folder, record)
    except OSError as error:
        problem = f"the run can't be saved in {folder} ({error.strerror or error})"
    else:
        return SavedRun(record, folder, True)
    try:
        elsewhere = Path(mkdtemp(prefix="wiretax-")) / folder.name
    except OSError:
        return SavedRun(record, folder, False, f"{problem}, nor in a temporary folder: it is only printed")
    try:
        _write(elsewhere, record)
    except OSError as error:
        elsewhere.parent.rmdir()
        second = f"nor in {elsewhere.parent} ({error.strerror or error})"
        return SavedRun(record, folder, False, f"{problem}, {second}: it is only printed")
    return SavedRun(record, elsewhere, True, f"{problem}; it is saved in {elsewhere}: move it from there")


def _write(folder: Path, record: RunRecord | RunTables) -> None:
    # With it comes pyarrow, which takes long to load, and which no run needs until its load has ended.
    from wiretax.runs.writer import write_run

    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_run(folder, record)
    except OSError:
        if not (folder / RUN_FILE).is_file():
            _clear(folder)
        raise


def _clear(folder: Path) -> None:
    """Remove what was written of a run, and the folder, unless the run's starts are kept in it."""
    if (folder / STARTS).is_dir():
        for file in folder.iterdir():
            if not file.is_dir():
                with suppress(OSError):
                    file.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
