"""A table that is printed on a console and written as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Sheet:
    """Text in rows and columns.

    Attributes:
        title: what it shows.
        texts: the heads of the columns on the left, with text.
        figures: the heads of the columns after them, with figures.
        rows: a cell for each column.
        notes: what a reader has to know, a sentence or more each.
    """

    title: str
    texts: tuple[str, ...]
    figures: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def printed(self) -> Table:
        """For a console; a row whose first cell has a text begins a section."""
        table = Table(title=self.title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
        for head in self.texts:
            table.add_column(head)
        for head in self.figures:
            table.add_column(head, justify="right", no_wrap=True)
        for number, row in enumerate(self.rows):
            if number and row[0] and not self.rows[number - 1][0]:
                table.add_section()
            table.add_row(*map(escape, row))
        return table

    def markdown(self) -> str:
        """A table of GitHub's Markdown, and its notes below."""
        heads = [*self.texts, *self.figures]
        aligned = [":--"] * len(self.texts) + ["--:"] * len(self.figures)
        lines = [_line(heads), _line(aligned), *(_line(row) for row in self.rows)]
        return "\n".join(lines + [text for note in self.notes for text in ("", note)])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
