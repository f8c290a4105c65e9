"""Capacities of a run that searched for them, as gates need them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from analysis.gates.measured.run_counts import LeftOut, Measured
from analysis.measures.capacity import GENERATOR, PROBE, found_by_search
from analysis.measures.estimate import Estimate
from wiretax.runs.reader import Run


class Searched(Measured):
    """The searches of a run: its workloads are those without a rate, and its counts those of all their probes."""

    def __init__(self, run: Run, rtt_s: float | None, left_out: LeftOut) -> None:
        """
        Args:
            run: a saved run; without a search it has no workloads.
            rtt_s: the round trip (s) of the run's mock, which searches without their own have.
            left_out: the searches that options left out.
        """
        super().__init__(
            _by_search(run.queued, run.capacity), pd.DataFrame(), queue=pd.DataFrame(), left_out=left_out
        )
        for each in self.workloads.values():
            each["rtt_s"] = rtt_s if each["rtt_s"] is None else each["rtt_s"]
        self._found = found_by_search(run)

    def estimate(self, workload: str, of: str) -> Estimate:
        """The capacity in events or, by the mean number of calls per event, in calls per second.

        Args:
            workload: the name of a search.
            of: "events" or "requests".
        """
        counts = self.counts(workload)
        calls = Fraction(counts[of], counts["events"]) if counts["events"] else Fraction(1)
        return self._found[workload].capacity.times(float(calls))

    def why_unlimited(self, workload: str) -> str:
        """Why a capacity is only a bound, as a sentence; empty if probes limit it on both sides."""
        found = self._found[workload]
        if found.capacity.no_lower:
            return f"no probe of {workload} met the target, so its capacity is lower, by an unknown amount"
        if found.capacity.no_upper:
            why = "the generator was the limit" if found.limited_by == GENERATOR else "every probe met the target"
            return f"{why} for {workload}, so its capacity may be higher, by an unknown amount"
        return ""


def _by_search(queued: pd.DataFrame, capacity: pd.DataFrame) -> pd.DataFrame:
    """The slices of all probes, named after their searches and without a rate."""
    if capacity.empty or queued.empty:
        return pd.DataFrame()
    searches: pd.Series[Any] = capacity.drop_duplicates(PROBE).set_index(PROBE)["search"]
    probes = queued.join(searches, on=PROBE, how="inner")
    return probes.assign(workload=probes.pop("search"), rate=0.0, rtt_s=probes["rtt_s"].replace({np.nan: None}))
