"""Values that no run can have, and totals that its rows must add up to: damage that no checksum knows of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wiretax.channels.workload import ATTRIBUTES
from wiretax.runs.histograms import Histograms
from wiretax.runs.schema import CLOSING_COLUMNS
from wiretax.wire.queue_tally import KINDS

# The names of counts in ``parts`` of run.json that differ from their columns.
COLUMNS = {
    "payload_bytes": "payload_total_bytes",
    "unfinished": "unfinished_requests",
    "unknown": "unknown_requests",
}
TLS = ("tls_sent_bytes", "tls_received_bytes", "tls_handshake_sent_bytes", "tls_handshake_received_bytes")
KERNEL = (
    *("tcp_sent_bytes", "tcp_received_bytes", "tcp_retransmitted_bytes", "segments_out", "segments_in"),
    *(name for name, _ in CLOSING_COLUMNS),
)
# Null where nothing could be measured, or where an attribute may be None.
NULLABLE = frozenset({*KERNEL, *TLS, "overloaded", *(each.column for each in ATTRIBUTES if each.default is None)})
# Differences of two counters, which may be read at slightly different moments.
SIGNED = frozenset(TLS)
WORDS = {**{each.column: each.words for each in ATTRIBUTES if each.words}, "kind": KINDS}


def impossible(name: str, table: pa.Table, schema: pa.Schema) -> Iterator[str]:
    """A sentence for each column with a value that can't be: null, negative, not finite, or an unknown word."""
    for field in schema:
        if field.name not in table.column_names:
            continue
        column = table[field.name]
        if column.null_count and field.name not in NULLABLE:
            yield f"{name}: {field.name} is null in {column.null_count:,} rows, expected a value in each"
        elif pa.types.is_list(field.type):
            yield from _numbers(name, field.name, pc.list_flatten(column))
        elif pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
            yield from _numbers(name, field.name, column)
        elif field.name in WORDS and (field.name != "kind" or "bucket_low_s" in schema.names):
            known = WORDS[field.name]
            for value in pc.unique(column).to_pylist():
                if value not in known:
                    yield f"{name}: {field.name} is {value!r}, expected one of {', '.join(known)}"
    yield from _between_columns(name, table)


def _numbers(name: str, column: str, values: pa.ChunkedArray) -> Iterator[str]:
    values = values.drop_null()
    if pa.types.is_floating(values.type) and not pc.all(pc.is_finite(values), min_count=0).as_py():
        (wrong,) = values.filter(pc.invert(pc.is_finite(values)))[:1].to_pylist()
        yield f"{name}: {column} is {wrong}, expected a number"
    elif column not in SIGNED and len(values) and pc.min(values).as_py() < 0:
        yield f"{name}: {column} is {pc.min(values).as_py():,}, expected 0 or more"


def _between_columns(name: str, table: pa.Table) -> Iterator[str]:
    columns = set(table.column_names)
    if {"duration_s", "requests"} <= columns:
        measured = table.filter(pc.greater(table["requests"], 0))
        if len(measured) and pc.min(measured["duration_s"]).as_py() == 0:
            yield f"{name}: duration_s is 0 in a slice with requests, expected more"
    if {"bucket_low_s", "bucket_high_s"} <= columns:
        wrong = table.filter(pc.greater_equal(table["bucket_low_s"], table["bucket_high_s"]))
        if len(wrong):
            low, high = wrong["bucket_low_s"][0].as_py(), wrong["bucket_high_s"][0].as_py()
            yield f"{name}: bucket_high_s is {high}, expected more than bucket_low_s, which is {low}"
    if {"depth_at_s", "depths"} <= columns:
        lengths = [pc.list_value_length(table[each]).to_pylist() for each in ("depth_at_s", "depths")]
        if lengths[0] != lengths[1]:
            yield f"{name}: depths and depth_at_s have different lengths in a row, expected equal ones"


def contradictions(
    meta: Mapping[str, Any], tables: Mapping[str, pa.Table], latency: Histograms | None
) -> Iterator[tuple[str, str]]:
    """The name of a table and a sentence for each of its sums that contradicts the totals of ``run.json``.

    Older runs have totals too; what a run does not record is not compared.
    """
    slices, failures = tables.get("slices"), tables.get("failures")
    if slices is not None:
        rounds, expected = len(pc.unique(slices["round"])), meta.get("rounds_measured")
        if expected is not None and rounds != expected:
            yield "slices", f"slices.parquet has {rounds:,} rounds, expected {expected:,} by run.json"
    parts = meta.get("parts")
    if not parts:
        return
    total, rest = parts["total"], [parts["aside"], parts["boundary"]]
    if slices is not None:
        for count in total:
            column = COLUMNS.get(count, count)
            if column not in slices.column_names:
                continue
            found = pc.sum(slices[column]).as_py() or 0
            expected = total[count] - sum(part.get(count, 0) for part in rest)
            if found != expected:
                yield "slices", _contradiction("slices", column, found, expected)
                break
    if latency is not None and meta.get("mode") != "observe" and "observed" not in meta:
        aside = parts["aside"]
        expected = sum(
            sign * (total.get(name, 0) - aside.get(name, 0))
            for name, sign in (("requests", 1), ("failures", -1), ("unfinished", 1))
        )
        found = latency.totals["count"]
        if found != expected:
            yield "latency", _contradiction("latency", "count", found, expected)
    if failures is not None and "failures" in total:
        found = pc.sum(failures["count"]).as_py() or 0
        if found != total["failures"]:
            yield "failures", _contradiction("failures", "count", found, total["failures"])


def strangers(tables: Mapping[str, pa.Table], histograms: Mapping[str, Histograms]) -> Iterator[tuple[str, str]]:
    """The name of a table and a sentence if it has rounds or workloads that ``slices.parquet`` lacks."""
    slices = tables.get("slices")
    if slices is None:
        return
    known = set(_pairs(slices))
    pairs = {name: each.pairs for name, each in histograms.items()}
    if "queue" in tables:
        pairs["queue"] = set(_pairs(tables["queue"]))
    for name in ("latency", "queue", "waits"):
        for round_, workload in sorted(pairs.get(name, set()) - known)[:1]:
            yield name, f"{name}.parquet has round {round_} of {workload}, which slices.parquet lacks"


def _pairs(table: pa.Table) -> Iterable[tuple[int, str]]:
    unique = table.select(["round", "workload"]).group_by(["round", "workload"], use_threads=False).aggregate([])
    return zip(unique["round"].to_pylist(), unique["workload"].to_pylist(), strict=True)


def _contradiction(name: str, column: str, found: int, expected: int) -> str:
    return f"{name}.parquet: {column} sums to {found:,}, expected {expected:,} by the totals in run.json"
