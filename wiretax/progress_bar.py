"""The bar that commands show on a terminal while they work."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn


def progress_bar(console: Console) -> Progress:
    """One line, gone in the end: a task's description, its bar, its share, and its field ``now``.

    It is redrawn by hand: a thread that draws would take its time from what is measured.
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
