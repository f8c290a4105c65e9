"""What documents of a run begin with: which run it is, and whether its figures may be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from analysis.documents.shapes import Field, Json, block, flag, number, rows, text, texts, version, whole
from wiretax import __version__
from wiretax.runs.reader import Run

SCHEMA = 1
UNKNOWN = "unknown"
NO_RUN = "nothing was published, so there is no run"
LABELS = Field("labels", {"type": "object", "additionalProperties": {"type": "string"}}, "Labels of the run")
SOURCE = block(
    "source",
    (
        text("commit", "Commit, in full", null=UNKNOWN, optional=True),
        text("branch", "Name of the branch", null=UNKNOWN, optional=True),
        flag("changed", "Whether files differed from the commit", null=UNKNOWN, optional=True),
        whole("pull_request", "1", "Number of the pull request", null="none, or unknown", optional=True),
        text("provider", "CI system: github, gitlab, buildkite or jenkins", null="none", optional=True),
    ),
    "Version of the code that the run was started in; empty in runs of older versions",
)
# Exchanges by their end.
ENDS = {
    "sent": "Calls that were begun",
    "acknowledged": "Calls whose events the server published",
    "rejected": "Calls that the server answered without publishing",
    "failed": "Calls that were not sent completely",
    "unknown": "Calls without a complete response; their events may be published",
}
CORES = {
    "generator": "wiretax or the observed command",
    "mock": "the built-in mock",
    "server": "the local server at the endpoint",
    "others": "other processes",
}
FAILURE_FIELDS = (
    text("workload", "Name of the workload"),
    text("kind", "Kind of failure"),
    whole("status", "1", "Status of the response; 0 without one"),
    text("message", "What the server or the connection reported"),
    whole("count", "calls", "Calls that failed in this way"),
)
WIRETAX = text("wiretax", "Version of wiretax that printed this document")
EXIT_CODE = whole("exit_code", "1", "Exit code of the command")
FIELDS: tuple[Field, ...] = (
    version(SCHEMA),
    WIRETAX,
    text("run", "Name of the run", null=NO_RUN),
    text("folder", "Folder that the run is saved in", null="it is not saved"),
    text("not_saved_because", "Why the run is not in the folder that was meant for it", null="it is"),
    text("mode", "How the load was driven: sweep, free or observe"),
    text("plan", "Name of the plan"),
    text("started", "When the run began (ISO 8601, UTC)", null=NO_RUN),
    text("finished", "When it ended (ISO 8601, UTC)", null=NO_RUN),
    text("endpoint", "URL of the server, without secrets", null=NO_RUN),
    text("against", "URL of the second server, without secrets", null="only one server was measured"),
    LABELS,
    SOURCE,
    whole("users", "users", "Users, each with a connection", null=NO_RUN),
    whole("rounds", "rounds", "Measured rounds"),
    flag("valid", "Whether the figures may be used"),
    texts("invalid_because", "A sentence per reason not to use them; empty if they are valid"),
    flag("interrupted", "Whether the run was interrupted; it has what was measured until then"),
    texts("warnings", "A sentence per warning"),
    EXIT_CODE,
    block(
        "calls",
        [whole(name, "calls", what) for name, what in ENDS.items()],
        "Calls by their end",
        null="not counted",
    ),
    flag("byte_counts_agree", "Whether the independent counts of bytes agree", null=NO_RUN),
    block(
        "cpu_cores",
        [number(name, "cores", f"Processors used by {what}", null="unknown") for name, what in CORES.items()],
        "Processor time per second",
    ),
    rows("failures", FAILURE_FIELDS, "Failed calls by workload and kind"),
)


# There is always a run, unless an observed command published nothing.
RUN_FIELDS = tuple(replace(each, null="") if each.null == NO_RUN else each for each in FIELDS)


def heading(run: Run, exit_code: int, problem: str = "") -> Json:
    """The beginning of a run's document.

    Args:
        run: a run.
        exit_code: of the command.
        problem: why it is not in the folder that was meant for it; empty if it is.
    """
    meta = run.meta
    plan, outcome, busy = meta.get("plan") or {}, meta.get("outcome"), meta.get("busy") or {}
    return {
        "schema": SCHEMA,
        "wiretax": __version__,
        "run": run.folder.name,
        "folder": str(run.folder) if run.is_saved else None,
        "not_saved_because": problem or None,
        "mode": run.mode,
        "plan": plan.get("name"),
        "started": meta.get("started"),
        "finished": meta.get("finished"),
        "endpoint": meta.get("endpoint"),
        "against": meta.get("against"),
        "labels": dict(meta.get("labels") or {}),
        "source": dict(meta.get("source") or {}),
        "users": plan.get("users"),
        "rounds": meta["rounds_measured"],
        "valid": meta["valid"],
        "invalid_because": list(meta["invalid_because"]),
        "interrupted": meta["interrupted"],
        "warnings": list(meta["warnings"]),
        "exit_code": exit_code,
        "calls": None if outcome is None else {name: outcome[name] for name in ENDS},
        "byte_counts_agree": meta["reconcile"]["agrees"],
        "cpu_cores": {name: busy.get(name) for name in CORES},
        "failures": [_failure(each) for each in run.failures.to_dict("records")],
    }


def _failure(row: Mapping[Any, Any]) -> Json:
    return {each.name: each.value(row) for each in FAILURE_FIELDS}
