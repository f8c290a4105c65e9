"""The figures that a list of runs shows: bytes of an event alone and in a batch, and the largest gain.

They are stored in ``run.json`` when a run is saved, since reading the tables of many runs takes long.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.measures.counts import SliceCounts, key_of
from analysis.measures.representative import representative_order
from analysis.measures.throughput import has_comparable_rates, ratio_by_round
from wiretax.runs.mode import mode_in
from wiretax.runs.reader import RunNotFoundError, read_run
from wiretax.runs.record import RunRecord
from wiretax.runs.run_tables import RunTables

# The key of ``run.json``.
HEADLINE = "headline"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one workload.

    Attributes:
        workload: its name.
        value: bytes sent per acknowledged event, or a gain (ratio).
    """

    workload: str
    value: float


@dataclass(frozen=True, slots=True)
class Headline:
    """The figures of a run; None is what it did not measure.

    Attributes:
        trigger: bytes sent per event of the smallest trigger.
        batch: of the largest batch that is compared with it; without one, of the batch of the smallest payload.
        gain: the largest gain.
    """

    trigger: Figure | None
    batch: Figure | None
    gain: Figure | None

    def as_dict(self) -> dict[str, Any]:
        """As ``run.json`` keeps it."""
        return {
            "trigger": _as_dict(self.trigger, "sent_per_event"),
            "batch": _as_dict(self.batch, "sent_per_event"),
            "gain": _as_dict(self.gain, "gain"),
        }


def add_headline(record: RunRecord | RunTables) -> None:
    """Add the figures of a run that is about to be saved to its ``run.json``."""
    if isinstance(record, RunTables):
        slices = record.tables["slices"].to_pandas(use_threads=False)
    else:
        slices = pd.DataFrame(record.slices)
    is_queued = slices["rate"] > 0 if "rate" in slices else pd.Series(False, slices.index)
    sent, queued = SliceCounts.of(slices[~is_queued]), SliceCounts.of(slices[is_queued])
    sent.mode = mode_in(record.meta)
    record.meta[HEADLINE] = headline(sent, queued).as_dict()


def read_headline(folder: Path) -> dict[str, Any]:
    """The figures of a run that does not store them, from its slices; empty if those can't be read."""
    try:
        run = read_run(folder, ["slices"])
    except RunNotFoundError:
        return {}
    return headline(SliceCounts.of(run.slices), SliceCounts.of(run.queued)).as_dict()


def headline(sent: SliceCounts, queued: SliceCounts) -> Headline:
    """The figures of a run, equal to those of its tables.

    Args:
        sent: counts of workloads that are sent as fast as they are answered.
        queued: counts of those whose events arrive in a queue: they have no gain.
    """
    workloads = {**sent.workloads, **queued.workloads}
    figures = {
        name: Figure(name, counts["sent"] / counts["events"])
        for counted in (sent, queued)
        for name in counted.workloads
        if (counts := counted.counts(name))["events"] and counts["sent"] is not None
    }

    def order(name: str) -> tuple[Any, ...]:
        described = workloads[name]
        return described["payload_bytes"], *representative_order(described), -described["batch_size"]

    triggers, batches = (
        [name for name in figures if workloads[name]["api"] == api] for api in ("trigger", "batch")
    )
    trigger = min(triggers, key=order, default=None)
    compared = [
        name for name in batches if trigger is not None and key_of(workloads[name]) == key_of(workloads[trigger])
    ]
    nearest = min(batches, key=order, default=None)
    batch = max(compared, key=lambda name: workloads[name]["batch_size"], default=nearest)
    return Headline(
        None if trigger is None else figures[trigger],
        None if batch is None else figures[batch],
        max(_gains(sent), key=lambda figure: figure.value, default=None),
    )


def _gains(counted: SliceCounts) -> list[Figure]:
    if not has_comparable_rates(counted):
        return []
    gains = [
        Figure(name, ratio_by_round(counted.rates(name), counted.rates(trigger), counted.starts).estimate)
        for name, trigger in counted.triggers.items()
        if name != trigger
    ]
    return [each for each in gains if not isnan(each.value)]


def _as_dict(figure: Figure | None, name: str) -> dict[str, Any] | None:
    return None if figure is None else {"workload": figure.workload, name: figure.value}
