"""Renders an executed notebook as one self-contained HTML file, and extracts its figures."""

from __future__ import annotations

import base64
import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter
from nbformat import NotebookNode

from wiretax.escaping import visible_document

TEMPLATES = Path(__file__).parent
TEMPLATE = "template"
SVG, PNG = "image/svg+xml", "image/png"
# The XML prologue of an SVG file, which may not be embedded in a page.
PROLOGUE = re.compile(r"\A.*?(?=<svg[\s>])", re.DOTALL)
IDENTITY = re.compile(r'(<h[1-6] id=")([^"]+)(">.*?<a class="anchor-link" href="#)([^"]+)', re.DOTALL)
HEADINGS = re.compile(r'<h2 id="([^"]+)">(.*?)(?:<a class="anchor-link".*?</a>)?</h2>', re.DOTALL)
TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
# Longer tables are collapsed.
MOST_ROWS = 16


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing of a notebook.

    Attributes:
        name: the name of its files, unique on the page.
        svg: the drawing as SVG; empty if the notebook has none.
        png: the drawing as PNG; empty if the notebook has none.
        caption: a sentence about what it shows.
    """

    name: str
    svg: str
    png: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page and its figures."""

    html: str
    figures: tuple[Figure, ...]


def render_page(notebook: NotebookNode, title: str, failures: int = 0) -> Page:
    """Render an executed notebook.

    Outputs with the metadata ``{"wiretax": {"figure": NAME}}`` are figures. Their SVG is embedded unchanged, so
    that it adapts to light, dark and print; its ids must be unique. Standard error of cells is left out. Control
    characters, and those that change the direction of text, are shown as escapes.

    Args:
        notebook: the executed notebook; it is not changed.
        title: the title of the browser's window.
        failures: number of failed cells, shown at the top of the page.
    """
    figures = tuple(_figures(notebook))
    exporter = HTMLExporter(
        template_name=TEMPLATE,
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        anchor_link_text="#",
    )
    exporter.register_filter("figure_place", _places(figures))
    resources = {"title": title, "failures": failures}
    body, _ = exporter.from_notebook_node(notebook, resources={"report": resources})
    body = TABLE.sub(_framed, _own_ids(body))
    body = body.replace("<!--contents-->", _contents(body))
    # Embedded last: the exporter would rewrite the XML of a drawing as HTML.
    for figure in figures:
        body = body.replace(_place(figure.name), _embedded(figure))
    return Page(visible_document(body), figures)


def _framed(table: re.Match[str]) -> str:
    """Make a table scroll horizontally, and collapse a long one."""
    rows = table[0].count("<tr") - table[0].count("<thead")
    wide = f'<div class="wide" tabindex="0">{table[0]}</div>'
    if rows <= MOST_ROWS or table.string[: table.start()].rstrip().endswith("</summary>"):
        return wide
    return f"<details><summary>A table of {rows} rows</summary>{wide}</details>"


def _figures(notebook: NotebookNode) -> Iterator[Figure]:
    names: set[str] = set()
    for output in _outputs(notebook):
        wanted = output.get("metadata", {}).get("wiretax", {}).get("figure")
        if wanted is None:
            continue
        stem = re.sub(r"[^a-z0-9_-]+", "-", str(wanted).lower()).strip("-") or "figure"
        name, number = stem, 1
        while name in names:
            number += 1
            name = f"{stem}-{number}"
        names.add(name)
        data = output.data
        png = base64.b64decode(data.get(PNG, ""))
        # A control character would also make the drawing's XML invalid.
        yield Figure(name, visible_document(data.get(SVG, "")), png, data.get("text/plain", str(wanted)))


def _outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def _places(figures: tuple[Figure, ...]) -> Any:
    """A filter that replaces each figure's output, in order, by a placeholder for its drawing."""
    names = iter([figure.name for figure in figures])
    return lambda _: _place(next(names))


def _place(name: str) -> str:
    return f"<!--figure:{name}-->"


def _embedded(figure: Figure) -> str:
    caption = html.escape(figure.caption)
    if figure.svg:
        drawing = PROLOGUE.sub("", figure.svg)
    else:
        data = base64.b64encode(figure.png).decode()
        drawing = f'<img alt="{caption}" src="data:{PNG};base64,{data}">'
    return (
        f'<figure id="figure-{figure.name}"><div class="drawing" tabindex="0">{drawing}</div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _own_ids(body: str) -> str:
    """Make the ids of headings unique, even if two stories have the same heading."""
    seen: Counter[str] = Counter()

    def own(heading: re.Match[str]) -> str:
        before, name, between, _ = heading.groups()
        seen[name] += 1
        name = name if seen[name] == 1 else f"{name}-{seen[name]}"
        return f"{before}{name}{between}{name}"

    return IDENTITY.sub(own, body)


def _contents(body: str) -> str:
    links = [
        f'<li><a href="#{name}">{re.sub(r"<[^>]+>", "", words).strip()}</a></li>'
        for name, words in HEADINGS.findall(body)
    ]
    return f'<nav aria-label="Contents"><ul>{"".join(links)}</ul></nav>' if links else ""
