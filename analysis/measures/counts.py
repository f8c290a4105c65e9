"""Counts of slices, added up by workload and round. Table, gates, live page and report all read them here.

What the kernel did not count in one slice is unknown for the sum, too: ``None``, not a smaller number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from math import nan
from typing import Any, Self

import numpy as np
import pandas as pd

from analysis.measures.layers import (
    BOUNDARY,
    BY_KEY,
    CLOSED,
    COUNTS,
    FRAMING,
    HEAD,
    KERNEL,
    LAYERS,
    RECEIVED,
    SEGMENTS,
    SENT,
    TCP_IP,
    TLS,
    WORKLOAD,
)
from wiretax.channels.workload import ATTRIBUTES, workload_of
from wiretax.runs.schema import CLOSING_COLUMNS

# Of runs saved before a run could have two servers.
SERVER = "endpoint"
# The values, in older runs, of attributes that had no columns yet.
LATER = {each.column: each.default for each in ATTRIBUTES if each.later and not each.of_queue}
SUMMED = [
    *dict.fromkeys([*COUNTS, *SENT, *RECEIVED, *HEAD, *BOUNDARY, *TLS, *KERNEL, *CLOSED, "payload_total_bytes"]),
    "unfinished_requests",
]
# Selecting columns by an index takes half the time.
_SUMMED = pd.Index(SUMMED)
# IPv4 and TCP headers of a segment with timestamps, in runs that did not count them.
SEGMENT_HEADER_BYTES = 20 + 20 + 12
_LAYER_SUMS: list[tuple[str, Sequence[str], Sequence[str]]] = [
    (layer.sum, layer.columns, layer.less) for layer in LAYERS
]
_SUMS: list[tuple[str, Sequence[str]]] = [
    ("sent", SENT),
    ("received", RECEIVED),
    ("head", HEAD),
    ("segments", SEGMENTS),
    ("tcp_ip_bytes", TCP_IP),
]
Counts = Mapping[str, Any]
# One of ``slices.parquet``.
Row = Mapping[Any, Any]


class SliceCounts:
    """Counts by workload, in a round or over all rounds.

    Attributes:
        workloads: each workload's columns by its name, in the order of their first slices.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        """``rows``: of ``slices.parquet``."""
        self.workloads: dict[str, dict[str, Any]] = {}
        self._rounds: dict[str, dict[int, dict[str, Any]]] = {}
        self._totals: dict[str, dict[str, Any]] = {}
        self._derived: dict[tuple[str, int | None], Counts] = {}
        self._triggers: dict[str, str] | None = None
        self._table: pd.DataFrame | None = None
        for row in rows:
            self.add(row)

    @classmethod
    def of(cls, slices: pd.DataFrame) -> SliceCounts:
        """The counts of ``slices.parquet``."""
        made = cls()
        made.add_frame(slices)
        return made

    def add_frame(self, slices: pd.DataFrame) -> None:
        """Add the rows of ``slices.parquet``."""
        slices = with_all_columns(slices)
        rows = rows_of(slices, [*WORKLOAD, "round", "duration_s"])
        for row, counted in zip(rows, _whole_numbers(slices[_SUMMED]), strict=True):
            self._add(row, dict(zip(SUMMED, counted, strict=True)))

    def add(self, row: Row) -> None:
        """Add one row."""
        # A row outside a frame lacks what the kernel did not count.
        self._add(row, {column: _known(row.get(column)) for column in SUMMED})

    def _add(self, row: Row, counted: dict[str, int | None]) -> None:
        name, round_ = row["workload"], row["round"]
        if name not in self.workloads:
            # Runs saved before queues have no rate.
            self.workloads[name] = {
                **{column: row[column] for column in WORKLOAD},
                "rate": row.get("rate") or 0.0,
            }
            self._rounds[name], self._totals[name] = {}, dict.fromkeys(SUMMED, 0)
            self._triggers = None
        by_round = self._rounds[name]
        _add(self._totals[name], counted)
        if round_ in by_round:
            _add(by_round[round_], counted)
        else:
            by_round[round_] = {"duration_s": 0.0, **counted}
        into = by_round[round_]
        for key in ((name, None), (name, round_)):
            self._derived.pop(key, None)
        self._table = None
        # Workers send the same slice at the same time.
        into["duration_s"] = max(into["duration_s"], row["duration_s"])

    def with_rows(self, rows: Iterable[Row]) -> SliceCounts:
        """A copy with further rows, whose rounds must not be in it yet."""
        made = SliceCounts()
        made.workloads = dict(self.workloads)
        made._totals = {name: dict(total) for name, total in self._totals.items()}
        made._rounds = {name: dict(by_round) for name, by_round in self._rounds.items()}
        for row in rows:
            made.add(row)
        return made

    def with_longer_heads(self, longer: Mapping[str, Mapping[str, int]]) -> Self:
        """A copy in which requests have more bytes.

        Args:
            longer: by workload, the bytes that each request has more, by the column that counts them.
        """
        made = copy(self)
        made._derived, made._table = {}, None
        made._totals, made._rounds = dict(self._totals), dict(self._rounds)
        for name, more in longer.items():
            if not more:
                continue
            made._totals[name] = _longer(self._totals[name], more)
            made._rounds[name] = {each: _longer(counts, more) for each, counts in self._rounds[name].items()}
        return made

    @property
    def triggers(self) -> dict[str, str]:
        """The trigger that each workload is compared with, by name; a workload without one is left out."""
        if self._triggers is None:
            self._triggers = baselines(self.workloads)
        return self._triggers

    def rounds(self, workload: str) -> list[int]:
        """The rounds in which a workload was sent, in order."""
        return sorted(self._rounds[workload])

    def rows(self) -> dict[str, dict[Any, Any]]:
        """A row per workload, by its name: its columns and its ``counts`` over all rounds, with NaN for None."""
        return {
            name: {
                **{column: nan if value is None else value for column, value in self.counts(name).items()},
                **{column: described[column] for column in WORKLOAD},
            }
            for name, described in self.workloads.items()
        }

    def table(self) -> pd.DataFrame:
        """The frame that ``totals`` returns."""
        if self._table is None:
            self._table = _table(self)
        # Copies are only made of what is changed.
        return self._table.copy(deep=False)

    def was_sent(self, workload: str, round_: int | None) -> bool:
        """Whether a workload was sent in a round, or in any."""
        return round_ is None or round_ in self._rounds[workload]

    def counts(self, workload: str, round_: int | None = None) -> Counts:
        """A workload's columns of ``slices.parquet``, summed over workers, in a round or over all rounds.

        Further the bytes of each of ``LAYERS`` by its ``sum``, ``sent`` and ``received`` (HTTP's bytes), ``head``,
        and with the exchanges that ended after their slice ``carried_events``, ``carried_requests``,
        ``carried_bytes``. ``segments`` and ``tcp_ip_bytes`` are both directions'. None is what could not be
        counted.
        """
        key = (workload, round_)
        if key not in self._derived:
            self._derived[key] = _derived(self._summed(workload, round_))
        return self._derived[key]

    def rate(self, workload: str, count: str, round_: int | None = None) -> float | None:
        """How many ``count`` ("requests", "events" or "messages") per second, in a round or over all rounds; None
        if no time was measured."""
        if not self.was_sent(workload, round_):
            return None
        counts = self._summed(workload, round_)
        return counts[count] / counts["duration_s"] if counts["duration_s"] else None

    def rates(self, workload: str, count: str = "messages") -> dict[int, float]:
        """The same by round; a round without time is left out."""
        return self.ratios(workload, count, "duration_s")

    def ratios(self, workload: str, of: str, to: str) -> dict[int, float]:
        """One column of ``slices.parquet`` divided by another, by round, without rounds in which that is 0."""
        by_round = sorted(self._rounds[workload].items())
        return {round_: counts[of] / counts[to] for round_, counts in by_round if counts[to]}

    def _summed(self, workload: str, round_: int | None) -> dict[str, Any]:
        by_round = self._rounds[workload]
        if round_ is not None:
            return by_round[round_]
        return {**self._totals[workload], "duration_s": sum(each["duration_s"] for each in by_round.values())}


def counts_of(slices: pd.DataFrame | SliceCounts) -> SliceCounts:
    """The counts of ``slices.parquet``, which are added up once if several measures are handed the result."""
    return slices if isinstance(slices, SliceCounts) else SliceCounts.of(slices)


def totals(slices: pd.DataFrame | SliceCounts) -> pd.DataFrame:
    """Counts and bytes summed over rounds and workers.

    Args:
        slices: ``slices.parquet``, or its counts.

    Returns:
        A row per workload in the order of their first slices: the workload's columns, what ``SliceCounts.counts``
        has (NaN if the kernel kept no count, or if the run did not record who closed connections), and
        ``duration_s`` (s; workers' time counts once).
    """
    return counts_of(slices).table()


def _table(counted: SliceCounts) -> pd.DataFrame:
    workloads = [*counted.workloads.values()]
    sums = [counted.counts(name) for name in counted.workloads]
    # Without rows, a column of texts would become one of numbers.
    columns: dict[str, Any] = {
        name: [each[name] for each in workloads] or np.array([], object) for name in WORKLOAD
    }
    for name in dict.fromkeys([*_derived(dict.fromkeys(SUMMED, 0)), "duration_s"]):
        values = [each[name] for each in sums]
        # None is NaN in a frame, also in a column of nothing else.
        columns[name] = np.array(values, dtype=None if values and None not in values else float)
    return pd.DataFrame(columns)


def acknowledged(slices: pd.DataFrame) -> pd.DataFrame:
    """The slices of workloads that had any event acknowledged; all rounds of those, silent ones too."""
    return slices[slices["workload"].isin(slices["workload"][slices["events"] > 0])]


def with_all_columns(slices: pd.DataFrame) -> pd.DataFrame:
    """Slices with the columns that runs did not always have.

    Runs saved before TLS, HTTP/2, connection limits and a second server could be measured had none of them. Those
    saved before connections were counted to their end have segments of one size, without the last ones.
    """
    before: dict[str, Any] = {**dict.fromkeys([*TLS, *FRAMING], 0), **LATER}
    missing = {name: value for name, value in before.items() if name not in slices}
    if "tcp_ip_sent_bytes" not in slices:
        missing |= dict.fromkeys((name for name, _ in CLOSING_COLUMNS if name.startswith("close")), 0)
        for direction, segments in (("sent", "segments_out"), ("received", "segments_in")):
            missing[f"tcp_ip_{direction}_bytes"] = slices[segments] * SEGMENT_HEADER_BYTES
        missing |= dict.fromkeys(CLOSED, np.nan)
    return slices.assign(**missing) if missing else slices


def baselines(workloads: Mapping[Any, Mapping[Any, Any]]) -> dict[str, str]:
    """The trigger each workload is compared with, by name; a workload without one is left out.

    Args:
        workloads: columns of each workload, by its name.
    """
    # The rate of a queue is that of its arrivals: it has no gain.
    keys = {name: key_of(columns) for name, columns in workloads.items() if not columns.get("rate")}
    triggers = {key: name for name, key in keys.items() if workloads[name]["api"] == "trigger"}
    return {name: triggers[key] for name, key in keys.items() if key in triggers}


def key_of(columns: Row) -> tuple[Any, ...]:
    """Equal for a workload and the trigger it is compared with."""
    return workload_of(columns).comparison_key


def rows_of(frame: pd.DataFrame, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The same as ``to_dict("records")``, in a tenth of the time."""
    values = [frame[name].tolist() for name in columns]
    return (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))


def _whole_numbers(frame: pd.DataFrame) -> list[list[int | None]]:
    """The rows of a frame of counts; None for what is unknown. Floats are exact up to 9 PB."""
    values = frame.to_numpy(dtype=float)
    unknown = np.isnan(values)
    whole = np.where(unknown, 0, values).astype(np.int64).astype(object)
    whole[unknown] = None
    rows: list[list[int | None]] = whole.tolist()
    return rows


def _longer(counts: dict[str, Any], more: Mapping[str, int]) -> dict[str, Any]:
    longer = {column: counts[column] + each * counts["requests"] for column, each in more.items()}
    boundary = counts["boundary_sent_bytes"] + sum(more.values()) * counts["boundary_requests"]
    return {**counts, **longer, "boundary_sent_bytes": boundary}


def _known(value: Any) -> int | None:
    return None if value is None or value != value else int(value)


def _add(into: dict[str, Any], more: dict[str, int | None]) -> None:
    for column, value in more.items():
        known = into[column]
        into[column] = None if value is None or known is None else known + value


def _derived(counts: dict[str, Any]) -> Counts:
    made = dict(counts)
    for name, columns, less in _LAYER_SUMS:
        total = _sum_of(counts, columns)
        made[name] = None if total is None else total - sum([counts[column] for column in less])
    # TLS alerts of the server that were not read before the close; unknown if the kernel did not count them.
    made[BY_KEY["response_tls"].sum] += counts["close_received_bytes"] or 0
    for name, columns in _SUMS:
        made[name] = _sum_of(counts, columns)
    made["carried_events"] = counts["events"] + counts["boundary_events"]
    made["carried_requests"] = counts["requests"] + counts["boundary_requests"]
    made["carried_bytes"] = (
        made["sent"] + made["received"] + counts["boundary_sent_bytes"] + counts["boundary_received_bytes"]
    )
    return made


def _sum_of(counts: dict[str, Any], columns: Sequence[str]) -> int | None:
    parts = [counts[column] for column in columns]
    return None if None in parts else sum(parts)
