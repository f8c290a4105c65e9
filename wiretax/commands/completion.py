"""What a shell completes: names of plans, runs and files. It answers while someone types, so it loads little."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wiretax.runs.folder import RUN_FILE
from wiretax.shipped import shipped

# The newest runs that are offered.
MOST_RUNS = 50


def complete_plan(incomplete: str) -> list[str]:
    """The plans that come with wiretax, and TOML files."""
    names = sorted(file.stem for file in (shipped("scenarios") / "plans").glob("*.toml"))
    return [*_beginning(names, incomplete), *_files(incomplete)]


def complete_run(ctx: Any, incomplete: str) -> list[str]:
    """The names of the newest runs in ``--results``."""
    results = Path(ctx.params.get("results") or "results")
    try:
        names = sorted((file.parent.name for file in results.glob(f"*/{RUN_FILE}")), reverse=True)
    except OSError:
        return []
    return _beginning(names, incomplete)[:MOST_RUNS]


def _files(incomplete: str) -> list[str]:
    """The folders and TOML files whose paths begin like this."""
    folder, slash, begin = incomplete.rpartition("/")
    try:
        found = sorted(Path(folder or slash or ".").iterdir())
    except OSError:
        return []
    return [
        f"{folder}{slash}{each.name}{'/' * each.is_dir()}"
        for each in found
        if each.name.startswith(begin)
        and not each.name.startswith(".")
        # Before anything is typed, folders would hide the names of plans.
        and (each.suffix == ".toml" or (incomplete and each.is_dir()))
    ]


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
