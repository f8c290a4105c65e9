"""A saved run's measurement of a queue like the one that advice is wanted for."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, log
from pathlib import Path

import pandas as pd

from analysis.advice.advise import Demand
from analysis.advice.connections_seen import closes_most_calls
from analysis.advice.saved_runs import Meta, SavedRuns, is_sweep
from analysis.measures.latency import samples_needed
from analysis.measures.queues import has_p99, queue_frontier
from analysis.text.labels import Row
from analysis.text.numbers import duration, percent, rate
from wiretax.runs.reader import Run

# Rates, payloads and round trips that differ by more than this ratio are not comparable.
NEAR = 1.5
# Shorter round trips count as equal.
SHORT_S = 0.002


@dataclass(frozen=True, slots=True)
class MeasuredQueue:
    """The measured queue that is nearest to a demand.

    Attributes:
        run: the name of the run.
        curve: its rows of ``analysis.measures.queues.queue_frontier``: the same arrivals, published in
            several ways that the demand's endpoint accepts.
        tls: whether the demand uses TLS; the run may differ.
    """

    run: str
    curve: pd.DataFrame
    tls: bool

    def sentence(self, budget_s: float) -> str:
        """The measured way with the fewest bytes that keeps 99 % of events within a budget (s)."""
        first = self.curve.iloc[0].to_dict()
        where = f"Measured in {self.run} at {rate(first['rate'], 'event')}"
        if not isnan(first["rtt_s"]):
            where += f" and a round trip of {duration(first['rtt_s'])}"
        where += f", {first['publishers'] or 'all'} publishers"
        if first["tls"] != self.tls:
            where += f", with{'' if first['tls'] else 'out'} TLS"
        where += ":"
        steady = self.curve[~self.curve["is_overloaded"]]
        fitting = steady[has_p99(steady) & (steady["total_p99_s"] <= budget_s)].sort_values("sent_per_event")
        if fitting.empty and len(steady) and steady["total_p99_s"].isna().all():
            sentence = f"{where} too few events for a p99, which needs {samples_needed(0.99):,}."
        elif fitting.empty:
            sentence = f"{where} no tried setting keeps 99 % of events within {duration(budget_s)}."
        else:
            sentence = f"{where} {_fits(fitting.iloc[0].to_dict())}."
        trigger = self.curve[(self.curve["api"] == "trigger") & self.curve["is_overloaded"]]
        if len(trigger):
            sentence += f" The trigger did not keep up: {rate(trigger['events_per_second'].iloc[0], 'event')}."
        return sentence


def find_measured_queue(runs: SavedRuns, demand: Demand) -> MeasuredQueue | None:
    """The measured queue nearest to a demand, from the named run, or from the newest valid one with a comparable
    queue; None if no run has one.

    Raises:
        RunNotFoundError: if the named run can't be read.
    """
    named = runs.named()
    if named is not None:
        # In a free run other classes may have competed with the queue's publishers.
        return nearest(named, demand) if named.meta.get("valid") and named.mode == "sweep" else None
    fitting = (nearest(run, demand) for run in runs.suitable(_may_have_queue, ("slices", "queue", "waits")))
    return next((found for found in fitting if found is not None), None)


def _may_have_queue(folder: Path, meta: Meta) -> bool:
    """Whether a run's queues can be compared, as far as its folder and ``run.json`` tell."""
    return is_sweep(meta) and (folder / "queue.parquet").exists()


def _connects_alike(run: Run, demand: Demand) -> bool:
    """Whether the run's server kept or closed connections as the demand's does."""
    closes = closes_most_calls(run.queued) if len(run.queued) else None
    return closes is None or closes == demand.connections.closes


def nearest(run: Run, demand: Demand) -> MeasuredQueue | None:
    """The measured arrivals of a run that are nearest to a demand.

    They have the same client and kind of payload, and payload, rate and round trip within a factor of 1.5. None if
    none qualify, or if one server keeps connections and the other closes them.
    """
    if not _connects_alike(run, demand):
        return None
    table = queue_frontier(run)
    wanted = demand.workload
    curves = {
        key: curve
        for key, curve in (table.groupby("curve") if len(table) else ())
        if (curve["client"].iloc[0], curve["payload_kind"].iloc[0])
        == (wanted.transport.client, wanted.payload.kind)
        and curve["connection"].iloc[0] == wanted.transport.connection
        and _distance(curve.iloc[0].to_dict(), demand) <= log(NEAR)
    }
    if not curves:
        return None
    key = min(curves, key=lambda each: _distance(curves[each].iloc[0].to_dict(), demand))
    curve = curves[key]
    return MeasuredQueue(run.folder.name, curve[curve["batch_size"] <= demand.limit], wanted.transport.tls)


def _distance(row: Row, demand: Demand) -> float:
    """The largest of their differences, as the logarithm of a ratio."""
    pairs = [(row["rate"], demand.rate), (row["payload_bytes"], demand.workload.payload.bytes)]
    if isnan(row["rtt_s"]):
        return float("inf")
    pairs.append((max(row["rtt_s"], SHORT_S), max(demand.rtt_s, SHORT_S)))
    return max(abs(log(one / other)) for one, other in pairs)


def _fits(row: Row) -> str:
    sent = f"the fewest bytes, with 99 % of events published within {duration(row['total_p99_s'])}"
    if row["api"] == "trigger":
        return f"within the budget the trigger sent {sent}"
    saving = "" if isnan(row["saving"]) else f" ({percent(row['saving'])} fewer than by trigger)"
    batches = f"batches of {row['batch_size']} with a linger of {duration(row['linger_s'])}"
    return f"within the budget {batches} sent {sent}{saving}"
