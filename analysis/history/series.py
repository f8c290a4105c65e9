"""One metric of one workload across saved runs, and the runs at which an exact one changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from analysis.exports.measurement import exported, safe
from analysis.gates.baseline.accepted import origin_of
from analysis.gates.measured.metrics import METRICS
from analysis.measures.counts import counts_of, totals
from analysis.measures.layers import WORKLOAD
from analysis.measures.observed_kinds import by_kind
from analysis.measures.summary import ordered
from wiretax.runs.reader import Run

COLUMNS = ("run", "started", "commit", "changed", "value", "low", "high", "exact", "conditions")
# Before the key of a label, in the name of its column.
LABEL = "label."


def history(runs: Iterable[Run], workload: str, metric: str, with_invalid: bool = False) -> pd.DataFrame:
    """A metric across runs, oldest first, without invalid runs and those that lack the workload or the metric.

    Args:
        runs: saved runs, in any order.
        workload: the name of a workload, or of a kind of call of an observed publisher.
        metric: the name of a metric, as gates use it.
        with_invalid: also the figures that a gate would call invalid.

    Returns:
        A row per run, with the columns ``run``: its name; ``started`` (UTC); ``commit``: of the code that it was
        started in, or None; ``changed``: whether files differed from that commit, or None; ``value``, ``low`` and
        ``high`` in the metric's unit, where an unknown end of the interval is NaN; ``exact``: whether the value is
        the same in every run; ``conditions``: machine, server and load in words, on which noisy values depend; and
        ``label.KEY`` for each label that a run has, None in runs without it.

    Raises:
        KeyError: if there is no such metric.
    """
    chosen = {metric: METRICS[metric]}
    rows = [
        {
            "run": found.run,
            "started": pd.Timestamp(found.started),
            **_source(run),
            "value": each.value,
            "low": each.low,
            "high": each.high,
            "exact": each.exact,
            "conditions": origin_of(run.meta).conditions,
            **_labels(run),
        }
        for run in runs
        for found in [exported(by_kind(run), with_invalid, chosen)]
        for each in found.measurements
        if each.workload == safe(workload)
    ]
    labels = sorted({name for row in rows for name in row if name.startswith(LABEL)})
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *labels])
    texts: dict[str, Any] = dict.fromkeys(("commit", "changed", *labels), object)
    numbers: dict[str, Any] = dict.fromkeys(("value", "low", "high"), float)
    frame = frame.astype({**texts, **numbers, "exact": bool, "started": "datetime64[us, UTC]"})
    for name in texts:
        frame[name] = frame[name].where(frame[name].notna(), None)
    return frame.sort_values(["started", "run"], ignore_index=True)


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """The runs that compare with the newest one: all if values are exact, else those under the same conditions.

    Args:
        frame: as ``history`` returns it.
    """
    if frame.empty or frame["exact"].all():
        return frame
    alike: pd.DataFrame = frame[frame["conditions"] == frame["conditions"].iloc[-1]].reset_index(drop=True)
    return alike


def workloads_of(run: Run) -> list[str]:
    """The workloads that a run has, and the kinds of call of an observed publisher, as tables order them."""
    run = by_kind(run)
    frames = [each for each in (run.slices, run.queued) if len(each)]
    names = [name for each in frames for name in ordered(totals(counts_of(each))[WORKLOAD])["workload"]]
    return list(dict.fromkeys(map(str, names)))


def steps(frame: pd.DataFrame) -> pd.DataFrame:
    """The runs at which an exact metric has another value than in the run before; values by rounds have no steps.

    Args:
        frame: as ``history`` returns it.

    Returns:
        The rows of these runs, with the columns ``before`` (the former value), ``difference``, and ``since`` (the
        commit of the former run, or None).
    """
    exact = frame[frame["exact"]].reset_index(drop=True)
    before = exact.shift(1)
    stepped = exact.assign(
        before=before["value"], difference=exact["value"] - before["value"], since=before["commit"]
    )
    # The first run has nothing before it.
    found = stepped[(exact.index > 0) & (exact["value"] != before["value"])].reset_index(drop=True)
    return found.assign(since=found["since"].where(found["since"].notna(), None))


def _source(run: Run) -> dict[str, Any]:
    """The version of the code, where it is known."""
    source = run.meta.get("source") or {}
    return {"commit": source.get("commit"), "changed": source.get("changed")}


def _labels(run: Run) -> dict[str, str]:
    return {f"{LABEL}{key}": value for key, value in (run.meta.get("labels") or {}).items()}
