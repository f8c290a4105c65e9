"""The run that a command is about: the one that was named, or the newest."""

from __future__ import annotations

from pathlib import Path

from wiretax.runs.catalogue.find import NEWEST, find_run
from wiretax.runs.folder import newest_unfinished, unfinished
from wiretax.terminal import warn


def chosen_run(results: Path, given: str | None) -> Path:
    """The folder of a run. A warning says if a run that began after it is unfinished.

    Args:
        results: the folder that holds the runs.
        given: as ``find_run`` takes it; None for the newest.

    Raises:
        RunNotFoundError: no run was found.
    """
    folder = find_run(results, given)
    if given is None or (given == NEWEST and folder.name != NEWEST):
        warn_of_unfinished(results, folder.name, f"the newest finished run is used: {folder}")
    return folder


def warn_of_unfinished(results: Path, newest: str, instead: str) -> None:
    """Warn if a run that began after the newest finished one is unfinished: the user may mean that one.

    Args:
        results: the folder that holds the runs.
        newest: the name of the newest finished one.
        instead: what is used.
    """
    later = newest_unfinished(results)
    if later is not None and later.name > newest:
        warn(f"{unfinished(later)}; {instead}")
