"""The run that a command saved in a folder, and what every run must hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wiretax.runs.reader import find_run, read_run


def saved(folder: Path) -> Any:
    return read_run(find_run(folder / "results"))


def assert_agrees(run: Any) -> None:
    counts = run.meta["reconcile"]
    assert run.meta["valid"], run.meta["invalid_because"]
    assert counts["agrees"]
    assert None not in [counts[name] for name in ("model", "socket", "kernel", "server")]
