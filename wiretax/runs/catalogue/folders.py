"""The folders of runs in a results folder, and which is newest."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from wiretax.documents import MOST_JSON, is_file, parse_json, read_regular
from wiretax.runs.folder import RUN_FILE


def run_folders(results: Path) -> list[Path]:
    """The folders of all runs under ``results``, in any order."""
    return [file.parent for file in results.glob(f"*/{RUN_FILE}")]


def folders_in(results: Path) -> list[Path]:
    """All folders in ``results``, and links to folders, by name.

    Raises:
        OSError: it can't be read.
    """
    found = []
    with os.scandir(results) as entries:
        for each in entries:
            with suppress(OSError):  # links in a circle
                if each.is_dir():
                    found.append(results / each.name)
    return sorted(found)


def runs_in(folder: Path) -> list[Path]:
    """The saved runs in a folder, by name, or the folder itself if it is a run."""
    if is_file(folder / RUN_FILE):
        return [folder]
    return sorted(run_folders(folder))


def newest_first(results: Path) -> list[Path]:
    """The folders of all runs under ``results`` that record when they started, newest first."""
    return [folder for folder, _ in started_runs(run_folders(results))]


def started_runs(folders: list[Path]) -> list[tuple[Path, dict[str, Any]]]:
    """The runs of these that record when they started, newest first: each folder, and its ``run.json``, of which
    nothing was checked."""
    found = []
    for folder in folders:
        try:
            document = parse_json(read_regular(folder / RUN_FILE, MOST_JSON))
            started = str(document["started"])
        except (OSError, KeyError, TypeError):
            continue
        if started:
            found.append((started, folder, document))
    found.sort(key=lambda each: (each[0], each[1].name), reverse=True)
    return [(folder, document) for _, folder, document in found]
