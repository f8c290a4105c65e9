"""A report's stories lose what a run has nothing for, and nothing else."""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from wiretax.report.pruning import pruned


def shows(*absent: bool) -> NotebookNode:
    """A cell with an output for each, there or absent."""
    outputs = [
        new_output("display_data", {"text/plain": "x"}, metadata={"wiretax": {"absent": True}} if each else {})
        for each in absent
    ]
    return new_code_cell("show()", outputs=outputs)


def sources(*cells: NotebookNode) -> list[str]:
    return [cell.source for cell in pruned(new_notebook(cells=list(cells))).cells if cell.cell_type == "markdown"]


def test_a_part_with_nothing_to_show_goes_with_its_words() -> None:
    assert sources(
        new_markdown_cell("# report"),
        new_markdown_cell("### bytes\nwords"),
        shows(False),
        new_markdown_cell("### connections\nwords"),
        shows(True),
        new_markdown_cell("more words on connections"),
        new_markdown_cell("### workloads"),
        shows(False),
    ) == ["# report", "### bytes\nwords", "### workloads"]


def test_a_part_that_has_one_of_two_stays_without_the_other() -> None:
    cells = [new_markdown_cell("### libraries"), shows(True), shows(False), shows(True, False)]
    assert sources(*cells) == ["### libraries"]
    shown = [cell.outputs for cell in pruned(new_notebook(cells=cells)).cells if cell.cell_type == "code"]
    assert [len(outputs) for outputs in shown] == [0, 1, 1]


def test_a_story_goes_when_all_its_parts_do() -> None:
    story = [new_markdown_cell("## libraries\nwords"), new_markdown_cell("### heads"), shows(True)]
    assert sources(*story, new_markdown_cell("## method"), shows(False)) == ["## method"]
    whole = [*story, new_markdown_cell("### rates"), shows(False)]
    assert sources(*whole) == ["## libraries\nwords", "### rates"]


def test_words_alone_stay() -> None:
    assert sources(new_markdown_cell("## method"), new_code_cell("1"), new_markdown_cell("### and more")) == [
        "## method",
        "### and more",
    ]


def test_the_notebook_given_is_left_as_it_is() -> None:
    notebook = new_notebook(cells=[new_markdown_cell("## a"), shows(True)])
    assert pruned(notebook).cells == []
    assert len(notebook.cells) == 2
