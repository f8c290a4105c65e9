"""summary.md: the result as a CI job's page shows it."""

from __future__ import annotations

import re

from analysis.gates.evaluation.phrases import measured, span
from analysis.gates.evaluation.result import Case, GateResult, subject_of
from wiretax.escaping import visible

SIGNS = {"pass": "✅", "fail": "❌", "inconclusive": "❔", "invalid": "⛔", "skipped": "⏭️"}
WORDS = {0: "passed", 3: "failed", 4: "undecided", 5: "invalid"}
# Characters that are markup or would end a table's cell.
MARKUP = re.compile(r"([\\`*_{}\[\]<>|~#!&@])")


def summary_md(result: GateResult) -> bytes:
    """The file: the verdict, why the run is invalid if it is, and a table that begins with what did not
    pass."""
    lines = [
        f"### wiretax gate: {WORDS[result.exit_code]}",
        "",
        f"{result.sentence}. Plan {text(result.plan)}, run {text(result.run)}.",
        "",
    ]
    lines += [f"- ⛔ {text(reason)}" for reason in result.invalid_because]
    if result.invalid_because:
        lines.append("")
    lines += ["| | check | workload | measured | limit |", "|---|---|---|---|---|"]
    passed = [case for case in result.cases if case.verdict == "pass"]
    skipped = [case for case in result.cases if case.verdict == "skipped"]
    other = [case for case in result.cases if case.verdict not in ("pass", "skipped")]
    lines += [_row(case) for case in (*other, *passed, *skipped)]
    explained = [
        f"- {SIGNS[cases[0].verdict]} {text(cases[0].check)}, {text(subject_of(cases))}: {text(cases[0].message)}"
        for cases in result.findings
    ]
    if explained:
        lines += ["", *explained]
    if result.notes:
        lines += ["", *(f"- {text(note)}" for note in result.notes)]
    return ("\n".join(lines) + "\n\n").encode()


def _row(case: Case) -> str:
    cells = (case.check, case.subject, measured(case), span(case) or "-")
    return f"| {SIGNS[case.verdict]} | " + " | ".join(text(cell) for cell in cells) + " |"


def text(value: str) -> str:
    """A value as plain text, on one line."""
    return MARKUP.sub(r"\\\1", visible(" ".join(value.split())))
