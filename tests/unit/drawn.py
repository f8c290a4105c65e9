"""Figures of made-up runs, and what is in their drawings."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from saved import kernel, slice_

from analysis.figures import (
    Absent,
    Drawing,
)
from wiretax.channels.workload import Workload
from wiretax.wire.slices import Slice

TRIGGER = Workload.of("trigger")
BATCH = Workload.of("batch", 10)
SWEEP = [
    Workload.of(api, size, payload_bytes=payload)  # type: ignore[arg-type]
    for payload in (10, 100, 1000)
    for api, size in (("trigger", 1), ("batch", 2), ("batch", 5), ("batch", 10))
]


def counted(workload: Workload, round_: int = 0) -> Slice:
    """A slice of ten calls whose segments the kernel counted: two each way a call."""
    made = slice_(workload, round_, 10)
    made.tcp = kernel(20, 20)
    return made


def drawn(figure: Drawing | Absent) -> Drawing:
    assert isinstance(figure, Drawing), str(figure)
    return figure


def texts(figure: Drawing) -> list[str]:
    """All words of a figure, its axes' and its title's among them."""
    found = [figure.figure.get_suptitle()]
    for axes in figure.figure.axes:
        found += [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()]
        found += [each.get_text() for each in axes.texts]
        found += [each.get_text() for each in axes.get_yticklabels()]
        legend = axes.get_legend()
        found += [each.get_text() for each in legend.get_texts()] if legend else []
    return found


def bars(axes: Axes) -> dict[str, list[Rectangle]]:
    """Bars by label, in the order they were drawn."""
    found: dict[str, list[Rectangle]] = {}
    for container in axes.containers:
        label = str(container.get_label())
        found.setdefault(label, []).extend(each for each in container if isinstance(each, Rectangle))
    return found


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    """The points of a labelled line."""
    [found] = [each for each in axes.lines if each.get_label() == label]
    return np.asarray(found.get_xdata()).tolist(), np.asarray(found.get_ydata()).tolist()
