"""Progress of a report: a bar on a terminal, otherwise one line per part."""

from __future__ import annotations

from typing import Protocol

from rich.console import Console

from wiretax.progress_bar import progress_bar


class ReportProgress(Protocol):
    """Gets each step before it begins."""

    def step(self, part: str, done: float) -> None:
        """Begin a step of ``part``; ``done`` is the finished share of all work (0 to 1)."""

    def close(self) -> None: ...


def report_progress(console: Console) -> ReportProgress:
    """A bar for a terminal, lines for any other output."""
    return ReportBar(console) if console.is_terminal else ReportLines(console)


class ReportBar:
    """A progress bar, redrawn at each step."""

    def __init__(self, console: Console) -> None:
        self._progress = progress_bar(console)
        self._task = self._progress.add_task("report", total=1.0, now="")
        self._progress.start()

    def step(self, part: str, done: float) -> None:
        self._progress.update(self._task, completed=done, now=part)
        self._progress.refresh()

    def close(self) -> None:
        self._progress.stop()


class ReportLines:
    """Prints a line when a part begins."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._part = ""

    def step(self, part: str, done: float) -> None:
        if part != self._part:
            self._part = part
            self._console.print(f"report: {done:4.0%} {part}", markup=False, soft_wrap=True)

    def close(self) -> None:
        return None
