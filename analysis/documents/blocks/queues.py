"""The queues of a run: bytes, losses and times of events that arrive at a rate."""

from __future__ import annotations

import pandas as pd

from analysis.documents.blocks.attributes import WORKLOAD, attribute_fields
from analysis.documents.shapes import Field, Json, bounded, filled_rows, flag, number, rows, whole
from analysis.measures.queues import KINDS, QUANTILES, SETTINGS

FEW = "too few events"
WHAT = {
    "waiting": "from an event's arrival to the start of its call",
    "wire": "from the start of its call to the response",
    "total": "from an event's arrival to the response",
}
WHICH = {
    "p50": "Median time",
    "p90": "90th percentile of the time",
    "p99": "99th percentile of the time",
    "p999": "99.9th percentile of the time",
    "max": "Longest time",
}


def time_fields(what: dict[str, str], quantiles: dict[str, float], of: str) -> tuple[Field, ...]:
    """The percentiles of each kind of time, with the number of samples."""
    found: list[Field] = []
    for kind, meaning in what.items():
        for name in quantiles:
            found += bounded(f"{kind}_{name}_s", f"{WHICH[name]} {meaning}", FEW)
        found.append(whole(f"{kind}_samples", of, f"{of.capitalize()} that have such a time", null="none"))
    return tuple(found)


FIELDS = (
    WORKLOAD,
    *attribute_fields(SETTINGS),
    whole("intended_events", "events", "Events that were to arrive, over all rounds", source="intended"),
    whole("arrived_events", "events", "Events that arrived", source="arrived"),
    whole("acknowledged_events", "events", "Events that the server acknowledged", source="acknowledged"),
    whole("lost_events", "events", "Events of calls that were not acknowledged", source="lost"),
    whole("left_events", "events", "Events that were still in the queue when their round ended", source="left"),
    whole("unsent_events", "events", "Events that were never sent", source="unsent"),
    whole("rounds", "rounds", "Measured rounds"),
    number("overloaded_share", "1", "Share of rounds in which the queue grew", source="overloaded"),
    flag("is_overloaded", "Whether the queue grew in half of the rounds; its times are lower bounds then"),
    number("arrived_per_second", "events/s", "Rate at which events arrived", source="reached", null="none was to"),
    number("kept_up", "1", "Share of its rate that the generator reached", null="no event was to arrive"),
    number("events_per_second", "events/s", "Acknowledged events", null="no whole slice"),
    number("events_per_call", "events", "Mean number of events of a call", source="fill", null="no calls"),
    number("depth_mean_events", "events", "Mean depth of the queue", source="depth_mean", null="unknown"),
    whole("depth_max_events", "events", "Greatest depth of the queue", source="depth_max", null="unknown"),
    number(
        "sent_bytes_per_event",
        "B",
        "HTTP bytes sent",
        source="sent_per_event",
        null="no event was acknowledged",
    ),
    number(
        "saving",
        "1",
        "Share of the trigger's sent bytes per event that is not sent, at the same arrivals",
        null="no trigger of the same arrivals",
    ),
    *time_fields({kind: WHAT[kind] for kind in KINDS}, QUANTILES, "events"),
    number(
        "generator_late_p99_s",
        "s",
        "How late the generator was (99th percentile), in its worst round",
        source="late_p99_s",
        null="unknown",
    ),
    number(
        "generator_late_max_s",
        "s",
        "How late the generator was at most, in its worst round",
        source="late_max_s",
        null="unknown",
    ),
    whole("curve", "1", "Number that workloads share which differ in batch size and linger only"),
    flag(
        "is_on_frontier",
        "Whether no other workload of its curve that keeps up has both fewer bytes per event and a lower p99",
        source="frontier",
    ),
)
QUEUES = rows(
    "queues", FIELDS, "Of a run with queues: a row per workload whose events arrive at a rate", optional=True
)


def queue_rows(table: pd.DataFrame) -> list[Json]:
    """The rows of a table of ``queues.queue_frontier``."""
    return filled_rows(FIELDS, table)
