"""Removing old runs: what may go, and what stays, each with its reason. Whatever is in doubt stays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path

from wiretax.runs.catalogue.folders import folders_in
from wiretax.runs.catalogue.listing import REFERENCE, ListedRun, read_listed
from wiretax.runs.files.run_json import RunNotFoundError
from wiretax.runs.folder import PARTIAL, RUN_FILE, SERVER_FILE
from wiretax.runs.held import remove_unless_held

# What wiretax writes into the folder of a run. Whoever put something else there may want to keep it.
FILES = (RUN_FILE, SERVER_FILE, "*.parquet", "gate.json", "junit.xml", "summary.md", f".*{PARTIAL}")
FOLDERS = ("report",)
DAY_S = 86_400.0


class RemovalError(OSError):
    """A folder in which nothing may be removed: one line that says why."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which runs are too old; both must agree.

    Attributes:
        older_than_s: age from which a run may go (s); None for any.
        keep: how many of the newest stay.
        labelled: whether runs with labels may go, too.
    """

    older_than_s: float | None
    keep: int
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Old:
    """A run that may go.

    Attributes:
        run: the run.
        age_s: its age (s).
        size: of its files (B).
    """

    run: ListedRun
    age_s: float
    size: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder that stays.

    Attributes:
        folder: its path.
        why: the reason, in a few words.
        is_recent: whether the rules alone keep it.
    """

    folder: Path
    why: str
    is_recent: bool = False


def choose(results: Path, rules: Rules, named: Mapping[Path, Path], now: datetime) -> tuple[list[Old], list[Kept]]:
    """Which folders of a results folder may go, oldest first, and which stay, by name.

    Args:
        results: the folder that holds the runs.
        rules: which runs are too old.
        named: what gates files name as baselines, as absolute paths without links, and which file names it.
        now: the time from which ages are counted.

    Raises:
        RemovalError: nothing may be removed there.
        OSError: the folder can't be read.
    """
    if results.resolve().name == REFERENCE:
        raise RemovalError("it holds the reference runs of the documents; nothing in it is removed")
    runs: list[ListedRun] = []
    kept: list[Kept] = []
    for folder in folders_in(results):
        try:
            runs.append(_removable(folder))
        except RunNotFoundError as error:
            kept.append(Kept(folder, str(error)))
    undated = [run for run in runs if run.started is None]
    kept += [Kept(run.folder, "it does not say when it started") for run in undated]
    dated = [(run, (now - run.started).total_seconds()) for run in runs if run.started is not None]
    dated.sort(key=lambda each: (each[1], each[0].folder.name))
    old = []
    for place, (run, age_s) in enumerate(dated):
        reason = _recent(rules, place, age_s)
        if reason:
            kept.append(Kept(run.folder, reason, is_recent=True))
        elif reason := _wanted(run, rules, named):
            kept.append(Kept(run.folder, reason))
        else:
            old.append(Old(run, age_s, _size(run.folder)))
    return old[::-1], sorted(kept, key=lambda each: each.folder.name)


def remove(each: Old) -> str:
    """Remove the folder of a run, unless it changed since it was chosen.

    Returns:
        Why it stays; empty if it was removed.

    Raises:
        OSError: a file can't be removed; others of the run may be.
    """
    try:
        now = _removable(each.run.folder)
    except RunNotFoundError as error:
        return str(error)
    if now != each.run:
        return "it was changed meanwhile"
    return "" if remove_unless_held(each.run.folder) else "a process is using it"


def _recent(rules: Rules, place: int, age_s: float) -> str:
    if place < rules.keep:
        return "the newest" if rules.keep == 1 else f"one of the newest {rules.keep:,}"
    if rules.older_than_s is not None and age_s < rules.older_than_s:
        return "not old enough"
    return ""


def _wanted(run: ListedRun, rules: Rules, named: Mapping[Path, Path]) -> str:
    """Who wants to keep a run, if anybody does."""
    folder = run.folder.resolve()
    for baseline, gates in named.items():
        # The run itself, something in it, or the folder of runs that it is in.
        if baseline in (folder, folder.parent) or folder in baseline.parents:
            return f"a baseline in {gates}"
    if run.labels and not rules.labelled:
        return f"labelled {', '.join(f'{key}={value}' for key, value in run.labels.items())}"
    return ""


def _removable(folder: Path) -> ListedRun:
    """A folder that holds a run and nothing else.

    Raises:
        RunNotFoundError: it does not: a sentence that says why.
    """
    if folder.is_symlink():
        raise RunNotFoundError("it is a symbolic link")
    if folder.name == REFERENCE:
        raise RunNotFoundError("it holds the reference runs of the documents")
    if (folder / RUN_FILE).is_symlink():
        raise RunNotFoundError(f"its {RUN_FILE} is a symbolic link")
    run = read_listed(folder)
    for name in _foreign(folder):
        raise RunNotFoundError(f"it holds {name}, which no run has")
    return run


def _foreign(folder: Path) -> Iterator[str]:
    """The names in a run's folder that wiretax does not write."""
    with os.scandir(folder) as entries:
        for each in sorted(entries, key=lambda entry: entry.name):
            patterns = FOLDERS if each.is_dir(follow_symlinks=False) else FILES
            if not any(fnmatch(each.name, pattern) for pattern in patterns):
                yield each.name


def _size(folder: Path) -> int:
    """The size of all files in a folder (B); links are not followed."""
    return sum(os.lstat(f"{where}/{name}").st_size for where, _, names in os.walk(folder) for name in names)
