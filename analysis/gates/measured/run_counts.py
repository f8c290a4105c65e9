"""A run's measurements as gates need them: counts as whole numbers, and latencies, by workload and round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.measures.counts import SERVER, Counts, SliceCounts, key_of
from analysis.measures.latency import histograms_of, samples_needed
from analysis.measures.round_latencies import GroupQuantiles, RoundLatencies
from analysis.measures.summary import API_ORDER
from analysis.measures.throughput import why_no_gain
from wiretax.runs.files.histograms import Histograms
from wiretax.runs.skipped import Skipped


class Measured(SliceCounts):
    """A run's counts.

    Attributes:
        workloads: each workload's columns by its name; the reference client first, then by payload and call.
        skipped: rows of ``skipped`` in ``run.json`` by workload: workloads that the run left out or did not finish
            because the server rejected them.
        why_no_speed: why its rates can't be compared, in a sentence; empty if workloads were sent in turn.
    """

    def __init__(
        self,
        slices: pd.DataFrame,
        latency: pd.DataFrame | Histograms,
        skipped: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """Sum up ``slices.parquet``; ``latency.parquet`` is read when a percentile is needed.

        Args:
            slices: ``slices.parquet``.
            latency: ``latency.parquet``, or its histograms.
            skipped: the ``skipped`` of ``run.json``.
        """
        super().__init__()
        self.add_frame(slices)
        self.workloads = in_gate_order(self.workloads)
        self.skipped = {str(row["workload"]): dict(row) for row in skipped}
        self.why_no_speed = why_no_gain(self)
        self._histograms = histograms_of(latency)
        self._latencies: dict[str, RoundLatencies] = {}

    def why_skipped(self, workload: str) -> str:
        """Why a workload was left out, in the server's own words, and after which round."""
        return str(Skipped.of_row(self.skipped[workload]))

    def skipped_trigger(self, workload: str) -> str | None:
        """The skipped trigger that a workload would be compared with; None if none was skipped."""
        own = key_of(self.workloads[workload])
        triggers = (name for name, row in self.skipped.items() if row["api"] == "trigger" and key_of(row) == own)
        return next(triggers, None)

    def groups(self, workloads: Sequence[str], quantile: float) -> list[tuple[int, ...]]:
        """The rounds that all these workloads have, in order, in groups that each have enough calls for a
        percentile: one round each if rounds are long, else several consecutive ones. Empty if all rounds together
        have too few."""
        needed = samples_needed(quantile)
        rounds = sorted(set.intersection(*(set(self.rounds(name)) for name in workloads)))
        samples = [self._of(name).samples for name in workloads]
        calls = [[each.get(round_, 0) for round_ in rounds] for each in samples]
        if rounds and min(map(min, calls)) >= needed:
            return [(round_,) for round_ in rounds]
        groups, group, held = [], [], [0] * len(workloads)
        for round_, *more in zip(rounds, *calls, strict=True):
            group.append(round_)
            held = [sum(each) for each in zip(held, more, strict=True)]
            if min(held) >= needed:
                groups.append(tuple(group))
                group, held = [], [0] * len(workloads)
        if groups:
            # The remaining rounds are too few for a group, so they join the last one.
            groups[-1] = (*groups[-1], *group)
        return groups

    def calls(self, workload: str, rounds: Iterable[int] | None = None) -> int:
        """The number of calls with a latency, acknowledged or not, in these rounds or in all."""
        samples = self._of(workload).samples
        return sum(samples.get(each, 0) for each in (self.rounds(workload) if rounds is None else rounds))

    def latencies(self, workload: str, groups: Sequence[Sequence[int]], quantile: float) -> GroupQuantiles:
        """A percentile over the rounds of each group."""
        return self._of(workload).quantiles(groups, quantile)

    def _of(self, workload: str) -> RoundLatencies:
        if workload not in self._latencies:
            self._latencies[workload] = RoundLatencies(self._histograms, workload)
        return self._latencies[workload]


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
        columns["server"] != SERVER,
    )
