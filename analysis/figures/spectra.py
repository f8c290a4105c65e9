"""Draws spectra of percentiles: the axis gives each nine the same width, and each line is named at its end."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.plotted import Plotted
from analysis.figures.style import Label, Stroke, label_beside, log_axis
from analysis.findings.percentile_notes import percentile
from analysis.measures.latency import P50_P99, LatencyDistribution, column_names
from analysis.measures.spectrum import NAMED, spectrum
from analysis.text.numbers import plain, three_digits

# From this ratio of the slowest to the fastest on, the axis of times is logarithmic.
WIDE = 8
# Markers stand at these percentiles.
MARKED = (50, 90, 99, 99.9, 99.99, 99.999)
LOWER_BOUND_MARKER = "^"
# Names have two lines: this much of the axis.
LABEL_GAP = 0.105
FAINT = (0, (1, 1.2))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the figure.

    Attributes:
        name: written at its end.
        latencies: what it shows.
        look: its stroke.
        is_faint: whether it only accompanies another line: thin, without name, markers and interval.
        is_bound: whether all its times are lower bounds.
    """

    name: str
    latencies: LatencyDistribution
    look: Stroke
    is_faint: bool = False
    is_bound: bool = False


Spectra = Sequence[tuple[Line, pd.DataFrame]]


def spectra(lines: Sequence[Line]) -> Spectra:
    """The lines that have enough samples for a median, with their spectra."""
    found = [(line, spectrum(line.latencies)) for line in lines]
    return [
        (line, points.assign(is_lower_bound=True) if line.is_bound else points)
        for line, points in found
        if len(points)
    ]


def draw_spectra(
    axes: Axes, found: Spectra, plotted: Plotted, reach: tuple[float, float] | None = None, **of: float
) -> None:
    """Draw spectra with their names and set the axes.

    Args:
        axes: new axes.
        found: from ``spectra``; not empty.
        plotted: gets the points.
        reach: the range of times (ms); by default that of the lines.
        of: further columns of the data: what these axes show.
    """
    low, high = reach or reach_of(found)
    end = max(float(points["nines"].iloc[-1]) for _, points in found)
    if high > low * WIDE:
        log_axis(axes, "y")
        axes.set_ylim(low / 1.15, high * 1.15)
    else:
        axes.set_ylim(0, high * 1.08)
    ticks = [0.0, *(each for each in NAMED if -np.log10(1 - each) <= end + 1e-9)]
    axes.set_xticks([-np.log10(1 - each) for each in ticks], [f"{plain(each * 100)} %" for each in ticks])
    axes.set_xlim(0, end * 1.01)
    for line, points in found:
        _draw(axes, line, points)
        plotted.add(
            "waiting" if line.is_faint else "total",
            **of,
            line=line.name,
            percentile=points["percentile"],
            latency_ms=points["latency_s"] * 1e3,
            low_ms=np.nan if line.is_faint else points["low_s"] * 1e3,
            high_ms=np.nan if line.is_faint else points["high_s"] * 1e3,
            is_lower_bound=points["is_lower_bound"],
        )
    named = [_label(line, points) for line, points in found if not line.is_faint]
    label_beside(axes, named, "right", LABEL_GAP, at=end * 1.04)


def how_to_read(of: str) -> str:
    """Sentences for the caption of a figure with spectra ``of`` calls, events or deliveries."""
    return (
        f"Each nine has the same width. A line ends where ten {of} are left beyond it. Bands are 95 % intervals "
        f"from the number of {of} alone."
    )


def reach_of(found: Spectra) -> tuple[float, float]:
    """The range of times (ms) that shows all lines."""
    times = pd.concat([points["latency_s"] for _, points in found]) * 1e3
    return float(times[times > 0].min()), float(times.max())


def _draw(axes: Axes, line: Line, points: pd.DataFrame) -> None:
    look = line.look
    axes.plot(
        points["nines"],
        points["latency_s"] * 1e3,
        color=look.color,
        linestyle=FAINT if line.is_faint else look.linestyle,
        linewidth=0.8 if line.is_faint else 1.6,
        label=line.name,
        zorder=2 if line.is_faint else 3,
    )
    if line.is_faint:
        return
    band = (points["low_s"] * 1e3, points["high_s"] * 1e3)
    axes.fill_between(points["nines"], *band, color=look.color, alpha=0.16, linewidth=0, zorder=1)
    marked = points[points["percentile"].round(6).isin(MARKED)]
    exact, bounds = marked[~marked["is_lower_bound"]], points[points["is_lower_bound"]].iloc[:1]
    for some, marker, fill in ((exact, look.marker, look.color), (bounds, LOWER_BOUND_MARKER, "none")):
        axes.plot(
            some["nines"],
            some["latency_s"] * 1e3,
            color=look.color,
            marker=marker,
            markerfacecolor=fill,
            linestyle="none",
            zorder=4,
        )


def _label(line: Line, points: pd.DataFrame) -> Label:
    last = points.iloc[-1]
    found = line.latencies.quantiles(tuple(P50_P99.values()))
    row: dict[Hashable, Any] = {}
    for (value, bound), each in zip(column_names(P50_P99).values(), found, strict=True):
        row |= {value: each.seconds, bound: each.is_lower_bound or line.is_bound}
    told = [f"{name} {percentile(row, name, lambda seconds: three_digits(seconds * 1e3))}" for name in P50_P99]
    words = f"{line.name}\n{', '.join(each for each in told if not each.endswith('-'))} ms"
    return Label(float(last["nines"]), float(last["latency_s"]) * 1e3, words, line.look.color)
