"""How a report shows that it goes on: a bar on a terminal, a line a part elsewhere."""

from __future__ import annotations

from typing import Protocol

from rich.console import Console
from rich.markup import escape

from wiretax.progress_bar import progress_bar


class Reporter(Protocol):
    """Told of each step before it is taken."""

    def step(self, part: str, done: float) -> None:
        """Begin a step of ``part``, when ``done`` (0 to 1) of all is behind."""

    def close(self) -> None: ...


def reporter(console: Console) -> Reporter:
    """The reporter that suits the console."""
    return Bar(console) if console.is_terminal else Lines(console)


class Bar:
    """One line that is redrawn at each step."""

    def __init__(self, console: Console) -> None:
        self._progress = progress_bar(console)
        self._task = self._progress.add_task("report", total=1.0, now="")
        self._progress.start()

    def step(self, part: str, done: float) -> None:
        self._progress.update(self._task, completed=done, now=escape(part))
        self._progress.refresh()

    def close(self) -> None:
        self._progress.stop()


class Lines:
    """A line each time a part begins."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._part = ""

    def step(self, part: str, done: float) -> None:
        if part != self._part:
            self._part = part
            self._console.print(f"report: {done:4.0%} {part}", markup=False, soft_wrap=True)

    def close(self) -> None:
        return None
