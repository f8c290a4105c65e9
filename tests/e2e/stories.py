"""Notebooks made for tests: small ones, whose figures and failures are known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from wiretax.report.report import NOTEBOOKS

# A drawing as analysis/figures gives it: SVG, PNG and a caption under one name.
FIGURE = """\
import io, base64
from matplotlib.figure import Figure

class Drawing:
    def _repr_mimebundle_(self, **_):
        figure = Figure(figsize=(6, 3))
        figure.subplots().bar(["trigger", "batch"], [473, 196])
        svg, png = io.StringIO(), io.BytesIO()
        figure.savefig(svg, format="svg")
        figure.savefig(png, format="png")
        data = {"image/svg+xml": svg.getvalue(), "image/png": base64.b64encode(png.getvalue()).decode(),
                "text/plain": "Bytes an event. In \\"one\\" slice."}
        return data, {"wiretax": {"figure": "bytes-an-event"}}

Drawing()"""
WIDE = """\
from pandas import DataFrame
DataFrame({f"column number {number}": [number] for number in range(40)})"""


def markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "same", "metadata": {}, "source": source}


def code(source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": "same",
        "execution_count": None,
        "metadata": {"tags": list(tags)},
        "outputs": [],
        "source": source,
    }


def write(path: Path, *cells: dict[str, Any]) -> None:
    """Write a notebook of these cells."""
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def with_stories(folder: Path, **stories: list[dict[str, Any]]) -> Path:
    """wiretax's own frame in a folder of its own, with these stories and no others."""
    folder.mkdir()
    shutil.copy(NOTEBOOKS / "report.ipynb", folder)
    for number, (name, cells) in enumerate(stories.items(), 1):
        write(folder / f"{number:02}-{name}.ipynb", *cells)
    return folder
