"""Values that no run can have, and totals that its rows must add up to: damage that no checksum knows of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wiretax.channels.workload import ATTRIBUTES
from wiretax.escaping import visible
from wiretax.runs.files.histograms import Histograms
from wiretax.runs.files.probes import LIMITS, PHASES, REASONS
from wiretax.runs.files.schema import CLOSING_COLUMNS, DELIVERY_KINDS
from wiretax.wire.queue_tally import KINDS

Rounds = npt.NDArray[np.integer[Any]]
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
OF_SUBSCRIBERS = (
    *("ws_tcp_sent_bytes", "ws_tcp_received_bytes", "ws_segments_out", "ws_segments_in"),
    *("ws_tls_sent_bytes", "ws_tls_received_bytes", "ws_sent_bytes", "ws_received_bytes", "ws_connections"),
    *("frame_header_bytes", "envelope_bytes", "payload_delivered_bytes", "encryption_delivered_bytes"),
    *("protocol_bytes", "control_bytes"),
)
OF_BINS = ("normal_depth", "depth", "p50_s", "p99_s")
NULLABLE = frozenset(
    {
        *(*KERNEL, *TLS, *OF_BINS, *OF_SUBSCRIBERS, "overloaded", "share"),
        *(each.column for each in ATTRIBUTES if each.default is None),
    }
)
# Of each row of a table that has all of these columns.
SUMS = {
    "sent": ("acknowledged", "rejected", "failed", "unknown"),
    "expected": ("delivered", "lost", "missed"),
}
# Differences of two counters, which may be read at slightly different moments.
SIGNED = frozenset(TLS)
WORDS: dict[str, tuple[str, ...]] = {
    **{each.column: each.words for each in ATTRIBUTES if each.words},
    "kind": KINDS,
    "phase": PHASES,
    "reason": REASONS,
    "limited_by": LIMITS,
}


def impossible(name: str, table: pa.Table | pa.RecordBatch, schema: pa.Schema) -> Iterator[str]:
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
            of_delivery = field.name == "kind" and name.startswith("delivery")
            known = DELIVERY_KINDS if of_delivery else WORDS[field.name]
            for value in pc.unique(column).to_pylist():
                if value not in known:
                    yield f"{name}: {field.name} is {value!r}, expected one of {', '.join(known)}"
    yield from _between_columns(name, table)


def _numbers(name: str, column: str, values: pa.Array | pa.ChunkedArray) -> Iterator[str]:
    values = values.drop_null() if values.null_count else values
    # A sum is finite only if all values are, and takes a fraction of a look at each.
    if pa.types.is_floating(values.type) and not isfinite(pc.sum(values, min_count=0).as_py()):
        for wrong in values.filter(pc.invert(pc.is_finite(values)))[:1].to_pylist():
            yield f"{name}: {column} is {wrong}, expected a number"
            return
    # numpy finds the least of floats in a thirtieth of pyarrow's time.
    if column not in SIGNED and len(values) and (least := values.to_numpy().min()) < 0:
        yield f"{name}: {column} is {least.item():,}, expected 0 or more"


def _between_columns(name: str, table: pa.Table | pa.RecordBatch) -> Iterator[str]:
    columns = set(table.column_names)
    if {"duration_s", "requests"} <= columns:
        measured = table.filter(pc.greater(table["requests"], 0))
        if len(measured) and pc.min(measured["duration_s"]).as_py() == 0:
            yield f"{name}: duration_s is 0 in a slice with requests, expected more"
    for whole, parts in SUMS.items():
        if {whole, *parts} <= columns:
            for row in table.select([whole, *parts]).to_pylist():
                if row[whole] != (found := sum(row[each] for each in parts)):
                    yield f"{name}: {whole} is {row[whole]:,} in a row with {' + '.join(parts)} = {found:,}"
                    break
    if {"bucket_low_s", "bucket_high_s"} <= columns:
        is_wrong = pc.greater_equal(table["bucket_low_s"], table["bucket_high_s"])
        if pc.any(is_wrong).as_py():
            wrong = table.filter(is_wrong)
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
    known = _rounds(slices)
    rounds: dict[str, Mapping[str, Rounds]] = {name: each.rounds() for name, each in histograms.items()}
    for name in ("queue", "series", "capacity", "delivery"):
        if name in tables:
            rounds[name] = _rounds(tables[name])
    for name in ("latency", "queue", "waits", "series", "capacity", "delivery", "delivery_times"):
        unknown = {
            workload: other
            for workload, own in rounds.get(name, {}).items()
            if len(other := np.setdiff1d(own, known.get(workload, ())))
        }
        if unknown:
            round_, workload = min((int(each[0]), workload) for workload, each in unknown.items())
            yield name, f"{name}.parquet has round {round_} of {visible(workload)}, which slices.parquet lacks"


def _rounds(table: pa.Table) -> dict[str, Rounds]:
    """By workload the rounds that have a row, in order."""
    workloads, rounds = table["workload"].combine_chunks().dictionary_encode(), table["round"].to_numpy()
    codes = workloads.indices.to_numpy()
    return {name: np.unique(rounds[codes == code]) for code, name in enumerate(workloads.dictionary.to_pylist())}


def _contradiction(name: str, column: str, found: int, expected: int) -> str:
    return f"{name}.parquet: {column} sums to {found:,}, expected {expected:,} by the totals in run.json"
