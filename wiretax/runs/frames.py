"""Reading one Parquet file of a run: its bytes, columns, types and values are checked first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wiretax.documents import read_regular
from wiretax.runs.plausible import impossible
from wiretax.runs.schema import FRAMES, LATER_COLUMNS, QUEUE_FRAMES
from wiretax.runs.seal import differences

SCHEMAS = {**FRAMES, **QUEUE_FRAMES}
# Types that stand for each other: values are converted to those of the schema.
FAMILIES = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
)


class DamageError(ValueError):
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
    try:
        data = read_regular(file)
    except FileNotFoundError:
        raise DamageError(f"{name} is missing") from None
    except OSError as error:
        raise DamageError(f"{name} can't be read ({error.strerror})") from None
    try:
        whole = pq.read_table(pa.BufferReader(data), use_threads=False, page_checksum_verification=True)
        table = _as_in_schema(name, whole, schema)
        table.validate(full=True)
    except (OSError, pa.ArrowException, ValueError, OverflowError) as error:
        if isinstance(error, DamageError):
            raise
        raise DamageError(
            f"{name} can't be read: it is cut off, altered or not Parquet ({len(data):,} B)"
        ) from None
    for sentence in differences(name, seal, data, table, schema) if seal else ():
        raise DamageError(sentence)
    for sentence in impossible(name, table, schema):
        raise DamageError(sentence)
    return table


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
