"""The result of a gate on the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from analysis.gates.evaluation.phrases import figure, measured, span, unit_of
from analysis.gates.evaluation.result import Case, GateResult, Verdict, subject_of
from analysis.gates.measured.metrics import METRICS
from analysis.gates.outputs.annotations import annotate
from analysis.text.terminal_table import print_whole, width_of

if TYPE_CHECKING:
    # With pandas, which the list of metrics does without.
    from analysis.gates.evaluation.acceptance import Change

STYLES: dict[Verdict, str] = {
    "pass": "green",
    "fail": "red",
    "inconclusive": "yellow",
    "invalid": "red",
    "skipped": "dim",
}
# The smallest width of a folded column.
LEAST_ROOM = 16


def print_result(result: GateResult, console: Console) -> None:
    """Print the cases, explanations of those that did not pass, and the verdict; annotations under GitHub
    Actions."""
    say = partial(console.print, soft_wrap=not console.is_terminal)
    table = _plain_table("verdict", "check")
    # The names of a pair are long.
    table.add_column("workload", overflow="fold")
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("limit", no_wrap=True)
    for cases in _lines(result):
        first = cases[0]
        style = STYLES[first.verdict]
        cells = (first.check, subject_of(cases), _measured(cases), _limit(cases))
        table.add_row(f"[{style}]{first.verdict}[/{style}]", *(escape(cell) for cell in cells))
    _print_table(table, console, folded=2)
    console.print()
    for reason in result.invalid_because:
        say(f"[red]invalid[/red]  {escape(reason)}")
    for cases in result.findings:
        case = cases[0]
        style = STYLES[case.verdict]
        about = f"{case.check}, {subject_of(cases)}" if case.workload else case.check
        say(f"[{style}]{case.verdict}[/{style}]  {escape(about)}: {escape(case.message)}")
    for note in result.notes:
        say(f"[dim]note  {escape(note)}[/dim]")
    say(f"gate {escape(result.gates)}: {escape(result.sentence)}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotate(result):
            # A string could not have a command.
            console.print(Text(line), soft_wrap=True)


def print_metrics(console: Console) -> None:
    """Print the metrics that a check can use."""
    table = _plain_table("metric", "unit", "better", "kind")
    table.add_column("what", overflow="fold")
    for metric in METRICS.values():
        table.add_row(metric.name, metric.unit, metric.better, metric.kind, metric.what)
    _print_table(table, console, folded=4)


def print_changes(changes: list[Change], console: Console) -> None:
    """Print the new values of a baseline and the ones that they replace."""
    say = partial(console.print, soft_wrap=not console.is_terminal)
    for change in changes:
        metric = METRICS[change.now.metric]
        unit = metric.unit
        if change.now.compare is not None:
            unit = "x" if change.now.compare == "ratio" else "points" if unit == "share" else unit
        name = escape(f"{change.now.metric} of {change.subject}")
        now = figure(change.now.value, unit)
        if change.before is None:
            say(f"[yellow]new[/yellow]      {name}: {now}")
        elif not change.is_same:
            was = change.before.fraction
            lower = change.now.fraction < was
            word, style = ("better", "green") if lower == (metric.better == "lower") else ("worse", "red")
            by = "" if not was else f", {float(change.now.fraction / was - 1) * 100:+.2f} %"
            if unit in ("share", "points"):
                by = f", {float(change.now.fraction - was) * 100:+.2f} percentage points"
            say(f"[{style}]{word:8}[/{style}] {name}: {figure(change.before.value, unit, bare=True)} to {now}{by}")
    same = sum(change.is_same for change in changes)
    if same:
        say(f"{same} unchanged")


def _lines(result: GateResult) -> Iterator[list[Case]]:
    """Cases that share a line: those of a check that passed, those that were skipped for the same reason, and each
    other one alone."""
    for _, of_check in groupby(result.cases, key=attrgetter("check")):
        passed: list[Case] = []
        skipped: dict[str, list[Case]] = {}
        for case in of_check:
            if case.verdict == "pass":
                passed.append(case)
            elif case.verdict == "skipped":
                skipped.setdefault(case.message, []).append(case)
            else:
                yield [case]
        yield from filter(None, (passed, *skipped.values()))


def _measured(line: list[Case]) -> str:
    values = [case.measured for case in line if case.measured is not None]
    if len(line) == 1 or not values:
        return measured(line[0])
    unit, exact = unit_of(line[0]), line[0].kind == "deterministic"
    least, most = (figure(end, unit, bare=True, exact=exact) for end in (min(values), max(values)))
    whole = figure(max(values), unit, exact=exact)
    return whole if least == most else f"{least} to {whole}"


def _limit(line: list[Case]) -> str:
    spans = {span(case) for case in line}
    return spans.pop() or "-" if len(spans) == 1 else "per workload"


def _print_table(table: Table, console: Console, folded: int) -> None:
    """Print a table without cutting any cell.

    Args:
        table: the table.
        console: where to print it; columns are folded only on a terminal.
        folded: the column that may be folded.
    """
    if console.is_terminal:
        column = table.columns[folded]
        longest = max(len(str(cell)) for cell in (column.header, *column.cells))
        room = console.width - (width_of(table) - longest)
        if room < longest and room >= LEAST_ROOM:
            column.width = room
    print_whole(console, table)


def _plain_table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for title in titles:
        table.add_column(title, no_wrap=True)
    return table
