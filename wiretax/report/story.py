"""One notebook out of several: the report's frame, with the stories where it leaves room for them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.warnings import MissingIDFieldWarning

from wiretax.documents import read_regular
from wiretax.report.errors import NotebookError

FRAME = "report.ipynb"
STORIES = "[0-9][0-9]-*.ipynb"
# Tags of cells: papermill's parameters, the place of the stories, and cells that need slices or queues.
PARAMETERS = "parameters"
PLACE = "stories"
# Cells for a notebook that is read alone; the report has their content elsewhere.
ALONE = "alone"
MEASURED = "measured"
QUEUED = "queued"
# Cells for queues whose rate changes.
STAGED = "staged"
HEADING = re.compile(r"^(#{1,5})(\s+)(.*)$", re.MULTILINE)
TITLE = re.compile(r"^# .*$", re.MULTILINE)
FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)


def assemble(
    folder: Path, measured: bool = True, queued: bool = False, staged: bool = False, title: str = ""
) -> NotebookNode:
    """Join the notebooks of a report.

    Each cell's ``metadata.wiretax.part`` names its heading, for the progress display.

    Args:
        folder: holds ``report.ipynb`` and the stories, ``01-NAME.ipynb`` and so on. The frame's cell tagged
            "stories" is replaced by all their cells except those tagged "parameters" or "alone"; their headings
            move one level down.
        measured: whether the run has slices. If not, stories and cells tagged "measured" are left out.
        queued: whether the run has queues. If it has nothing else, the stories' cells tagged "queued" are kept. If
            it has none, the frame's cells tagged "queued" are left out.
        staged: whether the rate of a queue changes. If not, the frame's cells tagged "staged" are left out.
        title: replaces the frame's first heading, if it is not empty.

    Raises:
        NotebookError: if a notebook can't be read, or the frame has no cell for parameters or stories.
    """
    frame = _read(folder / FRAME)
    for tag in (PARAMETERS, PLACE):
        if not any(tag in _tags(cell) for cell in frame.cells):
            raise NotebookError(f"{folder / FRAME}: expected a cell tagged {tag!r}")
    needs = {MEASURED: measured, QUEUED: queued, STAGED: staged}
    cells: list[NotebookNode] = []
    for cell in frame.cells:
        if PLACE in _tags(cell):
            told = _stories(folder) if measured or queued else ()
            cells += [each for each in told if measured or QUEUED in _tags(each)]
        elif not {tag for tag, has in needs.items() if not has} & set(_tags(cell)):
            cells.append(cell)
    if title:
        _entitle(cells, title)
    _name_parts(cells)
    # Ids are unique only within a notebook.
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    joined: NotebookNode = nbformat.v4.new_notebook(metadata=frame.metadata, cells=cells)
    return joined


def _stories(folder: Path) -> Iterator[NotebookNode]:
    for file in sorted(folder.glob(STORIES)):
        for cell in _read(file).cells:
            if {PARAMETERS, ALONE} & set(_tags(cell)):
                continue
            if cell.cell_type == "markdown":
                cell.source = _one_level_down(cell.source)
            yield cell


def _entitle(cells: list[NotebookNode], title: str) -> None:
    for cell in cells:
        if cell.cell_type == "markdown" and TITLE.search(cell.source):
            cell.source = TITLE.sub(lambda _: f"# {title}", cell.source, count=1)
            return


def _read(file: Path) -> NotebookNode:
    try:
        with warnings.catch_warnings():
            # Cells get new ids below.
            warnings.simplefilter("ignore", MissingIDFieldWarning)
            notebook: NotebookNode = nbformat.reads(read_regular(file).decode(), as_version=4)
    except OSError as error:
        raise NotebookError(f"notebook {file}: can't be read ({error.strerror})") from None
    except Exception as error:
        # nbformat passes on any exception of its JSON parser and its upgrades.
        raise NotebookError(f"notebook {file}: not a notebook ({error})") from None
    return notebook


def _tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _one_level_down(text: str) -> str:
    pieces = FENCED.split(text)
    return "".join(piece if number % 2 else HEADING.sub(r"#\1\2\3", piece) for number, piece in enumerate(pieces))


def _name_parts(cells: list[NotebookNode]) -> None:
    part = "summary"
    for cell in cells:
        found = HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        if found and len(found[1]) == 2:
            part = found[3].strip()
        cell.metadata["wiretax"] = {**cell.metadata.get("wiretax", {}), "part": part}
