"""What the events of a queue waited, and what they cost: a row a workload."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.measures.latency import column_names, percentiles
from analysis.measures.layers import bytes_per_event

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}
KINDS = ("waiting", "wire", "total")
SETTINGS = [
    "workload",
    "api",
    "batch_size",
    "payload_bytes",
    "payload_kind",
    "client",
    "connection",
    "calls_per_connection",
    "tls",
    "server",
    "rate",
    "linger_s",
    "arrivals",
    "publishers",
    "rtt_s",
]
# Workloads whose settings agree in these differ in the call, its size and its linger alone.
SAME_ARRIVALS = [
    "payload_bytes",
    "payload_kind",
    "client",
    "connection",
    "calls_per_connection",
    "tls",
    "server",
    "rtt_s",
    "rate",
    "arrivals",
    "publishers",
]
COUNTS = ["intended", "arrived", "acknowledged", "lost", "left", "unsent"]
# A queue counts as overloaded where it was in at least so many of its rounds.
MOST_OVERLOADED = 0.5
# A generator that made less than this share of its rate says so.
KEPT_UP = 0.99


def summarise_queues(
    queued: pd.DataFrame, queue: pd.DataFrame, waits: pd.DataFrame, mock: dict[str, Any] | None = None
) -> pd.DataFrame:
    """One row a workload, the trigger first among those with the same arrivals.

    Args:
        queued: the rows of ``slices.parquet`` whose events arrive in a queue.
        queue: ``queue.parquet``.
        waits: ``waits.parquet``.
        mock: the cost model of the run's mock, whose round trip workloads have that name none; None for a server
            that was given.

    Returns:
        The workload's settings and: ``intended``, ``arrived``, ``acknowledged``, ``lost``, ``left``, ``unsent``
        (events, over rounds), ``rounds``, ``overloaded`` (share of rounds), ``is_overloaded``, ``reached`` (events
        a second that were put into the queue), ``kept_up`` (share of its rate that the generator made),
        ``events_per_second`` (acknowledged in slices), ``fill`` (events a call, mean), ``depth_mean``,
        ``depth_max`` (events), ``sent_per_event`` (HTTP's bytes), and for each of ``waiting``, ``wire``, ``total``
        ``KIND_p50_s``, ``_p90_s``, ``_p99_s``, ``_p999_s``, ``_max_s`` (NaN where too few events have ended),
        ``KIND_p50_s_is_lower_bound`` and so on, ``KIND_samples`` (events), ``late_p99_s`` and
        ``late_max_s`` (how late the generator was in its worst round).
        Events without an acknowledgement count with what they had waited until then. Where a queue is overloaded,
        it would have grown on, so all its times but those on the wire are lower bounds.
    """
    if queue.empty:
        return pd.DataFrame(columns=SETTINGS)
    grouped = queue.groupby("workload", sort=False)
    table = grouped[[each for each in SETTINGS if each != "workload"]].first()
    if mock is not None:
        table["rtt_s"] = table["rtt_s"].fillna(mock["rtt_s"])
    table[COUNTS] = grouped[COUNTS].sum()
    table["rounds"] = grouped["round"].nunique()
    table["overloaded"] = queue["overloaded"].ne("").groupby(queue["workload"]).mean()
    table["is_overloaded"] = table["overloaded"] >= MOST_OVERLOADED
    table["kept_up"] = table["arrived"] / table["intended"].where(table["intended"] > 0)
    table["reached"] = table["rate"] * table["kept_up"]
    seconds = queued.groupby("workload")["duration_s"].sum()
    table["events_per_second"] = queued.groupby("workload")["events"].sum() / seconds
    table["fill"] = grouped["fills"].apply(_mean_fill)
    table["depth_mean"] = grouped["depths"].apply(lambda each: float(np.concatenate(list(each)).mean()))
    table["depth_max"] = grouped["depths"].apply(lambda each: int(np.concatenate(list(each)).max()))
    table["sent_per_event"] = bytes_per_event(queued)["sent"]
    for kind in KINDS:
        found = percentiles(waits[waits["kind"] == kind], QUANTILES, prefix=f"{kind}_").reindex(table.index)
        bounds = [bound for _, bound in column_names(QUANTILES, f"{kind}_").values()]
        # What a call takes on the wire is known, however long the queue is.
        growing = table["is_overloaded"] & (kind != "wire")
        for bound in bounds:
            found[bound] = found[bound].eq(True) | growing
        found[f"{kind}_samples"] = found[f"{kind}_samples"].fillna(0).astype(int)
        table[found.columns] = found
    for late in ("late_p99_s", "late_max_s"):
        # Runs saved before the longest was kept have no such column.
        table[late] = grouped[late].max() if late in queue else np.nan
    order = ["rtt_s", "rate", "payload_bytes", "client", "batch_size", "linger_s"]
    return table.reset_index().sort_values(order, kind="stable").reset_index(drop=True)


def fills(queue: pd.DataFrame) -> pd.DataFrame:
    """How many calls carried how many events: columns workload, events, calls."""
    rows = [
        {"workload": workload, "events": size, "calls": calls}
        for workload, group in queue.groupby("workload", sort=False)
        for size, calls in enumerate(_added(group["fills"]), 1)
    ]
    return pd.DataFrame(rows, columns=["workload", "events", "calls"])


def _mean_fill(of_rounds: pd.Series[Any]) -> float:
    calls = _added(of_rounds)
    return float(calls @ np.arange(1, len(calls) + 1) / calls.sum()) if calls.sum() else np.nan


def _added(of_rounds: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    added = np.zeros(max(len(each) for each in of_rounds), dtype=np.int64)
    for each in of_rounds:
        added[: len(each)] += np.asarray(each, dtype=np.int64)
    return added
