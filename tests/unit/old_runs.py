"""Saved runs of any age, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from saved import record, run_json, slice_

from wiretax.channels.workload import Workload
from wiretax.runs.writer import write_run

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def save(folder: Path, days: float = 0.0, now: datetime = NOW, **meta: Any) -> Path:
    """Save a run of one slice that started so many days ago; its folder."""
    made = record(slice_(Workload.of(), 0, 10))
    made.meta = run_json(made, **{"started": (now - timedelta(days=days)).isoformat(), **meta})
    folder.mkdir(parents=True)
    write_run(folder, made)
    return folder
