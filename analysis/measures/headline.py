"""The figures that a list of runs shows: bytes of an event alone and in a batch, and the largest gain.

They are stored in ``run.json`` when a run is saved, since reading the tables of many runs takes long.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Any

from analysis.measures.counts import SliceCounts
from analysis.measures.representative import representative_order
from analysis.measures.throughput import has_comparable_rates, ratio_by_round
from wiretax.runs.mode import mode_in
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
    counted = (
        SliceCounts(record.slices)
        if isinstance(record, RunRecord)
        else SliceCounts.of(record.tables["slices"].to_pandas(use_threads=False))
    )
    counted.mode = mode_in(record.meta)
    record.meta[HEADLINE] = headline(counted).as_dict()


def headline(counted: SliceCounts) -> Headline:
    """The figures of a run, equal to those of its table."""
    sent = {
        name: Figure(name, counts["sent"] / counts["events"])
        for name in counted.workloads
        if (counts := counted.counts(name))["events"] and counts["sent"] is not None
    }
    batches = _of_api(counted, sent, "batch")
    trigger = min(_of_api(counted, sent, "trigger"), key=lambda name: _order(counted, name), default=None)
    compared = [name for name in batches if trigger is not None and counted.triggers.get(name) == trigger]
    nearest = min(batches, key=lambda name: _order(counted, name), default=None)
    batch = max(compared, key=lambda name: counted.workloads[name]["batch_size"], default=nearest)
    return Headline(
        None if trigger is None else sent[trigger],
        None if batch is None else sent[batch],
        max(_gains(counted), key=lambda figure: figure.value, default=None),
    )


def _of_api(counted: SliceCounts, names: dict[str, Figure], api: str) -> list[str]:
    return [name for name in names if counted.workloads[name]["api"] == api]


def _order(counted: SliceCounts, name: str) -> tuple[Any, ...]:
    described = counted.workloads[name]
    return described["payload_bytes"], *representative_order(described), -described["batch_size"]


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
