"""Reading one Parquet file of a run: its bytes, columns, types and values are checked first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from wiretax.documents import read_regular
from wiretax.escaping import OneLineError
from wiretax.runs.files.histograms import TEXT, Histograms, with_dictionaries
from wiretax.runs.files.plausible import impossible
from wiretax.runs.files.schema import (
    CAPACITY_FRAMES,
    DELIVERY_FRAMES,
    FRAMES,
    LATER_COLUMNS,
    QUEUE_FRAMES,
    SERIES_FRAMES,
)
from wiretax.runs.files.seal import differences, sums_of

if TYPE_CHECKING:
    import pandas as pd

SCHEMAS = {**FRAMES, **QUEUE_FRAMES, **SERIES_FRAMES, **CAPACITY_FRAMES, **DELIVERY_FRAMES}
# Types that stand for each other: values are converted to those of the schema.
FAMILIES = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
)
# Rows of histograms that are in memory at once: few enough for a processor's cache.
BATCH_ROWS = 1 << 15

# What pyarrow raises for a file that is not whole.
UNREADABLE = (OSError, pa.ArrowException, ValueError, OverflowError)


class DamageError(OneLineError, ValueError):
    """A file that can't be relied on: one line that names it, and what was expected and found."""


def read_table(file: Path, seal: Mapping[str, Any] | None) -> pa.Table:
    """A table of a run, whole and with values that a run can have.

    Args:
        file: ``slices.parquet`` or another one.
        seal: what ``run.json`` records of it; None in runs of older versions.

    Raises:
        DamageError: at the first thing that is wrong with it.
    """
    name, schema = file.name, SCHEMAS[file.stem]
    data = _bytes_of(file)
    try:
        table = _whole(data, name, schema)
        table.validate(full=True)
    except UNREADABLE as error:
        raise _unreadable(name, data, error) from None
    for sentence in differences(name, seal, data, table.num_rows, sums_of(table, schema)) if seal else ():
        raise DamageError(sentence)
    for sentence in impossible(name, table, schema):
        raise DamageError(sentence)
    return table


def read_histograms(file: Path, seal: Mapping[str, Any] | None) -> Histograms:
    """The histograms of a run, with the checks of ``read_table``, in the memory of one batch of rows.

    Args:
        file: ``latency.parquet``, ``waits.parquet`` or ``delivery_times.parquet``.
        seal: what ``run.json`` records of it; None in runs of older versions.

    Raises:
        DamageError: at the first thing that is wrong with it.
    """
    name, schema = file.name, SCHEMAS[file.stem]
    data = _bytes_of(file)

    def frame() -> pd.DataFrame:
        return to_frame(file.stem, _whole(data, name, schema))

    made = Histograms(lambda: _batches(data, name, schema), frame)
    wrong, rows = "", 0
    sums: dict[str, int | float | None] = {}
    try:
        for batch in _batches(data, name, schema):
            batch.validate(full=True)
            rows += batch.num_rows
            for column, value in sums_of(batch, schema).items():
                before = sums.get(column)
                sums[column] = value if before is None else before + (value or 0)
            wrong = wrong or next(impossible(name, batch, schema), "")
            if not wrong:
                made.add(batch)
    except UNREADABLE as error:
        raise _unreadable(name, data, error) from None
    for sentence in differences(name, seal, data, rows, sums) if seal else ():
        raise DamageError(sentence)
    if wrong:
        raise DamageError(wrong)
    return made


def to_frame(name: str, table: pa.Table) -> pd.DataFrame:
    """A table as a frame; runs saved before unacknowledged calls were counted in histograms get that column."""
    # Threads cost more time than they save in tables of this size.
    frame: pd.DataFrame = table.to_pandas(use_threads=False)
    return frame if "censored" in frame or "censored" not in SCHEMAS[name].names else frame.assign(censored=0)


def _bytes_of(file: Path) -> bytes:
    try:
        return read_regular(file)
    except FileNotFoundError:
        raise DamageError(f"{file.name} is missing") from None
    except OSError as error:
        raise DamageError(f"{file.name} can't be read ({error.strerror})") from None


def _unreadable(name: str, data: bytes, error: Exception) -> DamageError:
    if isinstance(error, DamageError):
        return error
    return DamageError(f"{name} can't be read: it is cut off, altered or not Parquet ({len(data):,} B)")


def _whole(data: bytes, name: str, schema: pa.Schema) -> pa.Table:
    whole = pq.read_table(pa.BufferReader(data), use_threads=False, page_checksum_verification=True)
    return _as_in_schema(name, whole, schema)


def _batches(data: bytes, name: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a table with the columns and types of the schema, a batch at a time; text as dictionaries.

    Text that is decoded as dictionaries takes an eighth of the time.
    """
    kinds = pq.read_schema(pa.BufferReader(data))
    expected = _as_in_schema(name, kinds.empty_table(), schema).schema
    columns = [each for each in schema.names if each in kinds.names]
    text = [each for each in columns if each in TEXT and pa.types.is_string(kinds.field(each).type)]
    # A dictionary stays one: only numbers are converted.
    wanted = pa.schema(
        [
            pa.field(each, pa.dictionary(pa.int32(), pa.string()) if each in TEXT else expected.field(each).type)
            for each in columns
        ]
    )
    yield pa.RecordBatch.from_pylist([], wanted)
    file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=text, page_checksum_verification=True)
    for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
        yield with_dictionaries(batch).select(columns).cast(wanted)


def _as_in_schema(name: str, table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the types of the schema, and without metadata, which pandas would follow.

    Raises:
        DamageError: if a column is missing, twice or of another type.
    """
    names = table.column_names
    missing = [each for each in schema.names if each not in names and each not in LATER_COLUMNS]
    if missing:
        raise DamageError(f"{name} lacks {', '.join(missing[:3])}{' and more' if len(missing) > 3 else ''}")
    twice = [each for each in dict.fromkeys(names) if names.count(each) > 1]
    if twice:
        raise DamageError(f"{name} has {twice[0]} twice, expected each column once")
    fields = []
    for field in table.schema:
        kind = field.type
        expected = schema.field(field.name).type if field.name in schema.names else kind
        if kind != expected and not _alike(kind, expected):
            raise DamageError(f"{name}: {field.name} has the type {kind}, expected {expected}")
        fields.append(pa.field(field.name, expected))
    return table.cast(pa.schema(fields))


def _alike(one: pa.DataType, other: pa.DataType) -> bool:
    if pa.types.is_list(one) and pa.types.is_list(other):
        return _alike(one.value_type, other.value_type)
    return any(family(one) and family(other) for family in FAMILIES)
