"""The capacities that a run searched for."""

from __future__ import annotations

from analysis.documents.blocks.attributes import attribute_fields
from analysis.documents.shapes import (
    Json,
    block,
    bounded,
    choice,
    filled,
    filled_rows,
    flag,
    interval,
    number,
    rows,
    text,
    whole,
)
from analysis.measures.capacity import QUANTILES, SEARCHED, capacities, levels, target
from wiretax.runs.reader import Run

FEW = "not measured, or too few events"
LEVEL_FIELDS = (
    number("share", "1", "Rate as a share of the capacity"),
    *(each for name in QUANTILES for each in bounded(f"{name}_s", f"Total latency ({name}) at that rate", FEW)),
)
OWN_FIELDS = (
    text("search", "Name of the workload without a rate"),
    *attribute_fields(SEARCHED),
    *interval(
        "capacity_per_second",
        "events/s",
        "Highest rate that is carried within the target, the median",
        "unknown",
        "capacity",
    ),
    flag("capacity_is_lower_bound", "Whether only the generator, or nothing, limited it", source="is_lower_bound"),
    flag("capacity_is_upper_bound", "Whether no probe kept the target", source="is_upper_bound"),
    flag("decided", "Whether the interval is as narrow as the plan asked for"),
    whole("probes", "probes", "Slices that the capacity is computed from"),
    choice(
        "limited_by",
        ("server", "connections", "generator"),
        "What was saturated first",
        null="no probe broke the target",
    ),
    number("calls_per_second", "calls/s", "Calls at the capacity", null="unknown"),
    number(
        "sent_bytes_per_second",
        "B/s",
        "HTTP bytes sent at the capacity",
        source="bytes_per_second",
        null="unknown",
    ),
    *interval("gain", "1", "Capacity over that of the trigger of the same arrivals", "no such trigger"),
    flag("gain_is_lower_bound", "Whether the gain may be any higher"),
    flag("gain_is_upper_bound", "Whether the gain may be any lower"),
    whole("curve", "1", "Number that searches share which differ in batch size and linger only"),
)
FIELDS = (*OWN_FIELDS, rows("levels", LEVEL_FIELDS, "Latencies at shares of the capacity"))
CAPACITIES = rows("capacities", FIELDS, "Of a run that searched for capacities: a row per search", optional=True)
TARGET_FIELDS = (
    number("p99_s", "s", "Longest time from arrival to response that 99 % of events may take"),
    number("within", "1", "Half the width of the interval that was asked for, as a share of the capacity"),
    number("time_s", "s", "Time that a search may take"),
    number("least", "events/s", "Lowest rate that was considered"),
    number("most", "events/s", "Highest rate that was considered"),
)
TARGET = block("capacity_target", TARGET_FIELDS, "What the capacities were searched for", optional=True)


def capacity_blocks(run: Run) -> Json:
    """What a run's searches found, and their target; empty if it had none."""
    table = capacities(run)
    if table.empty:
        return {}
    at = {search: filled_rows(LEVEL_FIELDS, each) for search, each in levels(table).groupby("search")}
    table["limited_by"] = table["limited_by"].replace("", None)
    return {
        "capacity_target": filled(TARGET_FIELDS, target(run)),
        "capacities": [
            {**filled(OWN_FIELDS, row), "levels": at[row["search"]]} for row in table.to_dict("records")
        ],
    }
