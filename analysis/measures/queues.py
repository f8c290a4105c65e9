"""Queues: what their events cost in bytes and in waiting time, and which workloads are the best trade-off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.measures.counts import totals
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.latency import column_names, histograms_of, percentiles
from analysis.measures.rate_stages import COUNTS, whole_rounds
from wiretax.channels.workload import ATTRIBUTES
from wiretax.runs.depths import added_depths
from wiretax.runs.files.histograms import Histograms
from wiretax.runs.reader import Run

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}
KINDS = ("waiting", "wire", "total")
# Queues speak HTTP/1.1, and each event has one channel.
SETTINGS = ["workload", *(each.column for each in ATTRIBUTES if each.column not in ("channels", "http"))]
# Workloads with the same values of these differ only in the call, its size and its linger.
SAME_ARRIVALS = [name for name in SETTINGS if name not in ("workload", "api", "batch_size", "linger_s")]
# The values, in older runs, of attributes that had no columns yet.
LATER = {each.column: each.default for each in ATTRIBUTES if each.later}
# A queue counts as overloaded if it was in at least this share of its rounds.
MOST_OVERLOADED = 0.5
Depths = np.ndarray[Any, np.dtype[np.int64]]
# Below this share of its rate the generator is reported.
KEPT_UP = 0.99


def summarise_queues(
    queued: pd.DataFrame,
    queue: pd.DataFrame,
    waits: pd.DataFrame | Histograms,
    mock: dict[str, Any] | None = None,
) -> pd.DataFrame:
    """A row per workload, the trigger first among those with the same arrivals.

    Args:
        queued: the rows of ``slices.parquet`` whose events arrive in a queue.
        queue: ``queue.parquet``.
        waits: ``waits.parquet``, or its histograms.
        mock: the cost model of the run's mock; its round trip is that of workloads without their own. None for a
            given endpoint.

    Returns:
        The workload's settings and: ``intended``, ``arrived``, ``acknowledged``, ``lost``, ``left``, ``unsent``
        (events, over rounds), ``rounds``, ``overloaded`` (share of rounds), ``is_overloaded``, ``reached`` (events
        per second put into the queue), ``kept_up`` (share of its rate that the generator reached),
        ``events_per_second`` (acknowledged in slices), ``fill`` (mean events per call), ``depth_mean``,
        ``depth_max`` (events, all workers together), ``sent_per_event`` (HTTP's bytes), and for each of
        ``waiting``, ``wire``, ``total`` ``KIND_p50_s``, ``_p90_s``, ``_p99_s``, ``_p999_s``, ``_max_s`` (NaN
        with too few events), ``KIND_p50_s_is_lower_bound`` and so on, ``KIND_samples`` (events), ``late_p99_s``
        and ``late_max_s`` (how late the generator was in its worst round).
        Events without an acknowledgement count with how long they had waited. The queue of an overloaded workload
        was still growing, so all its times except those on the wire are lower bounds.
    """
    if queue.empty:
        return pd.DataFrame(columns=SETTINGS)
    # Of runs saved before some attributes had columns.
    queue = whole_rounds(queue.assign(**{name: value for name, value in LATER.items() if name not in queue}))
    grouped = queue.groupby("workload", sort=False)
    table = grouped[[each for each in SETTINGS if each != "workload"]].first()
    if mock is not None:
        table["rtt_s"] = table["rtt_s"].fillna(mock["rtt_s"])
    table[COUNTS] = grouped[COUNTS].sum()
    table["rounds"] = grouped["round"].nunique()
    # A queue is overloaded if any worker's part of it is.
    grew = queue["overloaded"].ne("").groupby([queue["workload"], queue["round"]]).any()
    table["overloaded"] = grew.groupby(level="workload").mean()
    table["is_overloaded"] = table["overloaded"] >= MOST_OVERLOADED
    table["kept_up"] = table["arrived"] / table["intended"].where(table["intended"] > 0)
    table["reached"] = table["rate"] * table["kept_up"]
    total = totals(queued).set_index("workload")
    table["events_per_second"] = total["events"] / total["duration_s"]
    table["fill"] = grouped["fills"].apply(_mean_fill)
    depths: dict[str, list[Depths]] = {}
    for (workload, _), each in depths_by_round(queue).items():
        depths.setdefault(workload, []).append(each)
    table["depth_mean"] = pd.Series({name: float(np.concatenate(each).mean()) for name, each in depths.items()})
    table["depth_max"] = pd.Series({name: int(np.concatenate(each).max()) for name, each in depths.items()})
    table["sent_per_event"] = bytes_per_event(queued)["sent"]
    times = histograms_of(waits)
    for kind in KINDS:
        found = percentiles(times, QUANTILES, f"{kind}_", kind).reindex(table.index)
        bounds = [bound for _, bound in column_names(QUANTILES, f"{kind}_").values()]
        # The time on the wire does not depend on the queue's length.
        growing = table["is_overloaded"] & (kind != "wire")
        for bound in bounds:
            found[bound] = found[bound].eq(True) | growing
        found[f"{kind}_samples"] = found[f"{kind}_samples"].fillna(0).astype(int)
        table[found.columns] = found
    for late in ("late_p99_s", "late_max_s"):
        # Runs saved before the maximum was recorded have no such column.
        table[late] = grouped[late].max() if late in queue else np.nan
    order = ["rtt_s", "rate", "payload_bytes", "client", "batch_size", "linger_s"]
    return table.reset_index().sort_values(order, kind="stable").reset_index(drop=True)


def queue_frontier(run: Run) -> pd.DataFrame:
    """``summarise_queues`` of a run, with each workload compared with those of the same arrivals.

    The probes of a search for a capacity are left out: ``capacity.capacities`` has their results.

    Returns:
        Its columns and: ``curve`` (a number, the same for workloads that differ in batch size and linger only),
        ``saving`` (share of the trigger's bytes per event that is not sent; NaN without a trigger), ``frontier``
        (whether no other workload of its curve that keeps up has both fewer bytes per event and a lower p99; False
        if its own p99 is unknown).
    """
    queued, queue = (without_probes(each, run.capacity) for each in (run.queued, run.queue))
    table = summarise_queues(queued, queue, run.wait_times, run.meta.get("mock"))
    if table.empty:
        return table
    table["curve"] = table.groupby(SAME_ARRIVALS, sort=False, dropna=False).ngroup()
    triggers = table[table["api"] == "trigger"].drop_duplicates("curve").set_index("curve")["sent_per_event"]
    table["saving"] = 1 - table["sent_per_event"] / table["curve"].map(triggers)
    table["frontier"] = pd.concat([_frontier(curve) for _, curve in table.groupby("curve")])
    return table


def without_probes(frame: pd.DataFrame, capacity: pd.DataFrame) -> pd.DataFrame:
    """Rows of workloads that were no probes of a search for a capacity.

    Args:
        frame: with a column ``workload``.
        capacity: ``capacity.parquet``.
    """
    return frame if frame.empty or capacity.empty else frame[~frame["workload"].isin(capacity["workload"])]


def has_p99(table: pd.DataFrame) -> pd.Series[Any]:
    """Which rows have a p99: enough events, and it is not a lower bound."""
    return table["total_p99_s"].notna() & ~table["total_p99_s_is_lower_bound"]


def _frontier(curve: pd.DataFrame) -> pd.Series[Any]:
    """From the lowest p99 upwards, each workload that sends fewer bytes than all faster ones."""
    steady = curve[~curve["is_overloaded"] & has_p99(curve)].sort_values(["total_p99_s", "sent_per_event"])
    cheapest_before = steady["sent_per_event"].cummin().shift(fill_value=np.inf)
    return (steady["sent_per_event"] < cheapest_before).reindex(curve.index, fill_value=False)


def depths_by_round(queue: pd.DataFrame) -> dict[tuple[str, int], Depths]:
    """How deep each queue was in each round, all workers together, whenever one of them noted its depth.

    Returns:
        By workload and round an array of events.
    """
    rounds: dict[tuple[str, int], list[tuple[Any, Any]]] = {}
    for row in queue.to_dict("records"):
        rounds.setdefault((row["workload"], row["round"]), []).append((row["depth_at_s"], row["depths"]))
    return {key: added_depths(parts)[1] for key, parts in rounds.items()}


def fills(queue: pd.DataFrame) -> pd.DataFrame:
    """Calls by the number of events in them: columns workload, events, calls."""
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
