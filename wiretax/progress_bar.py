"""The progress bar of commands on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TaskProgressColumn, TextColumn
from rich.text import Text

from wiretax.escaping import visible


class PlainColumn(TextColumn):
    """A column of a progress bar whose text has neither markup nor control characters."""

    def render(self, task: Task) -> Text:
        return Text(visible(self.text_format.format(task=task)), justify=self.justify)


def progress_bar(console: Console) -> Progress:
    """A line that disappears at the end: the task's description, bar, percentage, and its field ``now``.

    Callers refresh it: a drawing thread would take processor time from the measurement.
    """
    return Progress(
        PlainColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        PlainColumn("{task.fields[now]}"),
        console=console,
        auto_refresh=False,
        transient=True,
    )
