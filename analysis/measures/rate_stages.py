"""Queues whose rate changes in stages: each stage by itself, whole rounds, and the recovery after a spike."""

from __future__ import annotations

from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.measures.counts import SliceCounts
from analysis.measures.latency import P50_P99, percentiles
from wiretax.channels.workload.rate_stages import RateStages, of_text

if TYPE_CHECKING:
    from wiretax.runs.run import Run

COUNTS = ["intended", "arrived", "acknowledged", "lost", "left", "unsent"]
# A queue has recovered once latency and depth are normal in this many consecutive bins.
BINS_IN_A_ROW = 2
COLUMNS = ["workload", "stage", "name", "first", "last", "seconds"]


def whole_rounds(queue: pd.DataFrame) -> pd.DataFrame:
    """``queue.parquet`` with one row per workload, round and worker: the stages of a rate together.

    Whether a queue is overloaded, and how many events are left in it, is what its last stage says: a spike is
    followed by the time in which the queue becomes shorter again.
    """
    if "stages" not in queue or not (queue["stages"].fillna("") != "").any():
        return queue
    rows, places = [], ["workload", "round", "worker"]
    for _, group in queue.groupby([each for each in places if each in queue], sort=False):
        group = group.sort_values("stage")
        row = group.iloc[-1].to_dict()
        if len(group) > 1:
            row |= {name: group[name].sum() for name in (*COUNTS, "duration_s") if name != "left"}
            row |= {name: group[name].max() for name in ("late_p99_s", "late_max_s")}
            row["fills"] = _added(group["fills"])
            begins = np.concatenate([[0.0], group["duration_s"].cumsum()[:-1]])
            row["depth_at_s"] = np.concatenate(
                [np.asarray(each) + begin for each, begin in zip(group["depth_at_s"], begins, strict=True)]
            )
            row["depths"] = np.concatenate([*group["depths"]])
        rows.append(row)
    return pd.DataFrame(rows, columns=queue.columns)


def _added(lists: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    added = np.zeros(max(map(len, lists)), dtype=np.int64)
    for each in lists:
        added[: len(each)] += np.asarray(each, dtype=np.int64)
    return added


def stages_of(run: Run) -> dict[str, RateStages]:
    """The stages of each workload of a run whose rate changes, by its name, the trigger first."""
    if run.queue.empty or "stages" not in run.queue:
        return {}
    named = run.queue.drop_duplicates("workload").sort_values(["rate", "payload_bytes", "batch_size", "linger_s"])
    staged = named[named["stages"].fillna("") != ""]
    return {row["workload"]: of_text(row["stages"]) for row in staged.to_dict("records")}


def summarise_rate_stages(run: Run) -> pd.DataFrame:
    """A row per workload whose rate changes and stage.

    Returns:
        ``workload``, ``stage`` (from 0), ``name`` (empty if it has none), ``first`` and ``last`` (rates, 1/s),
        ``seconds``, ``intended``, ``arrived``, ``acknowledged``, ``lost``, ``unsent`` (events that were meant to
        arrive in the stage, over rounds), ``rounds``, ``overloaded`` (share of rounds in which the queue grew),
        ``arriving`` (events per second that arrived), ``events_per_second`` (acknowledged in the stage, whenever
        they arrived), ``depth_max`` and ``left`` (events; at its end, the most in a round), ``sent_per_event``
        (HTTP bytes per event acknowledged in the stage), and ``total_p50_s``, ``total_p99_s``, each with
        ``_is_lower_bound`` and ``total_samples``, of the events that were meant to arrive in the stage.
    """
    tables = [_of_workload(run, name, stages) for name, stages in stages_of(run).items()]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def _of_workload(run: Run, workload: str, stages: RateStages) -> pd.DataFrame:
    rows = []
    queue = run.queue[run.queue["workload"] == workload]
    slices = run.queued[run.queued["workload"] == workload]
    waits = run.waits[(run.waits["workload"] == workload) & (run.waits["kind"] == "total")]
    for number, stage in enumerate(stages):
        own = queue[queue["stage"] == number]
        if own.empty:
            continue  # the queue reached its bound before
        counts = SliceCounts.of(slices[slices["stage"] == number])
        counted = counts.counts(workload)
        found = percentiles(waits[waits["stage"] == number], P50_P99, "total_", "total")
        times: dict[Any, Any] = found.loc[workload].to_dict() if workload in found.index else {}
        rows.append(
            {
                "workload": workload,
                "stage": number,
                "name": stage.name,
                "first": stage.first,
                "last": stage.last,
                "seconds": stage.seconds,
                **{name: int(own[name].sum()) for name in COUNTS if name != "left"},
                "left": int(own.groupby("round")["left"].sum().max()),
                "rounds": own["round"].nunique(),
                "overloaded": float((own["overloaded"].groupby(own["round"]).max() != "").mean()),
                "arriving": own["arrived"].sum() / own.groupby("round")["duration_s"].max().sum(),
                "events_per_second": counts.rate(workload, "events"),
                "depth_max": int(own["depths"].map(max).max()),
                "sent_per_event": counted["sent"] / counted["events"] if counted["events"] else nan,
                **times,
            }
        )
    return pd.DataFrame(rows)


def summarise_series(run: Run) -> pd.DataFrame:
    """What queues whose rate changes did over time, all rounds together.

    Returns:
        A row per workload and bin: ``workload``, ``t_s`` (when it begins), ``bin_s``, ``intended``, ``arrived``,
        ``acknowledged`` (per second, the mean of the rounds), ``depth`` (events, the mean of the rounds), and
        ``p50_s`` and ``p99_s`` (the median of the rounds; NaN if no event arrived in most of them), each with
        ``_is_lower_bound``.
    """
    series = run.series
    if series.empty:
        return pd.DataFrame(columns=["workload", "t_s"])
    grouped = series.groupby(["workload", "bin_s", "t_s"], sort=True)
    table = grouped[["intended", "arrived", "acknowledged", "depth"]].mean().reset_index()
    for name in ("intended", "arrived", "acknowledged"):
        table[name] /= table["bin_s"]
    for name in ("p50_s", "p99_s"):
        bound = f"{name}_is_lower_bound"
        table[name] = grouped[name].median().to_numpy()
        table[bound] = (grouped[bound].mean() >= 0.5).to_numpy()
    return table


def recoveries(run: Run) -> pd.DataFrame:
    """How long queues took after a spike until latency and depth were normal again.

    The spike ends where the highest rate does. Normal is the range of the stage before the rate rose: no bin of
    that stage has a higher p99 or a deeper queue. A queue may always be as deep as batches and chance make one
    that keeps up. It has recovered at the beginning of the first of two bins in a row that are normal. If there
    are none until the end, the time until then is a lower bound.

    Returns:
        A row per workload whose rate has a spike, and round: ``workload``, ``round``, ``spike_s`` (when the spike
        ends, since the beginning), ``recovery_s``, ``recovery_s_is_lower_bound``, ``normal_p99_s``,
        ``normal_depth``.
    """
    rows = []
    for workload, stages in stages_of(run).items():
        spike = stages.spike
        if spike is None:
            continue
        series = run.series[run.series["workload"] == workload]
        queue = run.queue[run.queue["workload"] == workload]
        for round_, of_round in series.groupby("round"):
            # A round whose queue reached its bound has no stage after the spike.
            found = queue[queue["round"] == round_]
            rows.append({"workload": workload, "round": round_, **_recovery(of_round, found, stages, spike)})
    columns = ["workload", "round", "spike_s", "recovery_s", "recovery_s_is_lower_bound"]
    return pd.DataFrame(rows, columns=[*columns, "normal_p99_s", "normal_depth"])


def _recovery(bins: pd.DataFrame, queue: pd.DataFrame, stages: RateStages, spike: int) -> dict[str, Any]:
    ends = stages.ends_s
    before = stages.before_spike(spike)
    assert before is not None
    begin_s, end_s = ends[before] - stages[before].seconds, ends[before]
    edge = 1e-9
    bins = bins.sort_values("t_s")
    normal = bins[(bins["t_s"] >= begin_s - edge) & (bins["t_s"] + bins["bin_s"] <= end_s + edge)]
    kept_up = queue[queue["stage"] == before]["normal_depth"].max()
    p99_s = normal["p99_s"].max()
    depth = np.nanmax([normal["depth"].max(), kept_up]) if len(normal) else kept_up
    after = bins[(bins["t_s"] >= ends[spike] - edge) & (bins["t_s"] < stages.seconds - edge)]
    # A bin without an event has no p99, and nothing that waits.
    is_normal = (after["p99_s"].fillna(0) <= p99_s) & (after["depth"].fillna(inf) <= depth)
    in_a_row = is_normal.rolling(BINS_IN_A_ROW).sum().shift(1 - BINS_IN_A_ROW)
    recovered = after[in_a_row == BINS_IN_A_ROW]["t_s"]
    has_recovered = len(recovered) > 0
    last_s = float(bins["t_s"].max() + bins["bin_s"].max()) if len(bins) else nan
    until_s = float(recovered.iloc[0]) if has_recovered else min(last_s, stages.seconds)
    return {
        "spike_s": ends[spike],
        "recovery_s": max(0.0, until_s - ends[spike]),
        "recovery_s_is_lower_bound": not has_recovered,
        "normal_p99_s": p99_s,
        "normal_depth": depth,
    }


def recovery_of(rounds: pd.DataFrame) -> tuple[float, bool]:
    """The median of some rows of ``recoveries``, in seconds, and whether it is a lower bound; rounds that did not
    recover took longer than all others."""
    known = rounds["recovery_s"].where(~rounds["recovery_s_is_lower_bound"], inf).sort_values()
    if known.empty:
        return nan, False
    if isfinite(known.iloc[len(known) // 2]):
        return float(known.median()), False
    return float(rounds[rounds["recovery_s_is_lower_bound"]]["recovery_s"].min()), True
