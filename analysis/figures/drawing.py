"""What a figure function returns: a figure with its caption, or why the run does not have the data for it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.style import DARK, PAPER, VARIABLES, styled
from analysis.figures.style.canvas import HEADING
from wiretax.runs.folder import write_whole

PNG_DPI = 160
# An SVG of matplotlib has 72 units per inch.
POINTS = 72
# More digits than a reader needs, and few enough to be the same on any processor.
FLOAT = "%.9g"
# Metadata in which matplotlib would write its version and the date.
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure of a run.

    Attributes:
        name: its name in reports and on disk.
        caption: how to read it, with units; it does not repeat the title.
        figure: the matplotlib figure, independent of pyplot, with the finding as its title.
        data: a row per point that is drawn; units are in the columns' names.
    """

    name: str
    caption: str
    figure: Figure
    data: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        # Compute the layout once: computed again at each save, it would depend on what was saved before.
        with styled(self.name):
            layout = self.figure.get_layout_engine()
            if layout is not None:
                layout.execute(self.figure)
            self.figure.set_layout_engine(None)

    @property
    def title(self) -> str:
        """What the figure shows, as one sentence without a full stop."""
        return " ".join(self.figure.get_suptitle().split())

    @property
    def description(self) -> str:
        """Title and caption."""
        return f"{self.title}. {self.caption}" if self.caption else f"{self.title}."

    def csv(self) -> str:
        """The data as CSV; an empty string without data."""
        return "" if self.data.empty else self.data.to_csv(index=False, float_format=FLOAT, lineterminator="\n")

    def svg(self) -> str:
        """The figure as SVG: the same bytes for the same data, in colours that follow a light or dark page.

        It works alone or beside others in an HTML page: its ids begin with its name, and its style affects nothing
        else.
        """
        text = StringIO()
        with styled(self.name):
            self.figure.savefig(text, format="svg", metadata=NO_METADATA)
        return _adapted(text.getvalue(), self)

    def png(self) -> bytes:
        """The figure as PNG on a light background, at 160 dots per inch."""
        data = BytesIO()
        with styled(self.name):
            self.figure.savefig(data, format="png", dpi=PNG_DPI, facecolor=PAPER, metadata={"Software": None})
        return data.getvalue()

    def save(self, folder: Path) -> None:
        """Write ``NAME.svg``, ``NAME.png`` and, if it has data, ``NAME.csv``, each atomically.

        Raises:
            OSError: if the folder can't be written.
        """
        svg, png, csv = self.svg(), self.png(), self.csv()
        write_whole(folder / f"{self.name}.svg", lambda path: path.write_text(svg, encoding="utf-8"))
        write_whole(folder / f"{self.name}.png", lambda path: path.write_bytes(png))
        if csv:
            write_whole(folder / f"{self.name}.csv", lambda path: path.write_text(csv, encoding="utf-8"))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        shown = {
            "image/svg+xml": self.svg(),
            "image/png": base64.b64encode(self.png()).decode(),
            "text/plain": self.description,
        }
        if csv := self.csv():
            shown["text/csv"] = csv
        return shown, {"wiretax": {"figure": self.name, "title": self.title, "caption": self.caption}}


@dataclass(frozen=True, slots=True)
class Absent:
    """A figure for which a run does not have the data.

    Attributes:
        name: the figure's name.
        why: what is missing, as the end of a sentence.
        how: the command that measures it.
    """

    name: str
    why: str
    how: str

    def __str__(self) -> str:
        return f"No figure here: {self.why}; {self.how} measures it."

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        shown = {
            "text/markdown": f"*No figure here: {self.why}; `{self.how}` measures it.*",
            "text/plain": str(self),
        }
        return shown, {"wiretax": {"absent": True}}


def _adapted(svg: str, drawing: Drawing) -> str:
    """matplotlib's SVG with a title, ids that are unique to the figure, and variables for the page's colours."""
    name = drawing.name
    own = f"wiretax-{name}"
    # The XML and document type lines don't belong in an HTML page, and the latter refers to a URL.
    svg = _numbered(svg[svg.index("<svg") :])
    svg = re.sub(r' id="([^"]+)"', rf' id="{own}-\1"', svg)
    svg = re.sub(r"(url\(|href=\")#", rf"\1#{own}-", svg)
    svg = re.sub(r"\*\{([^}]*)\}", rf"#{own} *{{\1}}", svg, count=1)
    svg = svg.replace("'DejaVu Sans', sans-serif", "'DejaVu Sans', Verdana, sans-serif")
    used = {colour: variable for colour, variable in VARIABLES.items() if colour in svg}
    for colour, variable in used.items():
        svg = svg.replace(colour, f"var(--{variable})")
    light = _values(own, {variable: colour for colour, variable in used.items()})
    dark = _values(own, {variable: DARK[variable] for variable in used.values()})
    style = (
        f"{light} @media screen and (prefers-color-scheme: dark) {{ {dark} }} @media print {{ {light} }} "
        f"#{own} {{ max-width: 100%; height: auto }}"
    )
    head = (
        f' id="{own}" data-heading="{_heading_height(drawing.figure):.2f}" role="img" '
        f'aria-labelledby="{own}-title" aria-describedby="{own}-desc">\n'
        f'<title id="{own}-title">{escape(drawing.title)}</title>\n'
        f'<desc id="{own}-desc">{escape(drawing.caption)}</desc>\n'
        f"<style>{style}</style>"
    )
    return re.sub(r">", lambda _: head, svg, count=1)


def _heading_height(figure: Figure) -> float:
    """The height of the title, in the SVG's units: a page that shows it as text cuts it off."""
    heading = figure.findobj(lambda artist: artist.get_gid() == HEADING)
    if not heading:
        return 0.0
    bottom = heading[0].get_window_extent().y0
    return float((figure.bbox.height - bottom) / figure.dpi * POINTS)


def _numbered(svg: str) -> str:
    """Number the ids that matplotlib derives from a path's coordinates, whose last digit depends on the CPU."""
    hashed = dict.fromkeys(re.findall(r' id="([^"]*[0-9a-f]{10})"', svg))
    names = {each: f"path_{number}" for number, each in enumerate(hashed, 1)}
    return re.sub(r'(?<=["#])[^"#()]*[0-9a-f]{10}(?=[")])', lambda found: names.get(found[0], found[0]), svg)


def _values(own: str, values: dict[str, str]) -> str:
    return f"#{own} {{ " + "; ".join(f"--{name}: {value}" for name, value in values.items()) + " }"
