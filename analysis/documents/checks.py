"""The document of ``wiretax doctor --json``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from analysis.documents.heading import EXIT_CODE, WIRETAX
from analysis.documents.shapes import Json, choice, flag, number, rows, schema, text, version
from wiretax import __version__

SCHEMA = 1
FINDING_FIELDS = (
    text("check", "What was checked"),
    choice(
        "level", ("ok", "note", "failed"), "failed if a run can't work; note if one does, but something is missing"
    ),
    text("message", "What the check found"),
    text("advice", "Why it matters and what to do", null="there is nothing to do"),
    number("duration_s", "s", "How long the check took", null="not timed"),
)
FIELDS = (
    version(SCHEMA),
    WIRETAX,
    text("endpoint", "URL of the server, without secrets", null="only this machine was checked"),
    flag("ok", "Whether no check failed"),
    EXIT_CODE,
    rows("findings", FINDING_FIELDS, "A row per check, in order"),
)


class Finding(Protocol):
    """The result of one check."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def found(self) -> str: ...
    @property
    def advice(self) -> str: ...
    @property
    def ms(self) -> float: ...


def checks_document(findings: Iterable[Finding], endpoint: str | None, unfit: int) -> Json:
    """What the checks found.

    Args:
        findings: the results.
        endpoint: the server's URL without secrets; None if only this machine was checked.
        unfit: the exit code if one failed.
    """
    made = [
        {
            "check": each.name,
            "level": each.state,
            "message": each.found,
            "advice": each.advice or None,
            "duration_s": None if endpoint is None else each.ms / 1e3,
        }
        for each in findings
    ]
    passed = all(each["level"] != "failed" for each in made)
    return {
        "schema": SCHEMA,
        "wiretax": __version__,
        "endpoint": endpoint,
        "ok": passed,
        # Alone, a machine has no connection whose failure would stop a run.
        "exit_code": 0 if passed or endpoint is None else unfit,
        "findings": made,
    }


def checks_schema() -> Json:
    """Its JSON Schema."""
    return schema("wiretax doctor --json", "What wiretax doctor found", FIELDS)
