"""The runs that gates files name as baselines."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from wiretax.documents import MOST_TOML, read_regular, read_toml

# The file of checks, unless another one is named.
GATES = Path("gates.toml")


def baselines_in(gates: Path) -> list[Path]:
    """What the checks of a gates file name as baselines: runs, folders of runs, and files of accepted values.

    Raises:
        OSError: if it can't be read as TOML.
    """
    checks = read_toml(gates).get("check")
    named = [
        each.get("baseline") for each in (checks if isinstance(checks, list) else []) if isinstance(each, dict)
    ]
    return [gates.parent / each for each in dict.fromkeys(named) if isinstance(each, str) and "\0" not in each]


def gates_files(folders: Iterable[Path]) -> list[Path]:
    """The TOML files in these folders that may be gates files with a baseline, by name."""
    found: dict[Path, None] = {}
    for folder in folders:
        for file in sorted(folder.glob("*.toml")):
            with suppress(OSError):
                if b"baseline" in read_regular(file, MOST_TOML):
                    found[file] = None
    return list(found)


def named_runs(files: Iterable[Path]) -> dict[Path, Path]:
    """What these gates files name as baselines, as absolute paths without links, and which file names it.

    Raises:
        OSError: a file can't be read as TOML; its ``filename`` says which.
    """
    found: dict[Path, Path] = {}
    for file in files:
        try:
            for each in baselines_in(file):
                found.setdefault(each.resolve(), file)
        except OSError as error:
            error.filename = str(file)
            raise
    return found
