"""Deliveries by kind of call: the payloads of an observed publisher may differ from call to call."""

from __future__ import annotations

import pandas as pd

from analysis.measures.queues import SETTINGS as QUEUE_SETTINGS
from wiretax.runs.files.histograms import Histograms
from wiretax.runs.reader import Run

SETTINGS = [*QUEUE_SETTINGS, "channels"]
SAME_KIND = [each for each in SETTINGS if each not in ("workload", "payload_bytes")]


def by_kind_of_call(run: Run) -> tuple[pd.DataFrame, Histograms]:
    """``delivery.parquet`` and its histograms. Of an observed run, workloads that differ only in the size of the
    payload have the name of the first of them."""
    if run.mode != "observe":
        return run.delivery, run.delays
    names = run.delivery.groupby(SAME_KIND, sort=False, dropna=False)["workload"].transform("first")
    renamed = dict(zip(run.delivery["workload"], names, strict=True))
    times = run.delivery_times
    times = times.assign(workload=times["workload"].astype(str).map(renamed))
    return run.delivery.assign(workload=names), Histograms.of_frame(times)
