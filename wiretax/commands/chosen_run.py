"""The run that a command is about: the one that was named, or the newest."""

from __future__ import annotations

from pathlib import Path

from wiretax.runs.folder import newest_unfinished, unfinished
from wiretax.runs.reader import find_run
from wiretax.terminal import warn


def chosen_run(results: Path, given: str | None) -> Path:
    """The folder of a run. A warning says if a run that began after it is unfinished: the user may mean that one.

    Args:
        results: the folder that holds the runs.
        given: a run's folder, or its name in ``results``; None for the newest.

    Raises:
        RunNotFoundError: no run was found.
    """
    folder = find_run(results, given)
    later = newest_unfinished(results) if given is None else None
    if later is not None and later.name > folder.name:
        warn(f"{unfinished(later)}; the newest finished run is used: {folder}")
    return folder
