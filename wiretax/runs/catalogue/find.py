"""Finding a run by what a user writes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wiretax.documents import is_file
from wiretax.runs.catalogue.folders import newest_first, run_folders, runs_in, started_runs
from wiretax.runs.catalogue.named_by_gates import GATES, baselines_in
from wiretax.runs.files.run_json import RunNotFoundError
from wiretax.runs.folder import RUN_FILE, newest_unfinished, unfinished
from wiretax.runs.provenance.labels import LabelError, parse_label

NEWEST, BASELINE = "newest", "baseline"
# As short as git takes it.
COMMIT_PREFIX = re.compile(r"[0-9a-f]{4,64}")
# Values, or commits, that an error names.
MOST_NAMED = 5
SHORT = 12


def find_run(results: Path, given: str | None = None, gates: Path = GATES) -> Path:
    """The folder of a run.

    Args:
        results: the folder that holds the runs.
        given: a run's folder, or its name in ``results``; else ``KEY=VALUE`` for the newest run with that label,
            the first digits of a commit for its newest run, ``baseline`` for the run that the checks of ``gates``
            are compared with, or ``newest``, which None is, too.
        gates: the file of checks.

    Raises:
        RunNotFoundError: no run was found, or the digits begin several commits: one line that says what there is.
    """
    if given is None:
        return _newest(results)
    for folder in (Path(given), results / given):
        if os.path.lexists(folder / RUN_FILE):
            return folder
        if reason := unfinished(folder):
            raise RunNotFoundError(reason)
    if given == NEWEST:
        return _newest(results)
    if given == BASELINE:
        return _baseline(gates)
    if "=" in given:
        return _labelled(results, given)
    if COMMIT_PREFIX.fullmatch(given.lower()):
        return _of_commit(results, given.lower())
    raise RunNotFoundError(
        f"no run {given!r}: neither a folder with a {RUN_FILE} nor the name of one in {results}; a run can also "
        f"be named by a label (KEY=VALUE), by a commit, and as {NEWEST} or {BASELINE}"
    )


def _newest(results: Path) -> Path:
    runs = newest_first(results)
    if not runs:
        begun = newest_unfinished(results)
        why = "" if begun is None else f" ({unfinished(begun)})"
        raise RunNotFoundError(f"no run in {results}{why}; make one with: wiretax run")
    return runs[0]


def _labelled(results: Path, given: str) -> Path:
    try:
        key, value = parse_label(given)
    except LabelError as error:
        raise RunNotFoundError(f"no run {given!r}: {error}") from None
    runs = started_runs(run_folders(results))
    values: dict[str, None] = {}
    for folder, document in runs:
        labels = document.get("labels")
        if isinstance(labels, dict) and key in labels:
            if labels[key] == value:
                return folder
            values[str(labels[key])] = None
    instead = f"; its values there are {_named(values)}" if values else f"; no run has a label {key}"
    raise RunNotFoundError(f"no run in {results} has the label {given}{instead}")


def _of_commit(results: Path, prefix: str) -> Path:
    found: dict[str, Path] = {}
    for folder, commit in _commits(started_runs(run_folders(results))):
        if commit.startswith(prefix):
            found.setdefault(commit, folder)
    if len(found) > 1:
        commits = _named(each[: max(SHORT, len(prefix) + 4)] for each in found)
        raise RunNotFoundError(f"{prefix} begins {len(found)} commits that have runs: {commits}; give more digits")
    if not found:
        raise RunNotFoundError(
            f"no run {prefix!r}: neither a folder or a name in {results}, nor the begin of a commit that "
            "has a run there"
        )
    return next(iter(found.values()))


def _commits(runs: list[tuple[Path, dict[str, Any]]]) -> Iterator[tuple[Path, str]]:
    """The folder and the commit of each run that has one."""
    for folder, document in runs:
        source = document.get("source")
        commit = source.get("commit") if isinstance(source, dict) else None
        if isinstance(commit, str):
            yield folder, commit


def _baseline(gates: Path) -> Path:
    if not is_file(gates):
        raise RunNotFoundError(
            f"{BASELINE}: there is no {gates}, whose checks would name a run; name the run itself"
        )
    try:
        named = baselines_in(gates)
    except OSError as error:
        raise RunNotFoundError(f"{BASELINE}: {gates} can't be read ({error.strerror})") from None
    runs = started_runs([folder for each in named for folder in runs_in(each)])
    if runs:
        return runs[0][0]
    if named:
        raise RunNotFoundError(
            f"{BASELINE}: the checks of {gates} are compared with accepted values ({_named(map(str, named))}), "
            "not with a run; name the run itself"
        )
    raise RunNotFoundError(f"{BASELINE}: no check of {gates} has a baseline; name the run itself")


def _named(words: Any) -> str:
    """A list in a message, of which the first few are named."""
    every = list(words)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more
