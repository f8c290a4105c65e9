"""The seal of a run: for each of its files a checksum, row count and sums in ``run.json``, compared on load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import fsum, nan
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wiretax.runs.files.content_seal import CHECKSUM, digest

# In seconds, and yet additive.
DURATION = "duration_s"
NOT_ADDITIVE = frozenset({"round", "worker", "users"})


def sums_of(table: pa.Table | pa.RecordBatch, schema: pa.Schema) -> dict[str, int | float | None]:
    """The sum of each additive column that a table has; None for a column without any value."""
    sums: dict[str, int | float | None] = {}
    for field in schema:
        if field.name not in table.column_names:
            continue
        if field.type == pa.int64() and field.name not in NOT_ADDITIVE:
            sums[field.name] = pc.sum(table[field.name]).as_py()
        elif field.name == DURATION:
            sums[field.name] = _sum(value for value in table[field.name].to_pylist() if value is not None)
    return sums


def _sum(values: Iterable[float]) -> float:
    """The exact sum; not a number for infinities of both signs, and for more than a float can hold."""
    try:
        return fsum(values)
    except (ValueError, OverflowError):
        return nan


def seal_table(data: bytes, table: pa.Table) -> dict[str, Any]:
    """What ``run.json`` keeps of a table that was written as these bytes."""
    return {CHECKSUM: digest(data), "rows": table.num_rows, "sums": sums_of(table, table.schema)}


def seal_ledger(data: bytes, ledger: Mapping[str, Any]) -> dict[str, Any]:
    """What ``run.json`` keeps of the mock's ledger that was written as these bytes."""
    return {CHECKSUM: digest(data), "sums": _counts(ledger)}


def differences(
    name: str, seal: Mapping[str, Any], data: bytes, rows: int, found: Mapping[str, float | None]
) -> Iterator[str]:
    """A sentence for what a table has and its seal does not; nothing if they agree.

    Args:
        name: of the file.
        seal: what ``run.json`` records of it.
        data: its bytes.
        rows: the number of its rows.
        found: its ``sums_of``.
    """
    if seal.get("rows") not in (None, rows):
        yield f"{name} has {rows:,} rows, expected {seal['rows']:,}"
        return
    for column, expected in seal["sums"].items():
        if column not in found:
            yield f"{name} lacks {column}, expected a sum of {shown(expected)}"
            return
        if found[column] != expected:
            yield f"{name}: {column} sums to {shown(found[column])}, expected {shown(expected)}"
            return
    yield from altered(name, seal, data)


def ledger_differences(
    name: str, seal: Mapping[str, Any], data: bytes, ledger: Mapping[str, Any]
) -> Iterator[str]:
    """The same of the mock's ledger."""
    found = _counts(ledger)
    for key, expected in seal["sums"].items():
        if found.get(key) != expected:
            yield f"{name}: {key} is {shown(found.get(key))}, expected {shown(expected)}"
            return
    yield from altered(name, seal, data)


def altered(name: str, seal: Mapping[str, Any], data: bytes) -> Iterator[str]:
    """A sentence if a file's bytes are not those that were written."""
    found = digest(data)
    if found != seal[CHECKSUM]:
        yield f"{name} was changed: it has the {CHECKSUM} {found[:12]}..., expected {seal[CHECKSUM][:12]}..."


def shown(value: float | None) -> str:
    """A sum in a message."""
    return "nothing" if value is None else f"{value:,}"


def _counts(ledger: Mapping[str, Any]) -> dict[str, int]:
    return {key: value for key, value in ledger.items() if type(value) is int}
