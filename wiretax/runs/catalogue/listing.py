"""The runs in a results folder as a list shows them: by their ``run.json`` alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wiretax.runs.catalogue.folders import folders_in
from wiretax.runs.files.content_seal import break_seal
from wiretax.runs.files.run_json import RunNotFoundError, read_run_json
from wiretax.runs.folder import RUN_FILE, unfinished
from wiretax.runs.provenance.source import NO_SOURCE, Source

# Runs that belong to wiretax's documents, in a folder of this name.
REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run.

    Attributes:
        folder: its folder.
        started: when it was set up; None if it does not say.
        plan: the name of its plan.
        labels: that its user gave it.
        source: the version of the code that it was started in.
        valid: whether it may be used.
        interrupted: whether it was ended early.
        figures: ``headline`` of its ``run.json``; None in older runs.
    """

    folder: Path
    started: datetime | None
    plan: str
    labels: Mapping[str, str] = field(default_factory=dict)
    source: Source = NO_SOURCE
    valid: bool = True
    interrupted: bool = False
    figures: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder that is not a run, or one that can't be read; ``why`` is a sentence without its name."""

    folder: Path
    why: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which runs are listed; None and nothing leave none out.

    Attributes:
        plan: the name of the plan.
        labels: that a run must have, all of them.
        branch: of the version of the code.
        valid: whether invalid runs are left out.
        last: how many of the newest that are left are listed.
    """

    plan: str | None = None
    labels: Sequence[tuple[str, str]] = ()
    branch: str | None = None
    valid: bool = False
    last: int | None = None

    def of(self, runs: Sequence[ListedRun]) -> list[ListedRun]:
        """The runs that are listed, in their order."""
        return [each for each in runs if self._keeps(each)][: self.last]

    def _keeps(self, run: ListedRun) -> bool:
        return (
            self.plan in (None, run.plan)
            and self.branch in (None, run.source.branch)
            and (run.valid or not self.valid)
            and all(run.labels.get(key) == value for key, value in self.labels)
        )


def list_runs(results: Path) -> tuple[list[ListedRun], list[Unreadable]]:
    """The runs in a results folder, newest first, and the other folders in it, by name.

    Raises:
        OSError: if the folder can't be read.
    """
    runs: list[ListedRun] = []
    others: list[Unreadable] = []
    for folder in folders_in(results):
        if folder.name == REFERENCE:
            continue
        try:
            runs.append(read_listed(folder))
        except RunNotFoundError as error:
            others.append(Unreadable(folder, str(error)))
    # Those without a time come last.
    runs.sort(key=lambda run: (run.started or datetime.min.replace(tzinfo=UTC), run.folder.name), reverse=True)
    return runs, others


def read_listed(folder: Path) -> ListedRun:
    """A run by its ``run.json``.

    Raises:
        RunNotFoundError: it is not a run or can't be read: a sentence without the name of the folder.
    """
    if not os.path.lexists(folder / RUN_FILE):
        begun = unfinished(folder).removeprefix(f"run {folder} is ")
        raise RunNotFoundError(begun or f"it has no {RUN_FILE}, so it is no run")
    try:
        document = read_run_json(folder)
    except RunNotFoundError as error:
        raise RunNotFoundError(str(error).removeprefix(f"run {folder}: ")) from None
    meta, _, changed = break_seal(document)
    if changed:
        raise RunNotFoundError(changed)
    return ListedRun(
        folder,
        _moment(meta["started"]),
        meta["plan"]["name"],
        meta.get("labels", {}),
        Source(**{name: value for name, value in (meta.get("source") or {}).items() if name in SOURCE}),
        meta["valid"],
        bool(meta.get("interrupted")),
        meta.get("headline"),
    )


SOURCE = frozenset(Source.__dataclass_fields__)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
