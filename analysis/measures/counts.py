"""Counts of slices, added up by workload and round. Table, gates, live page and report all read them here.

What the kernel did not count in one slice is unknown for the sum, too: ``None``, not a smaller number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from math import nan
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.measures.layers import CLOSED, ENCRYPTION, FRAMING, TLS, WORKLOAD
from analysis.measures.round_sums import FIGURES, STEADY, Floats, RoundSums, row_of, sums_by_workload
from wiretax.channels.workload import ATTRIBUTES, workload_of
from wiretax.runs.files.schema import CLOSING_COLUMNS
from wiretax.runs.mode import MODE, Mode

# Of runs saved before a run could have two servers.
SERVER = "endpoint"
# The values, in older runs, of attributes that had no columns yet.
LATER = {each.column: each.default for each in ATTRIBUTES if each.later and not each.of_queue}
# IPv4 and TCP headers of a segment with timestamps, in runs that did not count them.
SEGMENT_HEADER_BYTES = 20 + 20 + 12
Counts = Mapping[str, Any]
# One of ``slices.parquet``.
Row = Mapping[Any, Any]


class SliceCounts:
    """Counts by workload, in a round or over all rounds.

    Attributes:
        workloads: each workload's columns by its name, in the order of their first slices.
        mode: how the load was driven.
        starts: of a run with several starts, the start of each round; empty if there is one.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        """``rows``: of ``slices.parquet``."""
        self.workloads: dict[str, dict[str, Any]] = {}
        self.mode: Mode = "sweep"
        self.starts: dict[int, int] = {}
        self._sums: dict[str, RoundSums] = {}
        self._whole: dict[str, Counts] = {}
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
        """Add the rows of ``slices.parquet``, whose workloads must not be in it yet."""
        if slices.empty:
            return
        slices = with_all_columns(slices)
        if MODE in slices:
            self.mode = slices[MODE].iloc[0]
        if "start" in slices and slices["start"].nunique() > 1:
            self.starts = dict(zip(slices["round"].tolist(), slices["start"].tolist(), strict=True))
        found = [*sums_by_workload(slices)]
        firsts = [first for _, first, _ in found]
        values = [slices[name].array.take(firsts).to_numpy().tolist() for name in WORKLOAD]
        described = (dict(zip(WORKLOAD, row, strict=True)) for row in zip(*values, strict=True))
        for (name, _, sums), row in zip(found, described, strict=True):
            self._describe(name, row)
            self._sums[name] = sums

    def add(self, row: Row) -> None:
        """Add one row."""
        name = row["workload"]
        if name not in self.workloads:
            self._describe(name, row)
            self._sums[name] = RoundSums()
        self._sums[name].add(row["round"], row_of(row))
        self._whole.pop(name, None)
        self._table = None

    def _describe(self, name: str, row: Row) -> None:
        # Runs saved before queues have no rate.
        self.workloads[name] = {
            **{column: row[column] for column in WORKLOAD},
            "rate": row.get("rate") or 0.0,
            "stages": row.get("stages") or "",
        }
        self._triggers = None

    def with_longer_heads(self, longer: Mapping[str, Mapping[str, int]]) -> Self:
        """A copy in which requests have more bytes.

        Args:
            longer: by workload, the bytes that each request has more, by the column that counts them.
        """
        made = copy(self)
        made._whole, made._table, made._sums = {}, None, dict(self._sums)
        for name, more in longer.items():
            if more:
                made._sums[name] = self._sums[name].with_longer_heads(more)
        return made

    @property
    def triggers(self) -> dict[str, str]:
        """The trigger that each workload is compared with, by name; a workload without one is left out."""
        if self._triggers is None:
            self._triggers = baselines(self.workloads)
        return self._triggers

    def rounds(self, workload: str) -> list[int]:
        """The rounds in which a workload was sent, in order."""
        rounds: list[int] = self._sums[workload].ordered_rounds().tolist()
        return rounds

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
        return round_ is None or round_ in self._sums[workload].places

    def counts(self, workload: str, round_: int | None = None) -> Counts:
        """A workload's columns of ``slices.parquet``, summed over workers, in a round or over all rounds.

        Further the bytes of each of ``LAYERS`` by its ``sum``, ``sent`` and ``received`` (HTTP's bytes), ``head``,
        and with the exchanges that ended after their slice ``carried_events``, ``carried_requests``,
        ``carried_bytes``. ``segments`` and ``tcp_ip_bytes`` are both directions'. None is what could not be
        counted.
        """
        if round_ is not None:
            return self._sums[workload].counts(round_)
        if workload not in self._whole:
            self._whole[workload] = self._sums[workload].counts(None)
        return self._whole[workload]

    def rate(self, workload: str, count: str, round_: int | None = None) -> float | None:
        """How many ``count`` ("requests", "events" or "messages") per second, in a round or over all rounds; None
        if no time was measured."""
        if not self.was_sent(workload, round_):
            return None
        return self._sums[workload].rate(count, round_)

    def rates(self, workload: str, count: str = "messages") -> dict[int, float]:
        """The same by round; a round without time is left out."""
        rounds, values = self.rate_series(workload, count)
        return dict(zip(rounds.tolist(), values.tolist(), strict=True))

    def rate_series(self, workload: str, count: str = "messages") -> tuple[npt.NDArray[np.int64], Floats]:
        """The same as arrays: the rounds in order, and the rate in each."""
        sums = self._sums[workload]
        values = sums.rates(count)
        known = ~np.isnan(values)
        return sums.ordered_rounds()[known], values[known]

    def ratios(self, workload: str, of: str, to: str) -> dict[int, float]:
        """One figure of ``counts`` divided by another, by round, without rounds in which that is 0 or either is
        unknown."""
        rounds, values = self.ratio_series(workload, of, to)
        return dict(zip(rounds.tolist(), values.tolist(), strict=True))

    def ratio_series(self, workload: str, of: str, to: str) -> tuple[npt.NDArray[np.int64], Floats]:
        """The same as arrays: the rounds in order, and the ratio in each."""
        sums = self._sums[workload]
        parts, wholes = sums.series(of), sums.series(to)
        known = (wholes != 0) & ~np.isnan(parts) & ~np.isnan(wholes)
        return sums.ordered_rounds()[known], parts[known] / wholes[known]

    def series(self, workload: str, name: str) -> tuple[npt.NDArray[np.int64], Floats]:
        """A figure of ``counts`` by round: the rounds in order, and its values; NaN is unknown."""
        sums = self._sums[workload]
        return sums.ordered_rounds(), sums.series(name)


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
    for name in FIGURES:
        values = [each[name] for each in sums]
        # None is NaN in a frame, also in a column of nothing else.
        columns[name] = np.array(values, dtype=None if values and None not in values else float)
    return pd.DataFrame(columns)


def acknowledged(slices: pd.DataFrame) -> pd.DataFrame:
    """The slices of workloads that had any event acknowledged; all rounds of those, silent ones too."""
    return slices[slices["workload"].isin(slices["workload"][slices["events"] > 0])]


def with_all_columns(slices: pd.DataFrame) -> pd.DataFrame:
    """Slices with the columns that runs did not always have.

    Runs saved before TLS, HTTP/2, connection limits, encryption and a second server could be measured had none of
    them. Those saved before connections were counted to their end have segments of one size, without the last
    ones. Those saved before users' paces were measured have the requests that their slices completed.
    """
    before: dict[str, Any] = {**dict.fromkeys([*TLS, *FRAMING, ENCRYPTION], 0), **LATER}
    missing = {name: value for name, value in before.items() if name not in slices}
    if STEADY not in slices:
        missing[STEADY] = slices["requests"].astype(float)
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


def by_index(frame: pd.DataFrame) -> dict[Any, dict[str, Any]]:
    """The same as ``to_dict("index")``, in a quarter of the time."""
    return dict(zip(frame.index, rows_of(frame, [*frame.columns]), strict=True))
