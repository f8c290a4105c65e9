"""The notebooks that are kept executed, on the runs that they name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import wiretax.report  # noqa: F401  # first, as it makes the import of nbformat fast

# isort: split

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from docs.reference import ROOT

NOTEBOOKS = ROOT / "notebooks"


def stories() -> list[Path]:
    """The notebooks that are kept executed."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))


def executed(files: Sequence[Path]) -> list[NotebookNode]:
    """Notebooks executed on the runs they name, without the parts that differ between executions."""
    notebooks: list[NotebookNode] = [nbformat.read(file, as_version=4) for file in files]
    asyncio.run(_execute(copies := deepcopy(notebooks)))
    for fresh, done in zip(notebooks, copies, strict=True):
        pairs = [pair for pair in zip(fresh.cells, done.cells, strict=True) if pair[0].cell_type == "code"]
        # From 1 in each notebook, although they share a kernel.
        for number, (cell, ran) in enumerate(pairs, 1):
            cell.execution_count = number
            outputs = [output for output in ran.outputs if output.output_type != "stream"]
            cell.outputs = [_kept(output, number) for output in outputs]
    return notebooks


async def _execute(notebooks: Sequence[NotebookNode]) -> None:
    """Execute notebooks in one kernel, as most of a short one's time is imports. Each starts without variables."""
    kernel = AsyncKernelManager(kernel_name="python3")
    try:
        for notebook in notebooks:
            client = NotebookClient(notebook, km=kernel)
            await client.async_execute(cwd=str(NOTEBOOKS))
            shell: Any = client.kc
            await shell.execute("%reset -f", silent=True, reply=True)
            shell.stop_channels()
    finally:
        await kernel.shutdown_kernel(now=True)


def _kept(output: NotebookNode, number: int) -> NotebookNode:
    if "execution_count" in output:
        output.execution_count = number
    # Every notebook viewer shows PNG; SVG would be a second copy, and no viewer shows a figure's CSV.
    if "image/png" in output.data:
        output.data.pop("image/svg+xml", None)
        output.data.pop("text/csv", None)
    return output


def contents(notebook: NotebookNode) -> list[tuple[str, dict[str, str]]]:
    """The source and the text outputs of each cell. Pictures are left out: they depend on the installed fonts."""
    return [
        (cell.source, {f"{number} {kind}": text for number, kind, text in _texts(cell)}) for cell in notebook.cells
    ]


def _texts(cell: NotebookNode) -> Iterator[tuple[int, str, str]]:
    for number, output in enumerate(cell.get("outputs", [])):
        if output.output_type == "error":
            yield number, "error", f"{output.ename}: {output.evalue}"
        for kind, text in output.get("data", {}).items():
            yield number, kind, "" if kind.startswith("image/") else text


def outdated() -> list[str]:
    """The notebooks whose outputs would change if they were executed now."""
    return [
        file.name
        for file, ran in zip(stories(), executed(stories()), strict=True)
        if contents(nbformat.read(file, as_version=4)) != contents(ran)
    ]
