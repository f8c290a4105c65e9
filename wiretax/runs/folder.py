"""The folder of a run, claimed before anything is measured, and the files in it.

Unlike ``writer``, this does without pyarrow, which takes long to load.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

# The version of the files.
SCHEMA = 1
RUN_FILE = "run.json"
SERVER_FILE = "server.json"


class ResultsError(OSError):
    """A results folder that can't be written: one line that says which, and why."""


def run_name(plan: str) -> str:
    """A name that sorts by time: ``2026-01-31T12-30-00-PLAN``, in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{plan}"


def claim_run_folder(results: Path, name: str) -> Path:
    """Create the folder of a new run under ``results``, before anything is measured.

    Raises:
        ResultsError: if it can't be created or written to.
    """
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


def abandon_run_folder(folder: Path) -> None:
    """Remove a claimed folder if nothing was written into it, and then the results folder if it is empty."""
    with suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then rename it."""
    temporary = path.with_name(f".{path.name}.partial")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
