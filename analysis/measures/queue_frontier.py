"""What a linger and a batch size buy: bytes an event against the latency they cost, at each rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.measures.queues import SAME_ARRIVALS, summarise_queues
from wiretax.runs.reader import Run


def tradeoff(run: Run) -> pd.DataFrame:
    """``analysis.measures.queues.summarise_queues`` of a run, with what each workload is beside its trigger.

    Returns:
        Its columns and: ``curve`` (a number, the same for workloads that differ in batch size and linger alone),
        ``saving`` (share of the trigger's bytes an event that is not sent; NaN without a trigger), ``frontier``
        (whether no other workload of its curve that keeps up has both fewer bytes an event and a lower p99; never
        where its own p99 is not known).
    """
    table = summarise_queues(run.queued, run.queue, run.waits, run.meta.get("mock"))
    if table.empty:
        return table
    table["curve"] = table.groupby(SAME_ARRIVALS, sort=False, dropna=False).ngroup()
    triggers = table[table["api"] == "trigger"].drop_duplicates("curve").set_index("curve")["sent_per_event"]
    table["saving"] = 1 - table["sent_per_event"] / table["curve"].map(triggers)
    table["frontier"] = pd.concat([_frontier(curve) for _, curve in table.groupby("curve")])
    return table


def known(table: pd.DataFrame) -> pd.Series[Any]:
    """Which rows have a p99: enough events, and none without an acknowledgement that decides it."""
    return table["total_p99_s"].notna() & ~table["total_p99_s_is_lower_bound"]


def _frontier(curve: pd.DataFrame) -> pd.Series[Any]:
    """Walked from the lowest p99 on: each that sends fewer bytes than all that are faster."""
    steady = curve[~curve["is_overloaded"] & known(curve)].sort_values(["total_p99_s", "sent_per_event"])
    cheapest_before = steady["sent_per_event"].cummin().shift(fill_value=np.inf)
    return (steady["sent_per_event"] < cheapest_before).reindex(curve.index, fill_value=False)
