"""The folder of a run, claimed before anything is measured, and the files in it.

``run.json`` is written last: a folder with a run's name and without that file is a run that is being measured, or
one whose process was killed.

Unlike ``writer``, this does without pyarrow, which takes long to load.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from wiretax.runs.held import is_held, let_go, make_held, remove_leftovers

# The version of the files.
SCHEMA = 1
RUN_FILE = "run.json"
SERVER_FILE = "server.json"
PARTIAL = ".partial"
# In the folder of a run whose processes are started several times: a folder of runs for each start, until they are
# merged.
STARTS = "starts"
# The begin of a run's name, and that as Path.glob reads it.
STARTED = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-")
ANY_RUN = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*"


class ResultsError(OSError):
    """A results folder that can't be written: one line that says which, and why."""


def run_name(plan: str) -> str:
    """A name that sorts by time: ``2026-01-31T12-30-00-PLAN``, in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{plan}"


def claim_run_folder(results: Path, name: str) -> Path:
    """Create the folder of a new run under ``results``, before anything is measured, and hold it.

    What killed processes left in theirs is removed: files not written whole, and folders with nothing else.

    Raises:
        ResultsError: if it can't be created or written to.
    """
    folder = make_held(lambda: _new_run_folder(results, name))
    remove_leftovers(results, ANY_RUN, _remove_partial)
    return folder


def _new_run_folder(results: Path, name: str) -> Path:
    number = 1
    while True:
        folder = results / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
            if not os.access(folder, os.W_OK):
                raise PermissionError(13, "not writable")
            return folder
        except FileExistsError:
            if not results.is_dir():
                raise ResultsError(
                    f"results folder {results}: it is a file; name a folder with --results"
                ) from None
            number += 1
        except OSError as error:
            raise ResultsError(
                f"results folder {results}: can't be written ({error.strerror}); name another with --results"
            ) from None


def leave_run_folder(folder: Path) -> None:
    """Hold a claimed folder no longer. Remove it if nothing was written into it, and then the results folder if it
    is empty."""
    with suppress(OSError):
        with suppress(FileNotFoundError):  # removed already, where it could not be written
            folder.rmdir()
        folder.parent.rmdir()
    let_go(folder)


def unfinished(folder: Path) -> str:
    """A sentence if a folder was claimed for a run and has none; else nothing."""
    if not STARTED.match(folder.name) or not folder.is_dir() or os.path.lexists(folder / RUN_FILE):
        return ""
    if is_held(folder):
        return f"run {folder} is unfinished: it is still being measured"
    why = f"it has no {RUN_FILE}, which is written last, so its process was killed"
    kept = f"; what its starts measured is in {folder / STARTS}" if (folder / STARTS).is_dir() else ""
    return f"run {folder} is unfinished: {why}{kept}"


def newest_unfinished(results: Path) -> Path | None:
    """The folder of the most recent unfinished run under ``results``; None if there is none."""
    return next((each for each in sorted(results.glob(ANY_RUN), reverse=True) if unfinished(each)), None)


def _remove_partial(folder: Path) -> None:
    if os.path.lexists(folder / RUN_FILE):
        return  # a gate may be writing its files there, and the next one replaces what a killed one left
    for file in folder.glob(f".*{PARTIAL}"):
        file.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then rename it."""
    temporary = path.with_name(f".{path.name}{PARTIAL}")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
