"""A new figure and its axes in the style of all figures."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from analysis.figures.style.palette import GRID, INK, MUTED, PAPER

HEADING = "heading"
TITLE_SIZE = 11
# The height of a line of the title and the mean width of its letters, in inches.
LINE, LETTER = 0.18, 0.089

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


@contextmanager
def styled(salt: str) -> Iterator[None]:
    """Draw or save in this style; ``salt`` makes the ids of an SVG unique."""
    with mpl.rc_context(cast(Any, {**RC, "svg.hashsalt": salt})):
        yield


def canvas(width: float, height: float, title: str, panels: int = 1, **more: Any) -> tuple[Figure, list[Axes]]:
    """A new figure, independent of pyplot, with panels side by side; sizes in inches. Call it inside
    ``styled``."""
    figure = figure_with(width, height, title)
    return figure, list(figure.subplots(1, panels, squeeze=False, **more)[0])


def figure_with(width: float, height: float, title: str) -> Figure:
    """A new figure without axes. A title that is too long for one line has several, and the figure is higher."""
    lines = wrapped(title, width)
    height += LINE * (len(lines) - 1)
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08))
    heading = figure.suptitle("\n".join(lines), x=0.012, ha="left", fontsize=TITLE_SIZE, fontweight="bold")
    # A report finds the heading by this id, to show the title as text instead.
    heading.set_gid(HEADING)
    return figure


def wrapped(title: str, width: float) -> list[str]:
    """The lines of a title above a figure of ``width`` inches."""
    return textwrap.wrap(title, int(width / LETTER), break_on_hyphens=False)


def log_axis(axes: Axes, which: Literal["x", "y"], ticks: Sequence[float] | None = None) -> None:
    """Make an axis logarithmic, with plain numbers at 1, 2 and 5 of each decade or at ``ticks``."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(ticks) if ticks is not None else LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
