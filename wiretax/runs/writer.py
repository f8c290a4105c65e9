"""Writing a run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from wiretax.runs.files.content_seal import seal_run
from wiretax.runs.files.schema import (
    CAPACITY,
    DELIVERY,
    FAILURES,
    LATENCY,
    QUEUE,
    SERIES,
    SLICES,
    WAITS,
)
from wiretax.runs.files.seal import seal_ledger, seal_table
from wiretax.runs.folder import RUN_FILE, SERVER_FILE, write_whole
from wiretax.runs.record import Row, RunRecord, Times
from wiretax.runs.run_tables import RunTables, of_start

# A tenth smaller than at the default level, for a fraction of a second.
LEVEL = 15
# What pyarrow raises for a value that a column can't hold.
UNFIT = (pa.ArrowException, OverflowError, TypeError, ValueError)


def write_run(folder: Path, record: RunRecord | RunTables) -> None:
    """Write all files of a run; ``run.json`` comes last, so a folder with it is complete.

    A row that a table can't hold is left out, and makes the run invalid.

    Raises:
        OSError: if a file can't be written.
    """
    if isinstance(record, RunTables):
        written = record.tables
    else:
        written = all_tables(record)
        note_left_out(record, written)
    seals: dict[str, Any] = {}
    for name, table in written.items():
        file = folder / f"{name}.parquet"
        data = _parquet(table)
        write_whole(file, partial(_write, data))
        seals[file.name] = seal_table(data, table)
    if record.server is not None:
        ledger = _holdable(record.server)
        data = _json(ledger)
        write_whole(folder / SERVER_FILE, partial(_write, data))
        seals[SERVER_FILE] = seal_ledger(data, ledger)
    write_whole(folder / RUN_FILE, partial(_write, _json(seal_run(_holdable(record.meta), seals))))


def all_tables(record: RunRecord) -> dict[str, pa.Table]:
    """All tables of a record, by file name."""
    return {**tables(record), **queue_tables(record), **delivery_tables(record)}


def tables(record: RunRecord) -> dict[str, pa.Table]:
    """The tables that every run has, by file name."""
    made = {
        "slices": _of_rows(record.slices, SLICES),
        "latency": latency_table(record),
        "failures": _of_rows([_labelled(row) for row in record.failure_rows()], FAILURES),
    }
    return {name: of_start(table, 0) for name, table in made.items()}


def queue_tables(record: RunRecord) -> dict[str, pa.Table]:
    """The tables of its queues and of its capacity search, by file name; none if the run has no queue."""
    if not record.queues:
        return {}
    series = record.series_rows()
    return {
        "queue": of_start(_of_rows(record.queues, QUEUE), 0),
        "waits": of_start(_of_times(record.waits), 0),
        **({"series": _of_rows(series, SERIES)} if series else {}),
        **({"capacity": _of_rows(record.capacity, CAPACITY)} if record.capacity else {}),
    }


def delivery_tables(record: RunRecord) -> dict[str, pa.Table]:
    """The tables of its deliveries, by file name; none if it counted none."""
    if not record.deliveries:
        return {}
    return {
        "delivery": of_start(_of_rows(record.deliveries, DELIVERY), 0),
        "delivery_times": of_start(_of_times(record.delivery_times), 0),
    }


def _of_times(times: Sequence[Times]) -> pa.Table:
    """Histograms by round, stage, workload and kind, a row per bucket."""
    parts = [
        pa.table(
            {
                "round": np.full(len(buckets.counts), round_),
                "stage": np.full(len(buckets.counts), stage),
                "workload": [workload] * len(buckets.counts),
                "kind": [kind] * len(buckets.counts),
                "bucket_low_s": buckets.lows_s(),
                "bucket_high_s": buckets.highs_s(),
                "count": buckets.counts,
                "censored": buckets.censored,
            }
        ).cast(WAITS)
        for round_, stage, workload, kind, buckets in times
    ]
    # This order keeps like buckets of all workloads together, which makes the file a third smaller.
    order = [(name, "ascending") for name in ("kind", "bucket_low_s", "workload")]
    return pa.concat_tables([WAITS.empty_table(), *parts]).sort_by(order)


def note_left_out(record: RunRecord, written: dict[str, pa.Table]) -> None:
    """Say in ``run.json`` which rows the tables could not hold."""
    counted = {
        "slices": record.slices,
        "failures": record.failed,
        "queue": record.queues,
        "capacity": record.capacity,
        "delivery": record.deliveries,
    }
    for name, rows in counted.items():
        missing = len(rows) - written[name].num_rows if name in written else 0
        reason = f"{missing} of {len(rows)} rows of {name}.parquet are left out: a value does not fit its column"
        if missing and reason not in record.meta.setdefault("invalid_because", []):
            record.meta["invalid_because"].append(reason)
            record.meta["valid"] = False


def _of_rows(rows: list[Row], schema: pa.Schema) -> pa.Table:
    """A table of rows, without those that the schema can't hold."""
    try:
        return pa.Table.from_pylist(rows, schema)
    except UNFIT:
        return pa.Table.from_pylist([row for row in rows if _fits(row, schema)], schema)


def _labelled(row: Row) -> Row:
    """A row of failures that its table can hold: its counts must not be lost for a text or a status."""
    status = row["status"]
    fits = isinstance(status, int) and 0 <= status < 2**31
    return {**row, "status": status if fits else 0, "message": _plain(row["message"])}


def _fits(row: Row, schema: pa.Schema) -> bool:
    try:
        pa.Table.from_pylist([row], schema)
    except UNFIT:
        return False
    return True


def _json(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _holdable(document: dict[str, Any]) -> dict[str, Any]:
    """A document that JSON can hold, with text for each value that it can't."""
    try:
        orjson.dumps(document)
    except TypeError:  # a number beyond 64 bits, or text that is no Unicode
        plain: dict[str, Any] = _plain(document)
        return plain
    return document


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: text for what it can't."""
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    return _plain(str(value))


def latency_table(record: RunRecord) -> pa.Table:
    """All histograms of a run, a row per bucket."""
    columns = [
        np.concatenate(parts) if parts else np.array([])
        for parts in (
            [np.full(len(buckets.counts), round_) for round_, _, buckets in record.latency],
            [np.full(len(buckets.counts), workload) for _, workload, buckets in record.latency],
            [buckets.lows_s() for _, _, buckets in record.latency],
            [buckets.highs_s() for _, _, buckets in record.latency],
            [buckets.counts for _, _, buckets in record.latency],
            [buckets.censored for _, _, buckets in record.latency],
        )
    ]
    arrays = [pa.array(column.tolist(), kind) for column, kind in zip(columns, LATENCY.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=LATENCY)


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=LEVEL, write_page_checksum=True)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _write(data: bytes, path: Path) -> None:
    path.write_bytes(data)
