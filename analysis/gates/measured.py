"""What a run measured, as a gate needs it: counts as whole numbers, by workload and by round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.measures.latency import BUCKET, Histogram, Quantile, samples_needed, with_censored
from analysis.measures.layers import (
    BOUNDARY,
    CLOSED,
    COUNTS,
    HEAD,
    KERNEL,
    RECEIVED,
    SEGMENTS,
    SENT,
    TCP_IP,
    TLS,
    WORKLOAD,
    with_tls,
)
from analysis.measures.mode import why_no_gain
from analysis.measures.summary import API_ORDER
from wiretax.channels.workload import COMPARISON_KEY

# Of runs saved before two endpoints could be compared in one.
SERVER = "endpoint"
DESCRIBED = list(dict.fromkeys([*WORKLOAD, "server"]))
SUMMED = [
    *dict.fromkeys([*COUNTS, *SENT, *RECEIVED, *HEAD, *BOUNDARY, *TLS, *KERNEL, *CLOSED, "payload_total_bytes"]),
    "unfinished_requests",
]
Counts = Mapping[str, Any]
# One of ``slices.parquet``.
Row = Mapping[Any, Any]


class Measured:
    """A run's counts.

    Attributes:
        workloads: each workload's columns, by its name; the reference client first, then by payload and call.
        triggers: the trigger each workload is held against, by name; absent where the run has none.
        skipped: rows of the ``skipped`` of ``run.json`` by workload: what the run left out, or did not measure to
            its end, since the server rejected it.
        why_no_speed: why its rates are no measure, in a sentence; empty where workloads were sent in turn.
    """

    why_no_speed: str = ""

    def __init__(
        self,
        slices: pd.DataFrame,
        latency: pd.DataFrame,
        skipped: Iterable[Mapping[str, Any]] = (),
        moved: Callable[[Row], Row] | None = None,
    ) -> None:
        """Sum up ``slices.parquet``; ``latency.parquet`` is looked at where it is asked for.

        Args:
            slices: ``slices.parquet``.
            latency: ``latency.parquet``.
            skipped: the ``skipped`` of ``run.json``.
            moved: makes of each row what it would be at another endpoint; None for rows as they are.
        """
        self.skipped = {str(row["workload"]): dict(row) for row in skipped}
        slices = with_tls(slices)
        self.why_no_speed = why_no_gain(slices)
        if "server" not in slices:
            slices = slices.assign(server=SERVER)
        rows = rows_of(slices, [*DESCRIBED, "round", "duration_s", *SUMMED])
        self._sum_up(rows if moved is None else map(moved, rows), latency)

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[Any, Any]]) -> Measured:
        """The same of rows of ``slices.parquet``, without latencies.

        While a run goes on, making frames would take its time.
        """
        made = cls.__new__(cls)
        made.skipped = {}
        made._sum_up(rows, None)
        return made

    def _sum_up(self, rows: Iterable[Mapping[Any, Any]], latency: pd.DataFrame | None) -> None:
        self._latency = latency
        self._histograms: dict[tuple[str, int], Histogram] | None = None
        self._rounds: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
        self.workloads: dict[str, dict[str, Any]] = {}
        for row in rows:
            name = row["workload"]
            # Runs from before queues have none.
            rate = row.get("rate") or 0.0
            self.workloads.setdefault(name, {**{column: row[column] for column in DESCRIBED}, "rate": rate})
            into = self._rounds[name].setdefault(row["round"], {"duration_s": 0.0, **dict.fromkeys(SUMMED, 0)})
            # What the kernel did not count is not there at all in a row that is in no frame.
            _add(into, {column: row.get(column) for column in SUMMED})
            # Workers hold a slice at the same time.
            into["duration_s"] = max(into["duration_s"], row["duration_s"])
        for by_round in self._rounds.values():
            for each in by_round.values():
                _derive(each)
        self.workloads = dict(sorted(self.workloads.items(), key=lambda item: _place(item[1])))
        self.triggers = _triggers(self.workloads)
        self._totals = {name: _together(by_round) for name, by_round in self._rounds.items()}

    def why_skipped(self, workload: str) -> str:
        """Why a workload was left out, in the server's own words."""
        row = self.skipped[workload]
        message = row["message"].rstrip(".")
        said = f"{row['status']}: {message}" if row["status"] else message
        server = "the endpoint" if row["server"] == SERVER else "the server of --against"
        return f"{workload} was skipped: {server} answered {said}"

    def skipped_trigger(self, workload: str) -> str | None:
        """The trigger that a workload would be held against, had the run not skipped it; None where it did not."""
        own = _family(self.workloads[workload])
        triggers = (name for name, row in self.skipped.items() if row["api"] == "trigger" and _family(row) == own)
        return next(triggers, None)

    def rounds(self, workload: str) -> list[int]:
        """The rounds in which a workload held a slice, in order."""
        return sorted(self._rounds[workload])

    def counts(self, workload: str, round_: int | None = None) -> Counts:
        """A workload's columns of ``slices.parquet``, summed over workers, in a round or over all of them.

        Further ``sent`` and ``received`` (HTTP's bytes), ``head``, ``envelope``, and of what the kernel saw, those
        exchanges included that ended after their slice: ``carried_events``, ``carried_requests``,
        ``carried_bytes``, ``segments``, ``tcp_ip`` (bytes). None is what could not be counted.
        """
        return self._totals[workload] if round_ is None else self._rounds[workload][round_]

    def groups(self, workloads: Sequence[str], quantile: float) -> list[tuple[int, ...]]:
        """The rounds that all these workloads have, in order, in groups that each hold calls enough for a
        percentile: one round each where rounds are long, else several that follow each other. None where all
        rounds together hold too few."""
        needed, groups, group, held = samples_needed(quantile), [], [], dict.fromkeys(workloads, 0)
        for round_ in sorted(set.intersection(*(set(self._rounds[name]) for name in workloads))):
            group.append(round_)
            for name in workloads:
                held[name] += self.calls(name, [round_])
            if min(held.values()) >= needed:
                groups.append(tuple(group))
                group, held = [], dict.fromkeys(workloads, 0)
        if groups:
            # What is too little for a group of itself is in the last one.
            groups[-1] = (*groups[-1], *group)
        return groups

    def calls(self, workload: str, rounds: Iterable[int] | None = None) -> int:
        """How many calls have a latency, in these rounds or in all; those without an acknowledgement count too."""
        return sum(each.samples for each in self._of_rounds(workload, rounds))

    def latency(self, workload: str, rounds: Iterable[int], quantile: float) -> Quantile:
        """A percentile of rounds taken together."""
        parts = [(each.lows, each.highs, each.counts, each.censored) for each in self._of_rounds(workload, rounds)]
        together = Histogram(*(np.concatenate(each) for each in zip(*parts, strict=True)))
        return together.quantiles((quantile,))[0]

    def _of_rounds(self, workload: str, rounds: Iterable[int] | None) -> list[Histogram]:
        if self._histograms is None:
            self._histograms = {} if self._latency is None else _histograms(self._latency)
        wanted = self._rounds[workload] if rounds is None else rounds
        keys = [(workload, each) for each in wanted if (workload, each) in self._histograms]
        return [self._histograms[key] for key in keys]


def rows_of(frame: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    """What ``to_dict("records")`` yields, in a tenth of its time."""
    values = [frame[name].tolist() for name in columns]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _histograms(latency: pd.DataFrame) -> dict[tuple[str, int], Histogram]:
    latency = with_censored(latency)
    columns = [latency[name].to_numpy() for name in (*BUCKET, "count", "censored")]
    groups: Any = latency.groupby(["workload", "round"], sort=False).indices
    return {key: Histogram(*(column[rows] for column in columns)) for key, rows in groups.items()}


def _triggers(workloads: Mapping[str, Counts]) -> dict[str, str]:
    families = {name: _family(columns) for name, columns in workloads.items()}
    # A queue's rate is its arrivals': there is no gain in it.
    families = {name: family for name, family in families.items() if not workloads[name]["rate"]}
    alone = {family: name for name, family in families.items() if workloads[name]["api"] == "trigger"}
    return {name: alone[family] for name, family in families.items() if family in alone}


def _family(columns: Counts) -> tuple[Any, ...]:
    return tuple(columns[each] for each in (*COMPARISON_KEY, "server"))


def _place(columns: Counts) -> tuple[Any, ...]:
    call = (API_ORDER[columns["api"]], columns["batch_size"], columns["channels"])
    way = (columns["http"], columns["tls"], columns["connection"], columns["calls_per_connection"])
    payload = (columns["payload_kind"], columns["payload_bytes"])
    return (
        columns["client"] != "reference",
        columns["client"],
        *payload,
        *way,
        columns["rate"],
        *call,
        columns["server"] != SERVER,
    )


def _add(into: dict[str, Any], more: Counts) -> None:
    for column, value in more.items():
        # What a kernel did not count in one slice is unknown of them all, not small.
        unknown = value is None or value != value or into[column] is None
        into[column] = None if unknown else into[column] + int(value)


def _derive(counts: dict[str, Any]) -> None:
    counts["sent"] = sum(counts[column] for column in SENT)
    counts["received"] = sum(counts[column] for column in RECEIVED)
    counts["head"] = sum(counts[column] for column in HEAD)
    counts["envelope"] = counts["body_bytes"] - counts["payload_total_bytes"]
    counts["carried_events"] = counts["events"] + counts["boundary_events"]
    counts["carried_requests"] = counts["requests"] + counts["boundary_requests"]
    counts["carried_bytes"] = (
        counts["sent"] + counts["received"] + counts["boundary_sent_bytes"] + counts["boundary_received_bytes"]
    )
    for name, columns in (("segments", SEGMENTS), ("tcp_ip", TCP_IP)):
        parts = [counts[column] for column in columns]
        counts[name] = None if None in parts else sum(parts)


def _together(by_round: Mapping[int, Counts]) -> Counts:
    rounds = list(by_round.values())
    total: dict[str, Any] = dict.fromkeys(rounds[0], 0)
    for each in rounds:
        for column, value in each.items():
            total[column] = None if value is None or total[column] is None else total[column] + value
    return total
