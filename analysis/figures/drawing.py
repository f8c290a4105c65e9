"""What a figure function returns: a figure with its caption, or why the run does not have the data for it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from matplotlib.figure import Figure

from analysis.figures.style import DARK, PAPER, VARIABLES, styled
from wiretax.runs.folder import write_whole

PNG_DPI = 160
# Metadata in which matplotlib would write its version and the date.
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure of a run.

    Attributes:
        name: its name in reports and on disk.
        caption: what it shows, with units; the first sentence is its title for screen readers.
        figure: the matplotlib figure, independent of pyplot.
    """

    name: str
    caption: str
    figure: Figure

    def __post_init__(self) -> None:
        # Compute the layout once: computed again at each save, it would depend on what was saved before.
        with styled(self.name):
            layout = self.figure.get_layout_engine()
            if layout is not None:
                layout.execute(self.figure)
            self.figure.set_layout_engine(None)

    @property
    def title(self) -> str:
        """The first sentence of the caption."""
        return re.split(r"(?<=\.)\s", self.caption, maxsplit=1)[0]

    def svg(self) -> str:
        """The figure as SVG: the same bytes for the same data, in colours that follow a light or dark page.

        It works alone or beside others in an HTML page: its ids begin with its name, and its style affects nothing
        else.
        """
        text = StringIO()
        with styled(self.name):
            self.figure.savefig(text, format="svg", metadata=NO_METADATA)
        return _adapted(text.getvalue(), self.name, self.title, self.caption)

    def png(self) -> bytes:
        """The figure as PNG on a light background, at 160 dots per inch."""
        data = BytesIO()
        with styled(self.name):
            self.figure.savefig(data, format="png", dpi=PNG_DPI, facecolor=PAPER, metadata={"Software": None})
        return data.getvalue()

    def save(self, folder: Path) -> None:
        """Write ``NAME.svg`` and ``NAME.png``, each atomically.

        Raises:
            OSError: if the folder can't be written.
        """
        svg, png = self.svg(), self.png()
        write_whole(folder / f"{self.name}.svg", lambda path: path.write_text(svg, encoding="utf-8"))
        write_whole(folder / f"{self.name}.png", lambda path: path.write_bytes(png))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        shown = {
            "image/svg+xml": self.svg(),
            "image/png": base64.b64encode(self.png()).decode(),
            "text/plain": self.caption,
        }
        return shown, {"wiretax": {"figure": self.name}}


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


def _adapted(svg: str, name: str, title: str, caption: str) -> str:
    """matplotlib's SVG with a title, ids that are unique to the figure, and variables for the page's colours."""
    own = f"wiretax-{name}"
    # The XML and document type lines don't belong in an HTML page, and the latter refers to a URL.
    svg = _numbered(svg[svg.index("<svg") :])
    svg = re.sub(r' id="([^"]+)"', rf' id="{own}-\1"', svg)
    svg = re.sub(r"(url\(|href=\")#", rf"\1#{own}-", svg)
    svg = re.sub(r"\*\{([^}]*)\}", rf"#{own} *{{\1}}", svg, count=1)
    svg = svg.replace("'DejaVu Sans', sans-serif", "'DejaVu Sans', Verdana, sans-serif")
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable})")
    light = _values(own, {variable: colour for colour, variable in VARIABLES.items()})
    dark = _values(own, DARK)
    style = (
        f"{light} @media screen and (prefers-color-scheme: dark) {{ {dark} }} @media print {{ {light} }} "
        f"#{own} {{ max-width: 100%; height: auto }}"
    )
    head = (
        f' id="{own}" role="img" aria-labelledby="{own}-title" aria-describedby="{own}-desc">\n'
        f'<title id="{own}-title">{escape(title)}</title>\n<desc id="{own}-desc">{escape(caption)}</desc>\n'
        f"<style>{style}</style>"
    )
    return re.sub(r">", lambda _: head, svg, count=1)


def _numbered(svg: str) -> str:
    """Number the ids that matplotlib derives from a path's coordinates, whose last digit depends on the CPU."""
    hashed = dict.fromkeys(re.findall(r' id="([^"]*[0-9a-f]{10})"', svg))
    names = {each: f"path_{number}" for number, each in enumerate(hashed, 1)}
    return re.sub(r'(?<=["#])[^"#()]*[0-9a-f]{10}(?=[")])', lambda found: names.get(found[0], found[0]), svg)


def _values(own: str, values: dict[str, str]) -> str:
    return f"#{own} {{ " + "; ".join(f"--{name}: {value}" for name, value in values.items()) + " }"
