"""Annotations for GitHub Actions: lines of standard output that the job's page shows."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.gates.evaluation.result import Case, GateResult, subject_of
from wiretax.escaping import visible


def annotate(result: GateResult) -> Iterator[str]:
    """An error for each case that fails the gate, a warning for each undecided one that does not."""
    for reason in result.invalid_because:
        yield _line("error", "run is invalid", reason)
    for cases in result.findings:
        case = cases[0]
        yield _line(_level(case, result), f"{case.check}: {case.verdict}", f"{subject_of(cases)}: {case.message}")


def _level(case: Case, result: GateResult) -> str:
    if case.verdict == "skipped" or (case.verdict == "inconclusive" and result.inconclusive == "pass"):
        return "warning"
    return "error"


def _line(level: str, title: str, message: str) -> str:
    quoted = _quoted(f"wiretax {title}").replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={quoted}::{_quoted(message)}"


def _quoted(text: str) -> str:
    return "%0A".join(visible(line).replace("%", "%25") for line in text.split("\n"))
