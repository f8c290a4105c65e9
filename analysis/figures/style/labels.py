"""Labels beside points that don't overlap, and ticks that have room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes

from analysis.figures.style.palette import MUTED


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


def _within(places: list[float], gap: float, low: float, high: float) -> list[float]:
    """Positions that are ``gap`` apart, moved so that they lie between two ends, if there is room."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    for index in reversed(order):
        places[index] = min(places[index], high)
        high = places[index] - gap
    for index in order:
        places[index] = max(places[index], low)
        low = places[index] + gap
    return places


@dataclass(frozen=True, slots=True)
class Label:
    """The label of a point.

    Attributes:
        x, y: the point, in data coordinates.
        text: the label's text.
        color: of the line that joins both if the label had to move.
    """

    x: float
    y: float
    text: str
    color: str = MUTED


def label_beside(
    axes: Axes,
    labels: Sequence[Label],
    side: Literal["left", "right"],
    gap: float = 0.05,
    at: float | None = None,
) -> None:
    """Write labels left or right of points, moved up or down so that none overlaps another.

    Args:
        axes: axes whose limits are set.
        labels: the labels.
        side: the side of the points.
        gap: the smallest distance between labels, as a share of the axis.
        at: where all labels begin, in data coordinates of x; by default each is beside its point.
    """
    is_log = axes.get_yscale() == "log"
    low, high = (math.log10(end) if is_log else end for end in axes.get_ylim())
    wanted = [math.log10(label.y) if is_log else label.y for label in labels]
    margin = (high - low) * gap / 2
    places = _within(spread(wanted, 2 * margin), 2 * margin, low + margin, high - margin)
    for label, place in zip(labels, places, strict=True):
        y = 10**place if is_log else place
        beside = axes.annotate(
            label.text,
            (label.x if at is None else at, y),
            xytext=(-8 if side == "left" else 8, 0),
            textcoords="offset points",
            ha="right" if side == "left" else "left",
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )
        if at is not None:
            # Its position is that of the text, so that the line ends there.
            axes.annotate(
                "",
                (label.x, label.y),
                xytext=(-0.02, 0.5),
                textcoords=beside,
                arrowprops={"arrowstyle": "-", "color": label.color, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 1},
                annotation_clip=False,
            )
