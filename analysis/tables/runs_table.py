"""The list of runs on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape

from analysis.text.numbers import MISSING, fixed
from wiretax.escaping import visible
from wiretax.runs.catalogue.listing import ListedRun, Unreadable

COMMIT_DIGITS = 8
# A run may have 32 labels of 300 characters.
LONGEST = 48
GAP = "  "
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: its heading.
        cell: a run's value as text, by the run and its figures.
        spare: the order in which columns are left out on a narrow terminal, lowest first; 0 is never left out.
        is_number: whether it is aligned to the right.
    """

    title: str
    cell: Callable[[ListedRun, Figures], str]
    spare: int = 0
    is_number: bool = False


def _started(run: ListedRun, _: Figures) -> str:
    return MISSING if run.started is None else f"{run.started:%Y-%m-%d %H:%M}"


def _commit(run: ListedRun, _: Figures) -> str:
    commit = run.source.commit
    return MISSING if commit is None else commit[:COMMIT_DIGITS] + ("+" if run.source.changed else "")


def _branch(run: ListedRun, _: Figures) -> str:
    branch, number = run.source.branch, run.source.pull_request
    return _shortened((branch or MISSING) + ("" if number is None else f" #{number}"))


def _labels(run: ListedRun, _: Figures) -> str:
    return _shortened(", ".join(f"{key}={value}" for key, value in run.labels.items()) or MISSING)


def _valid(run: ListedRun, _: Figures) -> str:
    words = [*([] if run.valid else ["no"]), *(["interrupted"] if run.interrupted else [])]
    return ", ".join(words) or "yes"


def _figure(place: str, name: str, digits: int) -> Callable[[ListedRun, Figures], str]:
    def cell(_: ListedRun, figures: Figures) -> str:
        return fixed((figures.get(place) or {}).get(name), digits)

    return cell


COLUMNS = (
    Column("run", lambda run, _: run.folder.name),
    Column("started, UTC", _started, spare=3),
    Column("plan", lambda run, _: run.plan, spare=2),
    Column("commit", _commit, spare=7),
    Column("branch", _branch, spare=4),
    Column("labels", _labels, spare=1),
    Column("valid", _valid, spare=5),
    Column("trigger\nB/event", _figure("trigger", "sent_per_event", 1), spare=8, is_number=True),
    Column("batch\nB/event", _figure("batch", "sent_per_event", 1), spare=9, is_number=True),
    Column("gain\nx", _figure("gain", "gain", 2), spare=6, is_number=True),
)


def print_runs(listed: Sequence[tuple[ListedRun, Figures]], console: Console) -> None:
    """Print a table of runs, with the figures of each, and its legend.

    On a terminal that is too narrow, some columns are left out and named.
    """
    # Lines are laid out here: rich takes seconds for a table of 500 runs.
    cells = {column: [visible(column.cell(run, figures)) for run, figures in listed] for column in COLUMNS}
    widths = {
        column: max(cell_len(each) for each in (*column.title.split("\n"), *cells[column])) for column in COLUMNS
    }
    kept = _fitting(widths, console.width if console.is_terminal else None)
    lines = max(column.title.count("\n") for column in kept) + 1
    for line in range(lines):
        _print_line(console, [_title_line(column, line, lines) for column in kept], kept, widths)
    for number, (run, _) in enumerate(listed):
        row = [cells[column][number] for column in kept]
        _print_line(console, row, kept, widths, None if run.valid else "red")
    console.print()
    if len(kept) < len(COLUMNS):
        left_out = ", ".join(" ".join(column.title.split()) for column in COLUMNS if column not in kept)
        _print_note(console, f"not shown on a terminal this narrow: {left_out}")
    _print_note(
        console,
        "trigger: HTTP bytes sent per event, of the smallest trigger; batch: of the batch compared with it",
    )
    _print_note(
        console, "gain: the largest of the run, per message, against the trigger of the same payload and client"
    )
    if any(run.source.changed for run, _ in listed):
        _print_note(console, "+: files were changed since the commit")


def _fitting(widths: Mapping[Column, int], width: int | None) -> list[Column]:
    """The columns that fit, in order; ``width``: of a line, None for no limit."""
    kept = list(widths)
    while width is not None and sum(widths[column] + len(GAP) for column in kept) - len(GAP) > width:
        spare = [column for column in kept if column.spare]
        if not spare:
            break
        kept.remove(min(spare, key=lambda column: column.spare))
    return kept


def _title_line(column: Column, line: int, lines: int) -> str:
    """A line of a title; titles end on the same line."""
    titles = column.title.split("\n")
    missing = lines - len(titles)
    return "" if line < missing else titles[line - missing]


def _print_line(
    console: Console,
    cells: Sequence[str],
    columns: Sequence[Column],
    widths: Mapping[Column, int],
    style: str | None = None,
) -> None:
    padded = []
    for cell, column in zip(cells, columns, strict=True):
        space = " " * (widths[column] - cell_len(cell))
        padded.append(space + cell if column.is_number else cell + space)
    console.print(GAP.join(padded).rstrip(), soft_wrap=True, markup=False, style=style)


def _print_note(console: Console, line: str) -> None:
    console.print(line, soft_wrap=not console.is_terminal, markup=False, style="dim")


def print_unreadable(others: Sequence[Unreadable], console: Console) -> None:
    """Print a line for each folder that is not a run."""
    for each in others:
        line = f"[yellow]unreadable[/yellow]  {escape(str(each.folder))}: {escape(each.why)}"
        console.print(line, soft_wrap=not console.is_terminal)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
