"""The stages of queues whose rate changes, and their recovery after a spike."""

from __future__ import annotations

from analysis.documents.blocks.attributes import WORKLOAD
from analysis.documents.shapes import Json, bounded, filled, filled_rows, flag, number, rows, text, whole
from analysis.measures.rate_stages import recoveries, recovery_of, summarise_rate_stages
from wiretax.runs.reader import Run

STAGE_FIELDS = (
    WORKLOAD,
    whole("stage", "1", "Number of the stage, from 0"),
    text("name", "Name of the stage; empty if it has none"),
    number("first_rate", "events/s", "Rate at the beginning of the stage", source="first"),
    number("last_rate", "events/s", "Rate at its end", source="last"),
    number("duration_s", "s", "Length of the stage", source="seconds"),
    whole("intended_events", "events", "Events that were to arrive, over all rounds", source="intended"),
    whole("arrived_events", "events", "Events that arrived", source="arrived"),
    whole("acknowledged_events", "events", "Those of them that the server acknowledged", source="acknowledged"),
    whole("lost_events", "events", "Those of them whose call was not acknowledged", source="lost"),
    whole("unsent_events", "events", "Those of them that were never sent", source="unsent"),
    whole(
        "left_events", "events", "Events in the queue at the end of the stage, the most of a round", source="left"
    ),
    whole("rounds", "rounds", "Measured rounds"),
    number("overloaded_share", "1", "Share of rounds in which the queue grew", source="overloaded"),
    number("arrived_per_second", "events/s", "Rate at which events arrived", source="arriving", null="unknown"),
    number("events_per_second", "events/s", "Events acknowledged in the stage", null="none"),
    whole("depth_max_events", "events", "Greatest depth of the queue", source="depth_max"),
    number("sent_bytes_per_event", "B", "HTTP bytes sent", source="sent_per_event", null="none was acknowledged"),
    *bounded("total_p50_s", "Median time from arrival to response", "too few events"),
    *bounded("total_p99_s", "99th percentile of the time from arrival to response", "too few events"),
    whole("total_samples", "events", "Events that have such a time", null="none"),
)
STAGES = rows("stages", STAGE_FIELDS, "Of queues whose rate changes: a row per workload and stage", optional=True)
RECOVERY_FIELDS = (
    WORKLOAD,
    number(
        "recovery_s",
        "s",
        "Time after the spike until latency and depth were normal again, the median over rounds",
        null="unknown",
    ),
    flag("recovery_s_is_lower_bound", "Whether most rounds ended before the queue had recovered"),
)
RECOVERIES = rows(
    "recoveries", RECOVERY_FIELDS, "Of queues whose rate has a spike: a row per workload", optional=True
)


def stage_rows(run: Run) -> list[Json]:
    """The stages of queues whose rate changes."""
    return filled_rows(STAGE_FIELDS, summarise_rate_stages(run))


def recovery_rows(run: Run) -> list[Json]:
    """How long queues took to recover."""
    found = []
    for workload, rounds in recoveries(run).groupby("workload", sort=False):
        seconds, is_lower_bound = recovery_of(rounds)
        row = {"workload": workload, "recovery_s": seconds, "recovery_s_is_lower_bound": is_lower_bound}
        found.append(filled(RECOVERY_FIELDS, row))
    return found
