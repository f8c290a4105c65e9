"""A story without the parts a run has nothing for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

HEADING = re.compile(r"\A\s*(#+)\s")


def pruned(notebook: NotebookNode) -> NotebookNode:
    """An executed notebook without the sections all of whose outputs say that the run has nothing for them.

    Such an output says so in its metadata, ``{"wiretax": {"absent": True}}``. A section is a heading with what
    follows until the next heading of its level or of one above; one whose own parts are all gone goes too, with
    the words that led to them.

    Args:
        notebook: with its outputs. It is not changed.
    """
    kept: NotebookNode = notebook.copy()
    kept["cells"] = list(_kept(list(notebook.cells)))
    return kept


def _kept(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    place = 0
    while place < len(cells):
        level = _level(cells[place])
        if not level:
            yield cells[place]
            place += 1
            continue
        end = next((at for at in range(place + 1, len(cells)) if 0 < _level(cells[at]) <= level), len(cells))
        section = cells[place:end]
        outputs = [output for cell in section for output in cell.get("outputs", [])]
        if not outputs or not all(_is_absent(output) for output in outputs):
            yield cells[place]
            yield from _kept(section[1:])
        place = end


def _level(cell: NotebookNode) -> int:
    """How deep the heading is that a cell begins with; 0 where it begins with none."""
    found = HEADING.match(cell.source) if cell.cell_type == "markdown" else None
    return len(found[1]) if found else 0


def _is_absent(output: NotebookNode) -> bool:
    return bool(output.get("metadata", {}).get("wiretax", {}).get("absent"))
