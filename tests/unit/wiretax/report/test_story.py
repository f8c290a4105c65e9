"""The report's notebook: what is joined, what gives way, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wiretax.report.errors import NotebookError
from wiretax.report.report import NOTEBOOKS
from wiretax.report.story import assemble


def cell(source: str, *tags: str, kind: str = "code") -> dict[str, Any]:
    made = {"cell_type": kind, "metadata": {"tags": list(tags)}, "source": source}
    return {**made, "execution_count": None, "outputs": []} if kind == "code" else made


def text(source: str) -> dict[str, Any]:
    return cell(source, kind="markdown")


FRAME = [
    text("# Title"),
    cell("RUN = ''", "parameters"),
    cell("claims", "measured"),
    cell("", "stories"),
    text("## End"),
    cell("end"),
]


def write(path: Path, cells: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    write(tmp_path / "report.ipynb", FRAME)
    write(tmp_path / "02-later.ipynb", [text("# Later")])
    write(
        tmp_path / "01-first.ipynb",
        [cell("RUN = 'x'", "parameters"), text("# First\n\n## Below\n\n```sh\n# a comment\n```\n"), cell("draw")],
    )
    write(tmp_path / "scratch.ipynb", [cell("not this")])
    return tmp_path


def sources(folder: Path, measured: bool = True) -> list[str]:
    return [each.source for each in assemble(folder, measured).cells]


def test_stories_stand_in_their_order_where_the_frame_leaves_room(notebooks: Path) -> None:
    first = "## First\n\n### Below\n\n```sh\n# a comment\n```\n"
    assert sources(notebooks) == ["# Title", "RUN = ''", "claims", first, "draw", "## Later", "## End", "end"]


def test_a_run_that_measured_nothing_is_told_no_stories(notebooks: Path) -> None:
    assert sources(notebooks, measured=False) == ["# Title", "RUN = ''", "## End", "end"]


def test_cells_on_rates_that_change_are_for_runs_with_such_a_rate(notebooks: Path) -> None:
    write(notebooks / "report.ipynb", [*FRAME, cell("stages", "staged")])
    assert "stages" not in sources(notebooks)
    assert [each.source for each in assemble(notebooks, staged=True).cells][-1] == "stages"


def test_cells_on_queues_are_for_runs_with_queues(notebooks: Path) -> None:
    write(notebooks / "report.ipynb", [*FRAME, cell("times", "queued")])
    assert "times" not in sources(notebooks)
    assert [each.source for each in assemble(notebooks, queued=True).cells][-1] == "times"


def test_a_title_replaces_the_first_heading(notebooks: Path) -> None:
    first, *others = assemble(notebooks, title=r"What \1 sends").cells
    assert first.source == r"# What \1 sends"
    assert others == assemble(notebooks).cells[1:]


def test_each_cell_knows_the_part_it_stands_in_and_ids_are_its_own(notebooks: Path) -> None:
    cells = assemble(notebooks).cells
    parts = [each.metadata.wiretax.part for each in cells]
    assert parts == ["summary"] * 3 + ["First"] * 2 + ["Later"] + ["End"] * 2
    assert len({each.id for each in cells}) == len(cells)


@pytest.mark.parametrize("tag", ["parameters", "stories"])
def test_a_frame_without_its_places_is_refused(notebooks: Path, tag: str) -> None:
    write(notebooks / "report.ipynb", [each for each in FRAME if tag not in each["metadata"]["tags"]])
    with pytest.raises(NotebookError, match=rf"report.ipynb: expected a cell tagged '{tag}'"):
        assemble(notebooks)


def test_a_story_that_is_no_notebook_is_named(notebooks: Path) -> None:
    (notebooks / "01-first.ipynb").write_text("{")
    with pytest.raises(NotebookError, match=r"01-first.ipynb: not a notebook"):
        assemble(notebooks)


def test_the_notebooks_that_come_with_it_fit_together() -> None:
    cells = assemble(NOTEBOOKS).cells
    assert cells[0].source.startswith("# ")
    assert sum(each.source.startswith("# ") for each in cells if each.cell_type == "markdown") == 1
