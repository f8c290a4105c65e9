"""docs/data.md describes every column that a run can have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wiretax.runs.files.schema import (
    CAPACITY_FRAMES,
    DELIVERY_FRAMES,
    FRAMES,
    QUEUE_FRAMES,
    SERIES_FRAMES,
    WORKLOAD_COLUMNS,
)

TEXT = (Path(__file__).parents[3] / "docs" / "data.md").read_text()
ALL_FRAMES = {**FRAMES, **QUEUE_FRAMES, **SERIES_FRAMES, **CAPACITY_FRAMES, **DELIVERY_FRAMES}


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def named(title: str) -> set[str]:
    return {name for line in section(title).splitlines() for name in re.findall(r"`(\w+)`", line)}


@pytest.mark.parametrize("name", ALL_FRAMES)
def test_each_column_is_described(name: str) -> None:
    shared = named("Columns of a workload")
    assert {column for column, _ in WORKLOAD_COLUMNS} <= shared
    shared |= named("latency.parquet") if name in ("waits", "delivery_times") else set()
    shared |= named("waits.parquet") if name == "delivery_times" else set()
    assert set(ALL_FRAMES[name].names) <= named(f"{name}.parquet") | shared
