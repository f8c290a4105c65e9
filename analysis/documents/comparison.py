"""The JSON Schema of ``wiretax compare --json``; ``analysis.comparison.document`` makes the document."""

from __future__ import annotations

from analysis.documents.heading import LABELS, SOURCE
from analysis.documents.shapes import (
    Json,
    block,
    choice,
    flag,
    number,
    rows,
    schema,
    text,
    texts,
    version,
    whole,
)

SIDE_FIELDS = (
    text("run", "Name of the run"),
    text("started", "When it began (ISO 8601, UTC)", null="unknown"),
    text("plan", "Name of its plan", null="unknown"),
    text("wiretax", "Version of wiretax that measured it", null="unknown"),
    LABELS,
    SOURCE,
    flag("valid", "Whether its figures may be used"),
    texts("invalid_because", "A sentence per reason not to use them"),
)
NOT_EXACT = "not exact in that run"
PARTS = (
    *("request_line", "auth_query", "headers", "payload", "encryption", "envelope"),
    *("response", "delivery"),
)
CAUSE_FIELDS = (
    text("what", "A difference that explains bytes"),
    number("bytes", "B", "Bytes that it adds; negative if it saves some"),
)
CHANGE_FIELDS = (
    choice("part", PARTS, "Part that differs"),
    choice("per", ("call", "event", "delivery"), "What the bytes are of: a call, an event or a delivery"),
    number("before", "B", "Bytes in the first run"),
    number("after", "B", "Bytes in the second run"),
    rows("causes", CAUSE_FIELDS, "Causes of the difference"),
    number("unexplained", "B", "Bytes of the difference that its causes do not explain; 0 without causes"),
)
WORKLOAD_FIELDS = (
    text("workload", "Name of the workload"),
    flag("exact", "Whether the bytes are the same in each run of the same code"),
    block(
        "sent_per_event",
        (
            number("before", "B", "HTTP bytes sent per event in the first run", null=NOT_EXACT),
            number("after", "B", "HTTP bytes sent per event in the second run", null=NOT_EXACT),
        ),
        "HTTP bytes sent per event",
    ),
    rows("changes", CHANGE_FIELDS, "Parts that differ"),
)
MEASURED_FIELDS = (
    number("value", "that in unit", "Median over rounds", null="unknown"),
    number("low", "that in unit", "Lower end of its interval", null="unknown"),
    number("high", "that in unit", "Upper end of its interval", null="unknown"),
    flag("is_lower_bound", "Whether the true value may be any larger one"),
    whole("rounds", "rounds", "Rounds that have a value"),
)
TIME_FIELDS = (
    text("workload", "Name of the workload"),
    text("metric", "Name of the metric, as in gates"),
    text("unit", "Unit of its values"),
    block("before", MEASURED_FIELDS, "The first run"),
    block("after", MEASURED_FIELDS, "The second run"),
    number("ratio", "1", "The second over the first", null="unknown"),
    choice("intervals", ("differ", "no difference shown", "unknown"), "What the intervals show"),
)
FIELDS = (
    version(1),
    block("before", SIDE_FIELDS, "The first run"),
    block("after", SIDE_FIELDS, "The second run"),
    flag("differs", "Whether bytes or workloads differ; times never count"),
    rows("workloads", WORKLOAD_FIELDS, "Workloads that both runs have"),
    texts("only_before", "Workloads of the first run only"),
    texts("only_after", "Workloads of the second run only"),
    rows("times", TIME_FIELDS, "Rates and times of workloads that both runs have; empty if they don't compare"),
    texts("times_not_comparable", "A sentence per reason why times don't compare"),
)


def comparison_schema() -> Json:
    """The JSON Schema."""
    return schema("wiretax compare --json", "Two saved runs side by side", FIELDS)
