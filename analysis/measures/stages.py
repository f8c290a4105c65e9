"""The stages of a free run, each by itself: users, rates, bytes and latencies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.measures.counts import SliceCounts
from analysis.measures.summary import summarise

if TYPE_CHECKING:
    from wiretax.runs.run import Run


@dataclass(frozen=True, slots=True)
class StageSummary:
    """One stage.

    Attributes:
        number: from 0.
        users: how many Locust was told to have; None if the run does not say.
        user_classes: the classes that Locust was told to start or stop; empty for all.
        seconds: how long it was measured.
        workloads: ``summary.summarise`` of it, with rates over the whole stage, its ramp-up included.
    """

    number: int
    users: int | None
    user_classes: tuple[str, ...]
    seconds: float
    workloads: pd.DataFrame


def stage_numbers(run: Run) -> list[int]:
    """The stages with rows in a run, in order; none unless the load had several."""
    numbers = sorted(run.slices["stage"].unique().tolist()) if "stage" in run.slices else []
    return numbers if len(numbers) > 1 else []


def summarise_stages(run: Run, numbers: list[int]) -> Iterator[StageSummary]:
    """These stages of a run."""
    told: list[dict[str, Any]] = run.meta["plan"].get("stages") or []
    latency = run.latency
    for number in numbers:
        slices = run.slices[run.slices["stage"] == number]
        # A round belongs to one stage.
        workloads = summarise(slices, latency[latency["round"].isin(slices["round"])])
        counted = SliceCounts.of(slices)
        # Windows that a stage cuts short would weigh as much as whole ones in a median.
        workloads["events_per_second"] = [counted.rate(name, "events") for name in workloads["workload"]]
        stage = told[number] if number < len(told) else {}
        seconds = (slices["started_s"] + slices["duration_s"]).max() - slices["started_s"].min()
        classes = tuple(stage.get("user_classes", ()))
        yield StageSummary(number, stage.get("users"), classes, float(seconds), workloads)
