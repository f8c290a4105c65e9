"""Removes what an executed notebook has no data for: sections, and single outputs in the others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

HEADING = re.compile(r"\A\s*(#+)\s")


def pruned(notebook: NotebookNode) -> NotebookNode:
    """An executed notebook without the sections whose outputs are all marked absent.

    The mark is in an output's metadata, ``{"wiretax": {"absent": True}}``. A section is a heading and the cells up
    to the next heading of the same or a higher level. It is removed with its text and its subsections. In other
    sections only the marked outputs are removed.

    Args:
        notebook: the executed notebook; it is not changed.
    """
    kept: NotebookNode = notebook.copy()
    kept["cells"] = [_without_absent(cell) for cell in _kept(list(notebook.cells))]
    return kept


def _without_absent(cell: NotebookNode) -> NotebookNode:
    if cell.cell_type != "code":
        return cell
    kept: NotebookNode = cell.copy()
    kept["outputs"] = [output for output in cell.outputs if not _is_absent(output)]
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
    """The level of the heading that a cell begins with; 0 if there is none."""
    found = HEADING.match(cell.source) if cell.cell_type == "markdown" else None
    return len(found[1]) if found else 0


def _is_absent(output: NotebookNode) -> bool:
    return bool(output.get("metadata", {}).get("wiretax", {}).get("absent"))
