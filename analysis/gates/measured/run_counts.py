"""A run's measurements as gates need them: counts as whole numbers, and latencies, by workload and round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import pandas as pd

from analysis.gates.measured.queue_counts import ARRIVALS, QueueCounts
from analysis.measures.counts import LATER, SERVER, Counts, SliceCounts, by_index, key_of
from analysis.measures.latency import histograms_of, samples_needed
from analysis.measures.round_latencies import GroupQuantiles, RoundLatencies
from analysis.measures.summary import API_ORDER
from analysis.measures.throughput import why_no_gain
from analysis.text.setup_text import chosen_by
from wiretax.runs.files.histograms import Histograms
from wiretax.runs.skipped import Skipped


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Workloads of a run's plan that options left out.

    Attributes:
        rows: their columns, by the names that ``run.json`` has.
        why: which options left them out, as part of a sentence.
    """

    rows: tuple[Mapping[str, Any], ...] = ()
    why: str = ""

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> LeftOut:
        """Those of a plan in ``run.json``."""
        rows = tuple(plan.get("left_out") or ())
        return cls(rows, f"left out {chosen_by(plan)}" if rows else "")

    def only(self, chosen: Callable[[Mapping[str, Any]], bool]) -> LeftOut:
        """Those for which ``chosen`` is true."""
        return replace(self, rows=tuple(row for row in self.rows if chosen(row)))


NOTHING_LEFT_OUT = LeftOut()


class Measured(SliceCounts):
    """A run's counts: of all workloads whose events arrive in a queue, or of all others.

    Attributes:
        workloads: each workload's columns by its name; the reference client first, then by payload and call.
        skipped: rows of ``skipped`` in ``run.json`` by workload: workloads that the run left out or did not finish
            because the server rejected them.
        left_out: the columns of each workload of the plan that options left out, by its name.
        why_left_out: which options did, as part of a sentence; empty without such workloads.
        why_no_speed: why its rates can't be compared, in a sentence; empty if workloads were sent in turn.
        queue: what became of the events of queues; empty without any.
    """

    def __init__(
        self,
        slices: pd.DataFrame,
        latency: pd.DataFrame | Histograms,
        skipped: Iterable[Mapping[str, Any]] = (),
        queue: pd.DataFrame | QueueCounts | None = None,
        rtt_s: float | None = None,
        left_out: LeftOut = NOTHING_LEFT_OUT,
    ) -> None:
        """Sum up ``slices.parquet``; ``latency.parquet`` is read when a percentile is needed.

        Args:
            slices: ``slices.parquet``, or its rows of queues.
            latency: ``latency.parquet`` or, of queues, ``waits.parquet``; or its histograms.
            skipped: the ``skipped`` of ``run.json``.
            queue: of queues, ``queue.parquet`` or what became of their events.
            rtt_s: the round trip (s) of the run's mock, which queues without their own have; None for an endpoint.
            left_out: the workloads that options left out.
        """
        super().__init__()
        self.add_frame(slices)
        self.queue = queue if isinstance(queue, QueueCounts) else QueueCounts(_or_empty(queue))
        arriving = {} if queue is None or slices.empty else _arrivals(slices)
        self.workloads = in_gate_order(
            {name: {**ARRIVALS, **each, **arriving.get(name, {})} for name, each in self.workloads.items()}
        )
        self.skipped = {str(row["workload"]): {**LATER, **ARRIVALS, **row} for row in skipped}
        self.left_out = {str(row["workload"]): {**LATER, **ARRIVALS, **row} for row in left_out.rows}
        self.why_left_out = left_out.why
        for each in (*self.workloads.values(), *self.skipped.values(), *self.left_out.values()):
            if each["rate"] and each["rtt_s"] is None:
                each["rtt_s"] = rtt_s
        self.why_no_speed = why_no_gain(self)
        self._histograms = histograms_of(latency)
        self._latencies: dict[tuple[str, str], RoundLatencies] = {}

    def why_skipped(self, workload: str) -> str:
        """Why a workload was left out, in the server's own words, and after which round."""
        return str(Skipped.of_row(self.skipped[workload]))

    def skipped_trigger(self, workload: str) -> str | None:
        """The skipped trigger that a workload would be compared with; None if none was skipped."""
        return self._trigger_of(workload, self.skipped)

    def left_out_trigger(self, workload: str) -> str | None:
        """The same of those that options left out."""
        return self._trigger_of(workload, self.left_out)

    def _trigger_of(self, workload: str, others: Mapping[str, Counts]) -> str | None:
        own = key_of(self.workloads[workload])
        return next((name for name, row in others.items() if row["api"] == "trigger" and key_of(row) == own), None)

    def why_not_offered(self, workload: str) -> str:
        """That the generator did not reach the rate of a queue, and what to do; empty if it did."""
        return self.queue.why_not_offered(workload, self.workloads[workload]["rate"])

    def groups(self, workloads: Sequence[str], quantile: float, kind: str = "") -> list[tuple[int, ...]]:
        """The rounds that all these workloads have, in order, in groups that each have enough calls (or events of
        a queue, for a kind of waits) for a percentile: one round each if rounds are long, else several consecutive
        ones. Empty if all rounds together have too few."""
        needed = samples_needed(quantile)
        rounds = sorted(set.intersection(*(set(self.rounds(name)) for name in workloads)))
        samples = [self._of(name, kind).samples for name in workloads]
        calls = [[each.get(round_, 0) for round_ in rounds] for each in samples]
        if rounds and min(map(min, calls)) >= needed:
            return [(round_,) for round_ in rounds]
        groups: list[tuple[int, ...]] = []
        # Rounds of different starts are not combined.
        for _, together in groupby(zip(rounds, *calls, strict=True), lambda each: self.starts.get(each[0])):
            groups += _groups_of(list(together), needed)
        return groups

    def calls(self, workload: str, kind: str = "") -> int:
        """The number of calls with a latency, acknowledged or not, or of events with a time of this kind."""
        samples = self._of(workload, kind).samples
        return sum(samples.get(each, 0) for each in self.rounds(workload))

    def latencies(
        self, workload: str, groups: Sequence[Sequence[int]], quantile: float, kind: str = ""
    ) -> GroupQuantiles:
        """A percentile over the rounds of each group."""
        return self._of(workload, kind).quantiles(groups, quantile)

    def _of(self, workload: str, kind: str) -> RoundLatencies:
        key = (workload, kind)
        if key not in self._latencies:
            self._latencies[key] = RoundLatencies(self._histograms, workload, kind)
        return self._latencies[key]


def _or_empty(frame: pd.DataFrame | None) -> pd.DataFrame:
    return pd.DataFrame() if frame is None else frame


def _groups_of(rounds: Sequence[tuple[int, ...]], needed: int) -> list[tuple[int, ...]]:
    """Consecutive rounds in groups that have enough calls; each round comes with its calls of each workload."""
    groups: list[tuple[int, ...]] = []
    group: list[int] = []
    held = [0] * (len(rounds[0]) - 1)
    for round_, *more in rounds:
        group.append(round_)
        held = [sum(each) for each in zip(held, more, strict=True)]
        if min(held) >= needed:
            groups.append(tuple(group))
            group, held = [], [0] * len(held)
    if groups:
        # The remaining rounds are too few for a group, so they join the last one.
        groups[-1] = (*groups[-1], *group)
    return groups


def _arrivals(slices: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """How events arrive in each workload's queue; without the columns that the run lacks or that are null."""
    known = slices.drop_duplicates("workload").set_index("workload")
    rows = by_index(known[[name for name in ARRIVALS if name in known]])
    # NaN is the only value that differs from itself.
    return {
        str(workload): {name: value for name, value in row.items() if value is not None and value == value}
        for workload, row in rows.items()
    }


def in_gate_order(workloads: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Workloads in the order in which gates and the live page list them."""
    return dict(sorted(workloads.items(), key=lambda item: _place(item[1])))


def _place(columns: Counts) -> tuple[Any, ...]:
    transport = (columns["http"], columns["tls"], columns["connection"], columns["calls_per_connection"])
    call = (API_ORDER[columns["api"]], columns["batch_size"], columns["channels"])
    return (
        columns["client"] != "reference",
        columns["client"],
        columns["payload_kind"],
        columns["payload_bytes"],
        columns["encrypted"],
        *transport,
        columns["rate"],
        *call,
        columns.get("linger_s", 0.0),
        columns["server"] != SERVER,
    )
