"""The list of runs as it is printed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.tables.runs_table import print_runs, print_unreadable
from wiretax.escaping import EscapingConsole
from wiretax.runs.catalogue.listing import ListedRun, Unreadable
from wiretax.runs.provenance.source import Source

FIGURES: dict[str, Any] = {
    "trigger": {"workload": "t", "sent_per_event": 1473.0},
    "batch": {"workload": "b", "sent_per_event": 195.55},
    "gain": {"workload": "b", "gain": 5.477},
}
RUNS: list[tuple[ListedRun, dict[str, Any]]] = [
    (
        ListedRun(
            Path("results/second"),
            datetime(2026, 1, 31, 12, 30, 59, tzinfo=UTC),
            "quick",
            {"team": "search", "kind": "nightly"},
            Source("0123456789" * 4, "feature/日本", True, 12, "github"),
        ),
        FIGURES,
    ),
    (ListedRun(Path("results/first"), None, "observe", valid=False, interrupted=True), {"gain": None}),
]
WHOLE = """\
trigger batch gain
run started, UTC plan commit branch labels valid B/event B/event x
second 2026-01-31 12:30 quick 01234567+ feature/日本 #12 team=search, kind=nightly yes 1,473.0 195.6 5.48
first - observe - - - no, interrupted - - -

trigger: HTTP bytes sent per event, of the smallest trigger; batch: of the batch compared with it
gain: the largest of the run, per message, against the trigger of the same payload and client
+: files were changed since the commit
"""


def printed(runs: list[tuple[ListedRun, dict[str, Any]]], width: int = 0) -> str:
    console = EscapingConsole(width=width or 200, force_terminal=bool(width), no_color=True, color_system=None)
    with console.capture() as capture:
        print_runs(runs, console)
    return capture.get()


def test_in_a_file_the_table_is_whole() -> None:
    lines = printed(RUNS).splitlines()
    assert [" ".join(line.split()) for line in lines] == WHOLE.splitlines()
    # Columns are aligned: numbers to the right, and characters that take two cells count as two.
    assert len(lines[1]) == len(lines[3]) == len(lines[2]) + 2


def test_a_narrow_terminal_names_the_columns_that_are_left_out() -> None:
    said = printed(RUNS, width=80)
    table = said.split("\n\n")[0]
    assert all(len(line) <= 80 for line in table.splitlines())
    assert "not shown on a terminal this narrow: started, UTC, plan, " in said
    assert "second" in table
    assert printed(RUNS, width=5).splitlines()[0].strip() == "run"


def test_text_of_a_run_can_not_act() -> None:
    hostile = ListedRun(Path("results/\x1b[2J[red]x"), None, "::error::x", {"a": "[b]" + "x" * 100})
    said = printed([(hostile, {})])
    assert "\\x1b[2J[red]x" in said
    assert f"a=[b]{'x' * 40}..." in said
    assert "\x1b" not in said


def test_what_is_no_run() -> None:
    console = EscapingConsole(width=200, no_color=True)
    with console.capture() as capture:
        print_unreadable([Unreadable(Path("results/[x]"), "it has no run.json")], console)
    assert capture.get() == "unreadable  results/[x]: it has no run.json\n"
