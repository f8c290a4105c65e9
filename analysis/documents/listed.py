"""The document of ``wiretax runs --json``: the runs of a results folder, by their ``run.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.documents.heading import LABELS, SOURCE, WIRETAX
from analysis.documents.shapes import Json, flag, number, rows, schema, text, version
from wiretax import __version__
from wiretax.runs.catalogue.listing import ListedRun, Unreadable

NOT_MEASURED = "not measured, or not stored by an older version"
# By property: the figure of ``run.json``, and its name there.
FIGURES = {
    "trigger_sent_bytes_per_event": ("trigger", "sent_per_event"),
    "batch_sent_bytes_per_event": ("batch", "sent_per_event"),
    "gain": ("gain", "gain"),
}
RUN_FIELDS = (
    text("run", "Name of the run"),
    text("folder", "Its folder"),
    text("started", "When it was set up (ISO 8601, UTC)", null="it does not say"),
    text("plan", "Name of its plan"),
    LABELS,
    SOURCE,
    flag("valid", "Whether its figures may be used"),
    flag("interrupted", "Whether it was interrupted"),
    number(
        "trigger_sent_bytes_per_event", "B", "HTTP bytes sent per event of the smallest trigger", null=NOT_MEASURED
    ),
    number("batch_sent_bytes_per_event", "B", "The same of the batch compared with it", null=NOT_MEASURED),
    number("gain", "1", "Largest gain, per message, against the trigger of the same events", null=NOT_MEASURED),
)
UNREADABLE_FIELDS = (text("folder", "Folder that is not a run or can't be read"), text("why", "The reason"))
FIELDS = (
    version(1),
    WIRETAX,
    rows("runs", RUN_FIELDS, "A row per run that the filters keep, newest first"),
    rows("unreadable", UNREADABLE_FIELDS, "Other folders in the results folder"),
)


def runs_document(listed: Sequence[tuple[ListedRun, Mapping[str, Any]]], others: Sequence[Unreadable]) -> Json:
    """The document.

    Args:
        listed: the runs, each with its figures.
        others: folders that are no runs.
    """
    return {
        "schema": 1,
        "wiretax": __version__,
        "runs": [_row(run, figures) for run, figures in listed],
        "unreadable": [{"folder": str(each.folder), "why": each.why} for each in others],
    }


def runs_schema() -> Json:
    """The JSON Schema."""
    return schema("wiretax runs --json", "The saved runs of a results folder", FIELDS)


def _row(run: ListedRun, figures: Mapping[str, Any]) -> Json:
    return {
        "run": run.folder.name,
        "folder": str(run.folder),
        "started": None if run.started is None else run.started.isoformat(),
        "plan": run.plan,
        "labels": dict(run.labels),
        "source": run.source.as_dict(),
        "valid": run.valid,
        "interrupted": run.interrupted,
        **{name: (figures.get(place) or {}).get(key) for name, (place, key) in FIGURES.items()},
    }
