"""The tables of growth, from rows of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from analysis.text.numbers import fixed
from benchmarks.peers.sheets import Sheet

Row = Mapping[str, float]
# Head, and text of a row.
Column = tuple[str, Callable[[Row], str]]

TITLES = {
    "users": "A run by its users",
    "workloads": "A run by its workloads",
    "rounds": "A saved run by its rounds",
    "runs": "A folder by its runs",
}


def _figure(name: str, digits: int = 0) -> Callable[[Row], str]:
    return lambda row: fixed(row[name], digits)


def _process(name: str) -> list[Column]:
    return [(f"{name}, CPU s", _figure(f"{name}_cpu_s", 1)), ("MB", _figure(f"{name}_mb"))]


RUN: list[Column] = [
    ("requests/s", _figure("requests_per_s")),
    ("CPU s", _figure("cpu_s", 1)),
    ("of load, s", _figure("load_s", 1)),
    ("memory, MB", _figure("peak_mb")),
]
COLUMNS: dict[str, list[Column]] = {
    "users": [("users", _figure("users")), *RUN],
    "workloads": [("workloads", _figure("workloads")), *RUN],
    "rounds": [
        ("rounds", _figure("rounds")),
        ("rows of latency.parquet", _figure("latency_rows")),
        ("files, MB", _figure("files_mb", 1)),
        *_process("table"),
        *_process("gate"),
        *_process("advise"),
    ],
    "runs": [("runs", _figure("runs")), *_process("advise"), *_process("list"), *_process("history")],
}


def growth_sheet(name: str, rows: Sequence[Row]) -> Sheet:
    """The table of one dimension."""
    columns = COLUMNS[name]
    return Sheet(
        TITLES[name],
        (),
        tuple(head for head, _ in columns),
        tuple(tuple(text(row) for _, text in columns) for row in rows),
    )
