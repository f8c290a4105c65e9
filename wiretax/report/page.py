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
SVG, PNG, CSV = "image/svg+xml", "image/png", "text/csv"
# The XML prologue of an SVG file, which may not be embedded in a page.
PROLOGUE = re.compile(r"\A.*?(?=<svg[\s>])", re.DOTALL)
IDENTITY = re.compile(r'(<h[1-6] id=")([^"]+)(">.*?<a class="anchor-link" href="#)([^"]+)', re.DOTALL)
HEADINGS = re.compile(r'<h2 id="([^"]+)">(.*?)(?:<a class="anchor-link".*?</a>)?</h2>', re.DOTALL)
# Of a drawing's SVG: its size, and the title, which ``analysis.figures.drawing`` marks.
WIDTH = re.compile(r'<svg[^>]*? width="([0-9.]+)pt"')
VIEW_BOX = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
HEADING_HEIGHT = re.compile(r'<svg[^>]*? data-heading="([0-9.]+)"')
HEADING_TEXT = re.compile(r'<g id="[^"]*-heading">.*?</g>', re.DOTALL)
TITLES = re.compile(
    r"<h[1-6][^>]*>(.*?)(?:<a class=\"anchor-link\".*?</a>)?</h[1-6]>|<summary>(.*?)</summary>", re.DOTALL
)
# A table with the notes below it.
TABLE = re.compile(r"(<table.*?</table>)(<p><small>.*?</small></p>)?", re.DOTALL)
# Longer tables are collapsed.
MOST_ROWS = 16


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing of a notebook.

    Attributes:
        name: the name of its files, unique on the page.
        svg: the drawing as SVG; empty if the notebook has none.
        png: the drawing as PNG; empty if the notebook has none.
        title: what it shows, as text above the drawing; empty if the notebook has none.
        caption: how to read it.
        csv: what is drawn, as CSV; empty if the notebook has none.
    """

    name: str
    svg: str
    png: bytes
    title: str
    caption: str
    csv: str


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


def _framed(found: re.Match[str]) -> str:
    """Make a table scroll inside the page, and collapse a long one with its notes."""
    table, notes = found[1].replace("<th ", '<th scope="col" '), found[2] or ""
    before = found.string[: found.start()]
    rows = table.count("<tr") - table.count("<thead")
    titles = TITLES.findall(before)
    title = _plain("".join(titles[-1])) if titles else ""
    wide = f'<div class="wide" role="region" tabindex="0" aria-label="Table: {title}">{table}</div>{notes}'
    if rows <= MOST_ROWS or before.rstrip().endswith("</summary>"):
        return wide
    return f"<details><summary>A table of {rows} rows</summary>{wide}</details>"


def _plain(markup: str) -> str:
    """The text of markup, for an attribute."""
    return html.escape(html.unescape(re.sub(r"<[^>]+>", "", markup)).strip())


def _figures(notebook: NotebookNode) -> Iterator[Figure]:
    names: set[str] = set()
    for output in _outputs(notebook):
        about = output.get("metadata", {}).get("wiretax", {})
        wanted = about.get("figure")
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
        caption = about.get("caption", data.get("text/plain", str(wanted)))
        svg, csv = (visible_document(data.get(kind, "")) for kind in (SVG, CSV))
        yield Figure(name, svg, png, about.get("title", ""), caption, csv)


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
    title, caption = html.escape(figure.title), html.escape(figure.caption)
    if figure.svg:
        drawing = _without_heading(PROLOGUE.sub("", figure.svg)) if title else PROLOGUE.sub("", figure.svg)
    else:
        data = base64.b64encode(figure.png).decode()
        drawing = f'<img alt="{title or caption}" src="data:{PNG};base64,{data}">'
    heading = f'<p class="finding">{title}</p>' if title else ""
    below = " ".join([*([caption] if caption else []), *([_data_link(figure)] if figure.csv else [])])
    width = WIDTH.search(drawing)
    size = f' style="--natural:{width[1]}pt"' if width else ""
    label = html.escape(f"Figure: {figure.title or figure.caption}")
    return (
        f'<figure id="figure-{figure.name}">{heading}'
        f'<div class="drawing" role="group" tabindex="0" aria-label="{label}"{size}>{drawing}</div>'
        f"<figcaption>{below}</figcaption></figure>"
    )


def _without_heading(svg: str) -> str:
    """A drawing without its title, which the page shows as text that wraps on a narrow screen."""
    found = HEADING_HEIGHT.search(svg)
    box = VIEW_BOX.search(svg)
    if not found or not box:
        return svg
    cut = float(found[1])
    width, height = float(box[1]), float(box[2]) - cut
    svg = HEADING_TEXT.sub("", svg, count=1)
    svg = VIEW_BOX.sub(f'viewBox="0 {cut:g} {width:g} {height:g}"', svg, count=1)
    return re.sub(r'height="[0-9.]+pt"', f'height="{height:g}pt"', svg, count=1)


def _data_link(figure: Figure) -> str:
    """A link to what is drawn; it is part of the page, which people pass on as one file."""
    data = base64.b64encode(figure.csv.encode()).decode()
    name = f"{figure.name}.csv"
    return f'<a class="data" download="{name}" href="data:{CSV};charset=utf-8;base64,{data}">Data: {name}</a>'


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
    links = [f'<li><a href="#{name}">{_plain(words)}</a></li>' for name, words in HEADINGS.findall(body)]
    return f'<nav aria-label="Contents"><ul>{"".join(links)}</ul></nav>' if links else ""
