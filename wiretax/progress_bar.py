"""The progress bar of commands on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn


def progress_bar(console: Console) -> Progress:
    """A line that disappears at the end: the task's description, bar, percentage, and its field ``now``.

    Callers refresh it: a drawing thread would take processor time from the measurement.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[now]}"),
        console=console,
        auto_refresh=False,
        transient=True,
    )
