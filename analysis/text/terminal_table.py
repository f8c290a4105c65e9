"""Fits tables to the terminal: complete in files and pipes; a narrow terminal lists the columns left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from wiretax.escaping import EscapingConsole

# Wider than any table.
ENDLESS = 10_000


class Heading(Protocol):
    """A column's heading and priority.

    Attributes:
        title: its heading.
        spare: the order in which columns are left out if there is too little room, lowest first; 0 stays.
    """

    @property
    def title(self) -> str: ...

    @property
    def spare(self) -> int: ...


Column = TypeVar("Column", bound=Heading)


class Whole:
    """A table that is never squeezed: lines may be wider than the console, and no cell is cut."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        needed = width_of(self._table)
        yield from console.render(self._table, options.update(width=max(needed, options.max_width)))


def width_of(table: Table) -> int:
    """The width of a table in characters."""
    return EscapingConsole(width=ENDLESS).measure(table).maximum


def heading(title: str) -> Text:
    """A column's title, which may have several lines."""
    return Text(title)


def fit(
    build: Callable[[list[Column]], Table], columns: Sequence[Column], width: int | None
) -> tuple[Table, list[Column]]:
    """A table with as many columns as fit, and the columns left out.

    Args:
        build: builds the table from some of the columns.
        columns: all columns, in order.
        width: characters per line; None for no limit.
    """
    kept = list(columns)
    while True:
        table = build(kept)
        spare = [column for column in kept if column.spare]
        if width is None or not spare or width_of(table) <= width:
            return table, [column for column in columns if column not in kept]
        kept.remove(min(spare, key=lambda column: column.spare))


def print_fitting(console: Console, build: Callable[[list[Column]], Table], columns: Sequence[Column]) -> None:
    """Print a table with all its columns; on a terminal that is too narrow, print those that fit and list the
    others."""
    table, left_out = fit(build, columns, console.width if console.is_terminal else None)
    print_whole(console, table)
    if left_out:
        names = ", ".join(" ".join(column.title.split()) for column in left_out)
        console.print(f"[dim]not shown on a terminal this narrow: {escape(names)}[/dim]")


def print_whole(console: Console, table: Table) -> None:
    """Print a table without cutting anything."""
    console.print(Whole(table), crop=False, no_wrap=True, overflow="ignore")
