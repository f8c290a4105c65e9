"""The JSON Schema of ``wiretax history --json``; ``analysis.history.document`` makes the document."""

from __future__ import annotations

from analysis.documents.heading import LABELS
from analysis.documents.shapes import Json, flag, number, rows, schema, text, version

UNIT = "that in unit"
COMMIT = text("commit", "Commit of the code that the run was started in", null="unknown")
SINCE = text("since", "Commit of the run before", null="unknown")
RUN_FIELDS = (
    text("run", "Name of the run"),
    text("started", "When it began (ISO 8601, UTC)"),
    COMMIT,
    flag("changed", "Whether files differed from that commit", null="unknown"),
    LABELS,
    number("value", UNIT, "Value of the metric, the median over rounds if it is not exact"),
    number("low", UNIT, "Lower end of its 95 % interval", null="it is exact, or unknown"),
    number("high", UNIT, "Upper end of its 95 % interval", null="it is exact, or unknown"),
)
STEP_FIELDS = (
    text("run", "Name of the first run with the new value"),
    COMMIT,
    SINCE,
    number("before", UNIT, "Value of the run before"),
    number("value", UNIT, "New value"),
    number("difference", UNIT, "New value minus the one before"),
)
CHANGE_FIELDS = (
    text("run", "Name of the first run after the change"),
    COMMIT,
    SINCE,
    number("before", UNIT, "Mean before it, up to the change before"),
    number("after", UNIT, "Mean from it on, up to the next change"),
    number("p", "1", "Probability of such a difference by chance"),
)
FIELDS = (
    version(1),
    text("workload", "Name of the workload, or of the kind of call of an observed publisher"),
    text("metric", "Name of the metric, as in gates"),
    text("unit", "Unit of its values"),
    flag("exact", "Whether the value is the same in every run of the same code"),
    rows("runs", RUN_FIELDS, "A row per run, oldest first"),
    rows("steps", STEP_FIELDS, "Runs at which an exact value changed"),
    rows("change_points", CHANGE_FIELDS, "Runs at which a noisy value changed", null="nothing looked for them"),
)


def history_schema() -> Json:
    """The JSON Schema."""
    return schema("wiretax history --json", "One metric of one workload across saved runs", FIELDS)
