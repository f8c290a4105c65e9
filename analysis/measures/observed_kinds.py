"""An observed publisher's workloads by kind of call, so that they have the same names in each of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from analysis.measures.counts import with_all_columns
from analysis.text.labels import call
from wiretax.runs.reader import Run

# What tells calls apart: the rest, as the payload's size or the client, is what may change from run to run.
KIND = ["api", "batch_size", "channels", "encrypted"]


def kinds_of(run: Run) -> dict[str, str]:
    """The kind of call of each workload, such as ``batch of 10``; empty if the run is not of an observed
    publisher."""
    if run.mode != "observe" or run.slices.empty:
        return {}
    rows = with_all_columns(run.slices)[["workload", *KIND]].drop_duplicates("workload").to_dict("records")
    return {row["workload"]: call(row) + (", encrypted" if row["encrypted"] else "") for row in rows}


def by_kind(run: Run, kinds: Mapping[str, str] | None = None) -> Run:
    """The run, in which workloads of one kind have one name.

    Args:
        run: any run.
        kinds: ``kinds_of`` the run, if that is known.
    """
    kinds = kinds_of(run) if kinds is None else kinds
    if not kinds:
        return run
    slices = run.slices.assign(workload=run.slices["workload"].map(kinds))
    delivery = run.delivery
    if len(delivery):
        delivery = delivery.assign(workload=delivery["workload"].map(kinds))
    return replace(run, slices=slices, delivery=delivery)
