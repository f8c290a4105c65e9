"""A run as its files have it: its tables whole, to be written again as part of another run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from wiretax.runs.files.schema import START


@dataclass(frozen=True, slots=True)
class RunTables:
    """The contents of a run's files.

    Attributes:
        meta: ``run.json`` without seals.
        tables: by file name; those of queues only if the run has any.
        server: the mock's ledger; None without a mock.
    """

    meta: dict[str, Any]
    tables: dict[str, pa.Table]
    server: dict[str, Any] | None


def of_start(table: pa.Table, start: int) -> pa.Table:
    """The table with all of its rows from this start."""
    field, number = pa.field(*START), pa.array(np.full(table.num_rows, start, dtype=np.int32))
    if field.name in table.column_names:
        return table.set_column(table.column_names.index(field.name), field, number)
    return table.append_column(field, number)
