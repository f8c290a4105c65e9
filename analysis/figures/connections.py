"""What a connection costs, and what that comes to an event where many calls share it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.amortisation import amortisation
from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import call
from analysis.figures.style import INK, MUTED, PAPER, Stroke, canvas, log_axis, number, spread, stroke, styled

NAME = "connections"
CONNECTIONS = "wiretax run connections"
GROUP = ["api", "batch_size", "channels", "payload_bytes", "payload_kind", "client", "http", "tls"]
# More calls than this on a connection count as all: the price of it is no longer seen.
MANY_CALLS = 1000
MOST_LINES = 6


def connections(slices: pd.DataFrame) -> Drawing | Absent:
    """Bytes an event on the cable against the calls that share a connection, with the fitted curve and the floor.

    Args:
        slices: ``slices.parquet``.
    """
    points = amortisation(slices) if len(slices) else pd.DataFrame()
    if points.empty:
        return Absent(NAME, "no workload of this run differs in how many calls share a connection", CONNECTIONS)
    points = points.dropna(subset=["connection_bytes"])
    if points.empty:
        return Absent(NAME, "the kernel kept no count of what connections cost", f"on Linux, {CONNECTIONS}")
    groups = [group for _, group in points.groupby(GROUP, sort=False)]
    groups.sort(key=lambda group: (-float(group["bytes_per_event"].max()), str(group["workload"].iloc[0])))
    dearest = max(groups, key=lambda group: float(group["connection_bytes"].max()))
    title = f"A connection costs {_price(dearest)}"
    plainest = min(groups, key=lambda group: float(group["connection_bytes"].max()))
    if dearest["tls"].iloc[0] and not plainest["tls"].iloc[0]:
        title += f", {plainest['connection_bytes'].iloc[0]:,.0f} B without; its calls share the price"
    with styled(NAME):
        figure, [axes] = canvas(8, 4.4, title)
        log_axis(axes.xaxis)
        log_axis(axes.yaxis)
        end = max(float(points["calls"].where(points["calls"] <= MANY_CALLS).max()), 10.0) * 1.6
        floors = [_line(axes, group, stroke(place), end) for place, group in enumerate(groups[:MOST_LINES])]
        axes.set_xlim(0.85, end)
        axes.set_ylim(min(floors) / 1.25, float(points["bytes_per_event"].max()) * 1.3)
        _floors(axes, groups[:MOST_LINES], floors, end)
        axes.set_xlabel("calls on a connection, as measured")
        axes.set_ylabel("bytes an event on the cable, both ways")
    caption = (
        f"{title}. Bytes an event on the cable against calls on a connection: points are measured, the curve is the "
        "line fitted to what TLS and TCP/IP cost, dashed is what is left where all calls share one."
    )
    return Drawing(NAME, caption, figure)


def _price(group: pd.DataFrame) -> str:
    row = group.iloc[0]
    return f"{row['connection_bytes']:,.0f} B" + (" inside TLS" if row["tls"] else "")


def _name(group: pd.DataFrame) -> str:
    row = group.iloc[-1].to_dict()
    return ", ".join([call(row), *(["TLS"] if row["tls"] else [])])


def _line(axes: Axes, group: pd.DataFrame, look: Stroke, end: float) -> float:
    """One curve with its points; returns the floor, B an event: measured where all calls share a connection."""
    # HTTP's own bytes differ by the field that asks for the close, so the curve is that of the most calls.
    last = group.iloc[-1]
    base, each = float(last["call_bytes"]), float(last["connection_bytes"]) / float(last["batch_size"])
    measured = group[group["calls"] <= MANY_CALLS]
    floor = base if last["calls"] <= MANY_CALLS else float(last["bytes_per_event"])
    calls = np.geomspace(1, end, 60)
    axes.plot(calls, base + each / calls, color=look.color, linestyle=look.linestyle, zorder=3)
    axes.plot(
        measured["calls"],
        measured["bytes_per_event"],
        color=look.color,
        marker=look.marker,
        linestyle="none",
        label=_name(group),
        zorder=4,
    )
    axes.axhline(floor, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
    if len(measured):
        at = measured.iloc[0]
        axes.annotate(
            number(at["bytes_per_event"]),
            (at["calls"], at["bytes_per_event"]),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=INK,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8},
            zorder=5,
        )
    return floor


def _floors(axes: Axes, groups: list[pd.DataFrame], floors: list[float], end: float) -> None:
    """Labels to the right of the curves, each at its floor, none on another."""
    low, high = (float(np.log10(each)) for each in axes.get_ylim())
    places = spread([float(np.log10(floor)) for floor in floors], (high - low) * 0.1)
    for group, floor, place in zip(groups, floors, places, strict=True):
        axes.annotate(
            f"{_name(group)}\nall on one: {number(floor)} B",
            (end, floor),
            xytext=(end * 1.06, 10**place),
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )
