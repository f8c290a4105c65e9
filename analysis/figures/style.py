"""One style for all figures: colour-blind safe, with text and lines that follow a light or dark page.

Palette: Okabe and Ito, "Color Universal Design" (2008). Line styles and markers differ too, for grey printing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

# Colours of the drawing, which its SVG replaces with variables that have a second value for dark pages. Each has
# only one use, and none is a default of matplotlib, which omits defaults.
INK, MUTED, GRID, PAPER = "#1b1f24", "#59616b", "#dde1e6", "#fefefe"
BLUE, ORANGE, GREEN, VERMILION = "#0072b2", "#e69f00", "#009e73", "#d55e00"
PURPLE, SKY, YELLOW, GREY = "#cc79a7", "#56b4e9", "#f0e442", "#8e959e"
# Not of that palette, which has no ninth colour: for a layer that few runs have, always beside its name.
BROWN = "#a0654a"
# Blue is the only colour of the palette that is too dark for a dark page.
VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper", BLUE: "blue"}
DARK = {"ink": "#e8eaed", "muted": "#a9b1bb", "grid": "#363c44", "paper": "#15181c", "blue": "#2f8fd6"}
# Text on coloured bars, the same on any page.
DARK_TEXT, LIGHT_TEXT = "#0d0f12", "#fdfdfd"

LAYER_COLOURS = {
    "payload": BLUE,
    "encryption": BROWN,
    "envelope": SKY,
    "request_line": YELLOW,
    "auth_query": ORANGE,
    "headers": VERMILION,
    "framing": PURPLE,
    "tls": GREEN,
    "tcp_ip": GREY,
}
# Layers of the response have the colours of the request's.
LIKE = {
    "unfinished": "framing",
    "response_head": "headers",
    "response_body": "envelope",
    "response_framing": "framing",
    "response_unfinished": "framing",
    "response_tls": "tls",
    "response_tcp_ip": "tcp_ip",
}

RC: dict[str, Any] = {
    "figure.dpi": 100,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    # Names of events may hold dollar signs.
    "text.parse_math": False,
    "axes.facecolor": "none",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "patch.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.fonttype": "none",
    "svg.image_inline": True,
}


class Stroke(NamedTuple):
    """The look of one of several lines."""

    color: str
    marker: str
    linestyle: str


STROKES = (
    Stroke(BLUE, "o", "-"),
    Stroke(VERMILION, "s", "--"),
    Stroke(GREEN, "^", "-."),
    Stroke(PURPLE, "D", (0, (4, 1.5, 1, 1.5, 1, 1.5))),  # type: ignore[arg-type]
    Stroke(ORANGE, "v", ":"),
    Stroke(SKY, "P", (0, (6, 2))),  # type: ignore[arg-type]
    Stroke(GREY, "X", (0, (2, 1))),  # type: ignore[arg-type]
)


def stroke(number: int) -> Stroke:
    """The stroke of a line by its number; the eighth looks like the first."""
    return STROKES[number % len(STROKES)]


@contextmanager
def styled(salt: str) -> Iterator[None]:
    """Draw or save in this style; ``salt`` makes the ids of an SVG unique."""
    with mpl.rc_context(cast(Any, {**RC, "svg.hashsalt": salt})):
        yield


def canvas(width: float, height: float, title: str, panels: int = 1, **more: Any) -> tuple[Figure, list[Axes]]:
    """A new figure, independent of pyplot, with panels side by side; sizes in inches. Call it inside
    ``styled``."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08))
    figure.suptitle(title, x=0.012, ha="left", fontsize=11, fontweight="bold")
    return figure, list(figure.subplots(1, panels, squeeze=False, **more)[0])


def text_on(color: str) -> str:
    """The text colour that is readable on a bar of ``color``."""
    red, green, blue = to_rgb(color)
    return LIGHT_TEXT if 0.299 * red + 0.587 * green + 0.114 * blue < 0.42 else DARK_TEXT


def log_axis(axes: Axes, which: Literal["x", "y"], ticks: Sequence[float] | None = None) -> None:
    """Make an axis logarithmic, with plain numbers at 1, 2 and 5 of each decade or at ``ticks``."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(ticks) if ticks is not None else LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def apart(values: Sequence[float], factor: float) -> list[float]:
    """Values, from the smallest up, that differ from the one before by at least the factor, as ticks need room."""
    kept: list[float] = []
    for value in sorted(set(values)):
        if not kept or value >= kept[-1] * factor:
            kept.append(float(value))
    return kept


def spread(wanted: list[float], gap: float) -> list[float]:
    """Positions for labels near the wanted ones, at least ``gap`` apart, in the same order."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    # Blocks of labels that touch, each centred on the mean of its labels' wanted positions.
    blocks: list[tuple[list[int], float]] = []
    for index in order:
        members, centre = [index], wanted[index]
        while blocks and centre - blocks[-1][1] < gap * (len(members) + len(blocks[-1][0])) / 2:
            before, _ = blocks.pop()
            members = before + members
            centre = sum(wanted[each] for each in members) / len(members)
        blocks.append((members, centre))
    places = [0.0] * len(wanted)
    for members, centre in blocks:
        for place, index in enumerate(members):
            places[index] = centre + gap * (place - (len(members) - 1) / 2)
    return places


@dataclass(frozen=True, slots=True)
class Label:
    """The label of a point.

    Attributes:
        x, y: the point, in data coordinates.
        text: the label's text.
    """

    x: float
    y: float
    text: str


def label_beside(axes: Axes, labels: Sequence[Label], side: Literal["left", "right"], gap: float = 0.05) -> None:
    """Write labels left or right of points, moved up or down so that none overlaps another.

    Args:
        axes: axes with a logarithmic y axis whose limits are set.
        labels: the labels.
        side: the side of the points.
        gap: the smallest distance between labels, as a share of the axis.
    """
    low, high = (math.log10(end) for end in axes.get_ylim())
    places = spread([math.log10(label.y) for label in labels], (high - low) * gap)
    for label, place in zip(labels, places, strict=True):
        axes.annotate(
            label.text,
            (label.x, 10**place),
            xytext=(-8 if side == "left" else 8, 0),
            textcoords="offset points",
            ha="right" if side == "left" else "left",
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )
