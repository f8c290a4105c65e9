"""One metric across runs on the terminal: a row per run with a bar, and what changed at which commit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.gates.evaluation.phrases import figure
from analysis.gates.measured.metrics import Metric
from analysis.history.change_points import ChangePoint
from analysis.history.series import LABEL
from analysis.text.numbers import count, fixed, trimmed
from analysis.text.terminal_table import print_whole
from wiretax.shipped import install_command

BAR = 24
SHORT = 10


def print_history(
    frame: pd.DataFrame,
    steps: pd.DataFrame,
    changes: list[ChangePoint] | None,
    workload: str,
    metric: Metric,
    console: Console,
) -> None:
    """Print ``series.history``.

    Args:
        frame: as it returns it; not empty.
        steps: ``series.steps`` of it.
        changes: of a noisy metric; None if they were not looked for.
        workload: its name.
        metric: the metric.
        console: where to print.
    """
    say = partial(console.print, soft_wrap=not console.is_terminal, highlight=False)
    say(f"[bold]history[/bold]  {escape(workload)}  {metric.name} ({metric.what})")
    say()
    print_whole(console, _rows(frame, set(steps["run"]), {each.run for each in changes or ()}, metric))
    say()
    for line in (*step_lines(steps, metric), *change_lines(changes, metric)):
        say(escape(line))
    if frame["exact"].all():
        if steps.empty:
            say(f"the same bytes in {count(len(frame), 'run')}" if metric.unit == "B" else "no change")
    elif changes is None:
        say(f"[dim]to find the runs at which it changed: {escape(install_command('history'))}[/dim]")
    elif not changes:
        say(f"no change among {count(len(frame), 'run')} that chance does not explain")


def step_lines(steps: pd.DataFrame, metric: Metric) -> Iterator[str]:
    """``+24 B at commit 1a2b3c (since 4d5e6f): 456 -> 480``."""
    for row in steps.to_dict("records"):
        sign = "+" if row["difference"] > 0 else "-"
        amount = figure(abs(row["difference"]), metric.unit)
        values = f"{trimmed(row['before'], 3)} -> {trimmed(row['value'], 3)}"
        yield f"{sign}{amount} at {_where(row['commit'], row['run'])}{_since(row['since'])}: {values}"


def change_lines(changes: list[ChangePoint] | None, metric: Metric) -> Iterator[str]:
    """The same of a noisy metric, with how probable it would be by chance."""
    for each in changes or ():
        values = " -> ".join(figure(value, metric.unit, exact=False) for value in (each.before, each.after))
        ratio = f"{fixed(each.after / each.before, 3)}x, " if each.before else ""
        yield f"{values} ({ratio}p = {each.p:.2g}) at {_where(each.commit, each.run)}{_since(each.since)}"


def _where(commit: str | None, run: str) -> str:
    return f"commit {commit[:SHORT]} ({run})" if commit else run


def _since(commit: str | None) -> str:
    return f", since {commit[:SHORT]}" if commit else ""


def _rows(frame: pd.DataFrame, stepped: set[str], changed: set[str], metric: Metric) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("run", no_wrap=True)
    table.add_column("commit", no_wrap=True)
    labels = [name for name in frame if str(name).startswith(LABEL)]
    for name in labels:
        table.add_column(escape(str(name).removeprefix(LABEL)), no_wrap=True)
    table.add_column(metric.unit, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    most = max(frame["value"].tolist())
    for row in frame.to_dict("records"):
        commit = (row["commit"] or "-")[:SHORT] + ("+" if row["changed"] else "")
        cells = [row["run"], commit, *(row[name] or "-" for name in labels), _value(row, metric)]
        mark = " <- changed" if row["run"] in stepped | changed else ""
        table.add_row(*(escape(str(cell)) for cell in cells), f"{_bar(row['value'], most)}{mark}")
    return table


def _value(row: dict[Any, Any], metric: Metric) -> str:
    value = figure(row["value"], metric.unit, bare=True, exact=row["exact"])
    if row["low"] != row["low"] or row["high"] != row["high"]:
        return value
    low, high = (figure(row[end], metric.unit, bare=True, exact=False) for end in ("low", "high"))
    return f"{value} [{low}, {high}]"


def _bar(value: float, most: float) -> str:
    """A bar from 0: half a difference looks like half a difference."""
    return "█" * max(1, round(BAR * value / most)) if most > 0 and value > 0 else ""
