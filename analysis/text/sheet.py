"""A data frame with the table that shows it: as HTML in notebooks and reports, and as Markdown in the docs.

The frame is what the table says, a row for each of its rows, with numbers that can be computed with. The table's
texts are made from its rows and from nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

import pandas as pd

from analysis.text.labels import Row
from analysis.text.units import with_units

NOTHING = "This run has no data for this."


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with optional small print and colour.

    Attributes:
        text: its text.
        small: a line below the text, in small print.
        mark: a CSS class, by which a page may colour it.
    """

    text: str
    small: str = ""
    mark: str = ""


class Shown(Protocol):
    """A column of the table."""

    @property
    def title(self) -> str:
        """Its heading; lines of it are joined."""

    @property
    def cell(self) -> Callable[[Row], str | Cell]:
        """The text of a row of the frame."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers, aligned right."""

    title: str
    cell: Callable[[Row], str | Cell]


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words, aligned left."""

    title: str
    cell: Callable[[Row], str | Cell]


class Sheet:
    """A data frame and the table that shows it.

    Attributes:
        frame: a row per row of the table. The unit of each column that holds numbers is in ``attrs["units"]``.
        headers: the title of each column of the table.
        rows: the cells of each row, one per column.
        notes: how to read it, a line each, below the table; not shown if it has no rows.
    """

    __slots__ = ("_columns", "frame", "headers", "notes", "rows")

    def __init__(self, frame: pd.DataFrame, columns: Sequence[Shown], notes: Sequence[str] = ()) -> None:
        """``columns``: of the table; they may show any of the frame's columns, or several in one cell."""
        self.frame = with_units(frame)
        self._columns = tuple(columns)
        self.headers = [" ".join(column.title.split()) for column in columns]
        self.rows = [
            tuple(column.cell(row) for column in columns)
            for row in (frame.to_dict("records") if len(frame) else ())
        ]
        self.notes = notes

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """For notebooks; the metadata tells a report that there is nothing to show."""
        shown = {"text/html": self.html(), "text/plain": self.markdown()}
        return shown, {} if self.rows else {"wiretax": {"absent": True}}

    def html(self) -> str:
        """The table as HTML."""
        if not self.rows:
            return f"<p><em>{NOTHING}</em></p>"
        head = "".join(self._html("th", place, Cell(title)) for place, title in enumerate(self.headers))
        rows = "".join(
            f"<tr>{''.join(self._html('td', place, _cell(each)) for place, each in enumerate(row))}</tr>"
            for row in self.rows
        )
        notes = "<br>".join(escape(note) for note in self.notes)
        below = f"<p><small>{notes}</small></p>" if notes else ""
        return f'<table class="sheet"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{below}'

    def _html(self, tag: str, place: int, cell: Cell) -> str:
        side = "left" if self._is_words(place) else "right"
        mark = f' class="{escape(cell.mark)}"' if cell.mark else ""
        small = f"<br><small>{escape(cell.small)}</small>" if cell.small else ""
        return f'<{tag}{mark} style="text-align:{side}">{escape(cell.text)}{small}</{tag}>'

    def _is_words(self, place: int) -> bool:
        return isinstance(self._columns[place], Words)

    def markdown(self) -> str:
        """The table as Markdown, one line per row."""
        if not self.rows:
            return f"*{NOTHING}*"
        sides = [":--" if self._is_words(place) else "--:" for place in range(len(self.headers))]
        lines = [self.headers, sides, *([_markdown(_cell(each)) for each in row] for row in self.rows)]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join([table, *self.notes])

    def __repr__(self) -> str:
        return self.markdown()


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences, one below the other.

    Attributes:
        lines: the sentences.
        nothing: the text if there are no sentences.
        is_absent: whether they only say that the run has no data, so that a report leaves them out.
    """

    lines: Sequence[str]
    nothing: str = NOTHING
    is_absent: bool = False

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """For notebooks; the metadata tells a report that there is nothing to show."""
        shown = {"text/html": self.html(), "text/plain": self.markdown()}
        return shown, {"wiretax": {"absent": True}} if self.is_absent else {}

    def html(self) -> str:
        """The sentences as HTML."""
        if not self.lines:
            return f"<p>{escape(self.nothing)}</p>"
        return f'<ul class="lines">{"".join(f"<li>{escape(line)}</li>" for line in self.lines)}</ul>'

    def markdown(self) -> str:
        """The sentences as Markdown."""
        return "\n".join(f"- {line}" for line in self.lines) or self.nothing

    def __repr__(self) -> str:
        return self.markdown()


def _cell(cell: str | Cell) -> Cell:
    return Cell(cell) if isinstance(cell, str) else cell


def _markdown(cell: Cell) -> str:
    text = f"{cell.text}<br><sub>{cell.small}</sub>" if cell.small else cell.text
    return text.replace("|", "\\|").replace("\n", " ")
