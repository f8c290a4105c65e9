"""docs/data.md describes every column and key that a run can have, with unit and kind, and no other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
from run_keys import keys_of, ledger_keys, read_keys, typed_keys, written_keys

from wiretax.runs.files.schema import (
    CAPACITY_FRAMES,
    DELIVERY_FRAMES,
    FRAMES,
    QUEUE_COLUMNS,
    QUEUE_FRAMES,
    SERIES_FRAMES,
    WORKLOAD_COLUMNS,
)

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "data.md").read_text()
ALL_FRAMES = {**FRAMES, **QUEUE_FRAMES, **SERIES_FRAMES, **CAPACITY_FRAMES, **DELIVERY_FRAMES}
WORKLOAD = "Columns of a workload"
# The sections whose rows hold for a file, too.
SHARED = {
    **{f"{name}.parquet": [WORKLOAD] for name in ("slices", "queue", "capacity", "delivery")},
    "waits.parquet": ["latency.parquet"],
    "delivery_times.parquet": ["latency.parquet"],
}
KINDS = {"given", "exact", "statistical"}
OF_TIME = {"s", "1/s", "UTC"}
COUNTS = (
    "calls characters channels connections cores counts deliveries events exchanges messages pauses processes "
    "publishers requests rounds rows segments starts subscribers subscriptions users"
)
UNITS = {"B", "text", "true/false", "number", "share", *OF_TIME, *COUNTS.split()}


@dataclass(frozen=True, slots=True)
class Row:
    """What the page says of columns or keys."""

    names: tuple[str, ...]
    unit: str
    kind: str
    meaning: str


@cache
def rows(title: str) -> list[Row]:
    """The rows of a section's tables."""
    section = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = []
    for line in section.splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            assert len(cells) == 4, line
            assert re.fullmatch(r"`[\w.]+`(, `[\w.]+`)*", cells[0]), line
            found.append(Row(tuple(re.findall(r"`([\w.]+)`", cells[0])), *cells[1:]))
    return found


def named(title: str) -> list[str]:
    return [name for row in rows(title) for name in row.names]


@pytest.mark.parametrize("name", ALL_FRAMES)
def test_each_column_has_a_row_and_each_row_a_column(name: str) -> None:
    title = f"{name}.parquet"
    own, columns = named(title), set(ALL_FRAMES[name].names)
    assert len(set(own)) == len(own)
    assert set(own) <= columns
    assert {*own, *(each for shared in SHARED.get(title, []) for each in named(shared))} == columns


def test_the_columns_of_a_workload() -> None:
    assert sorted(named(WORKLOAD)) == sorted(name for name, _ in (*WORKLOAD_COLUMNS, *QUEUE_COLUMNS))


@pytest.mark.parametrize(
    "title", [WORKLOAD, *(f"{name}.parquet" for name in ALL_FRAMES), "run.json", "server.json"]
)
def test_each_row_has_a_unit_a_kind_and_a_meaning(title: str) -> None:
    for row in rows(title):
        assert set(row.unit.split(", ")) <= UNITS, row
        assert row.kind in KINDS, row
        assert row.meaning, row
        for name in row.names:
            assert not name.endswith("_bytes") or row.unit == "B", row
            assert not name.endswith("_s") or row.unit == "s", row


@pytest.mark.parametrize("name", ALL_FRAMES)
def test_units_fit_the_types_of_columns(name: str) -> None:
    units = {each: row.unit for row in rows(f"{name}.parquet") for each in row.names}
    for column in ALL_FRAMES[name]:
        unit = units.get(column.name)
        if unit is not None:
            assert (unit == "true/false") == pa.types.is_boolean(column.type), column
            assert (unit == "text") == pa.types.is_string(column.type), column


def is_described(key: str, names: set[str]) -> bool:
    """Whether a key, an object that holds it, or each key that it holds has a row."""
    parts = key.split(".")
    above = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return bool(above & names) or any(name.startswith(f"{key}.") for name in names)


def of_workload(key: str) -> bool:
    """Whether it is a column of a workload that was skipped or left out."""
    where, _, column = key.rpartition(".")
    return where in ("skipped", "plan.left_out") and column != "workload" and column in named(WORKLOAD)


@pytest.fixture(scope="module")
def run_keys() -> set[str]:
    """All keys of ``run.json``, from the code and from saved runs."""
    saved = (key for file in (ROOT / "results" / "reference").glob("*/run.json") for key in keys_of(file))
    return {key for key in {*saved, *read_keys(), *typed_keys(), *written_keys()} if not of_workload(key)}


def test_each_key_of_run_json_has_a_row(run_keys: set[str]) -> None:
    names = set(named("run.json"))
    assert [key for key in sorted(run_keys) if not is_described(key, names)] == []


def test_each_row_of_run_json_has_a_key(run_keys: set[str]) -> None:
    names = named("run.json")
    assert len(set(names)) == len(names)
    parts = {"parts.total", "parts.aside", "parts.boundary"}
    open_ended = {key for key in names if key.endswith(".NAME")}
    assert sorted({*names} - run_keys - parts - open_ended) == []


def test_the_keys_of_server_json() -> None:
    assert sorted(named("server.json")) == sorted(ledger_keys())
