"""A report's progress: a bar where there is a terminal, a line a part where there is none."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from wiretax.report.progress import report_progress

STEPS = [("start", 0.0), ("summary", 0.1), ("summary", 0.2), ("What [it] costs", 0.5), ("page", 0.99)]


def shown(terminal: bool) -> str:
    text = StringIO()
    progress = report_progress(Console(file=text, force_terminal=terminal, width=100))
    for part, done in STEPS:
        progress.step(part, done)
    progress.close()
    return text.getvalue()


def test_without_a_terminal_each_part_is_a_line() -> None:
    assert shown(terminal=False).splitlines() == [
        "report:   0% start",
        "report:  10% summary",
        "report:  50% What [it] costs",
        "report:  99% page",
    ]


def test_on_a_terminal_one_line_is_redrawn_and_then_gone() -> None:
    text = shown(terminal=True)
    assert "What [it] costs" in text
    assert "50%" in text
    # The cursor goes up and the line is erased.
    assert text.endswith("\x1b[1A\x1b[2K")
