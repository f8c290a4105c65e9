"""Writing a run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from wiretax.runs.folder import RUN_FILE, SERVER_FILE, write_whole
from wiretax.runs.record import RunRecord
from wiretax.runs.schema import FAILURES, LATENCY, QUEUE, SLICES, WAITS
from wiretax.runs.seal import seal_ledger, seal_run, seal_table

# A tenth smaller than at the default level, for a fraction of a second.
LEVEL = 15


def write_run(folder: Path, record: RunRecord) -> None:
    """Write all files of a run; ``run.json`` comes last, so a folder with it is complete."""
    seals: dict[str, Any] = {}
    for name, table in {**tables(record), **queue_tables(record)}.items():
        file = folder / f"{name}.parquet"
        data = _parquet(table)
        write_whole(file, partial(_write, data))
        seals[file.name] = seal_table(data, table)
    if record.server is not None:
        data = _json(record.server)
        write_whole(folder / SERVER_FILE, partial(_write, data))
        seals[SERVER_FILE] = seal_ledger(data, record.server)
    write_whole(folder / RUN_FILE, partial(_write, _json(seal_run(record.meta, seals))))


def tables(record: RunRecord) -> dict[str, pa.Table]:
    """The tables of a record, by file name."""
    return {
        "slices": pa.Table.from_pylist(record.slices, SLICES),
        "latency": latency_table(record),
        "failures": pa.Table.from_pylist(record.failure_rows(), FAILURES),
    }


def queue_tables(record: RunRecord) -> dict[str, pa.Table]:
    """The tables of its queues, by file name; none if the run has no queue."""
    if not record.queues:
        return {}
    parts = [
        pa.table(
            {
                "round": np.full(len(buckets.counts), round_),
                "workload": [workload] * len(buckets.counts),
                "kind": [kind] * len(buckets.counts),
                "bucket_low_s": buckets.lows_s(),
                "bucket_high_s": buckets.highs_s(),
                "count": buckets.counts,
                "censored": buckets.censored,
            }
        ).cast(WAITS)
        for round_, workload, kind, buckets in record.waits
    ]
    # This order keeps like buckets of all workloads together, which makes the file a third smaller.
    waits = pa.concat_tables(parts).sort_by([(name, "ascending") for name in ("kind", "bucket_low_s", "workload")])
    return {"queue": pa.Table.from_pylist(record.queues, QUEUE), "waits": waits}


def _json(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


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
