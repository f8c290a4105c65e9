"""The saved runs that advice chooses from. It reads ``run.json`` of each once, and frames of those it may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from wiretax.runs.mode import mode_in
from wiretax.runs.reader import Run, RunNotFoundError, find_run, read_meta, read_run, run_folders

Meta = Mapping[str, Any]


class SavedRuns:
    """The runs in a folder of results, and the one that was named.

    Attributes:
        results: the folder.
        given: the name or the folder of the run that was named; None for the newest suitable one.
    """

    def __init__(
        self, results: Path, given: str | None = None, warn: Callable[[str], None] = lambda _: None
    ) -> None:
        """Runs to choose from; ``warn`` is called with a sentence for each that can't be read and is left out."""
        self.results = results
        self.given = given
        self._warn = warn
        self._left_out: set[Path] = set()
        self._read: dict[tuple[Path, tuple[str, ...] | None], Run] = {}

    @cached_property
    def newest_first(self) -> list[tuple[Path, Meta]]:
        """The folder and the ``run.json`` of each valid run that records when it started, newest first."""
        found = []
        for folder in run_folders(self.results):
            try:
                meta = read_meta(folder)
            except RunNotFoundError as error:
                self._leave_out(folder, error)
                continue
            if meta.get("valid") and meta.get("started"):
                found.append((str(meta["started"]), folder.name, folder, meta))
        return [(folder, meta) for *_, folder, meta in sorted(found, key=lambda each: each[:2], reverse=True)]

    def named(self) -> Run | None:
        """The run that was named; None if none was.

        Raises:
            RunNotFoundError: it can't be found or read.
        """
        return None if self.given is None else self._of(find_run(self.results, self.given), None)

    def suitable(self, is_suitable: Callable[[Path, Meta], bool], only: tuple[str, ...]) -> Iterator[Run]:
        """Valid runs, newest first, without those that can't be read.

        Args:
            is_suitable: whether a run may be used, by its folder and its ``run.json``. Others are not read.
            only: the files to read, by the names of their frames.
        """
        for folder, meta in self.newest_first:
            if is_suitable(folder, meta):
                try:
                    yield self._of(folder, only)
                except RunNotFoundError as error:
                    self._leave_out(folder, error)

    def _leave_out(self, folder: Path, error: RunNotFoundError) -> None:
        if folder not in self._left_out:
            self._left_out.add(folder)
            self._warn(f"{error}; advice leaves it out")

    def _of(self, folder: Path, only: tuple[str, ...] | None) -> Run:
        # Two of the three questions of advice are often answered by the same run.
        key = (folder, only)
        if key not in self._read:
            self._read = {key: read_run(folder, only)}
        return self._read[key]


def is_sweep(meta: Meta) -> bool:
    """Whether workloads were sent in turn."""
    return mode_in(meta) == "sweep"


def is_shorter(meta: Meta, rounds: int) -> bool:
    """Whether a run is known to have fewer rounds."""
    measured = meta.get("rounds_measured")
    return isinstance(measured, int) and measured < rounds
