"""What a connection costs, and what that comes to an event where many calls share it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.style import MUTED, Label, Stroke, canvas, label_beside, log_axis, stroke, styled
from analysis.findings.connection_notes import closing_notes
from analysis.measures.connections import MANY_CALLS
from analysis.models.connection_cost import GROUP, connection_cost
from analysis.text.labels import call, protocol
from analysis.text.numbers import short

NAME = "connections"
CONNECTIONS = "wiretax run connections"
MOST_LINES = 6
# Curves are drawn at least so far (calls), for their bend to be seen.
LEAST_END = 60.0


def connections(slices: pd.DataFrame) -> Drawing | Absent:
    """Bytes per event on the cable against the calls that share a connection, with the fitted curve and the floor.

    Args:
        slices: ``slices.parquet``.
    """
    points = connection_cost(slices) if len(slices) else pd.DataFrame()
    if points.empty:
        closed = next(closing_notes(slices), "")
        if closed:
            return Absent(NAME, f"{closed}; it takes a server that keeps connections", CONNECTIONS)
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
        log_axis(axes, "x")
        log_axis(axes, "y")
        end = max(float(points["calls"].where(points["calls"] <= MANY_CALLS).max()), LEAST_END) * 1.6
        names = _names(groups[:MOST_LINES])
        floors = [
            _line(axes, group, name, stroke(place), end)
            for place, (group, name) in enumerate(zip(groups[:MOST_LINES], names, strict=True))
        ]
        axes.set_xlim(0.6, end)
        axes.set_ylim(min(floors) / 1.25, float(points["bytes_per_event"].max()) * 1.3)
        firsts = [group.iloc[0] for group in groups[:MOST_LINES] if group["calls"].iloc[0] <= MANY_CALLS]
        costs = [(float(row["calls"]), float(row["bytes_per_event"])) for row in firsts]
        label_beside(axes, [Label(calls, cost, short(cost)) for calls, cost in costs], "left", 0.045)
        labels = [
            Label(end, floor, f"{name}\nall on one: {short(floor)} B")
            for name, floor in zip(names, floors, strict=True)
        ]
        label_beside(axes, labels, "right", 0.1)
        axes.set_xlabel("calls on a connection, as measured")
        axes.set_ylabel("bytes per event on the cable, both ways")
    caption = (
        f"{title}. Bytes per event on the cable against calls on a connection: points are measured, the curve is "
        "the line fitted to what TLS and TCP/IP cost, dashed is what is left where all calls share one."
    )
    return Drawing(NAME, caption, figure)


def _price(group: pd.DataFrame) -> str:
    row = group.iloc[0]
    return f"{row['connection_bytes']:,.0f} B" + (" inside TLS" if row["tls"] else "")


def _names(groups: list[pd.DataFrame]) -> list[str]:
    """Each curve in words, with what tells it from the others."""
    rows = [group.iloc[-1].to_dict() for group in groups]
    several = {name: len({row[name] for row in rows}) > 1 for name in ("client", "payload_bytes", "payload_kind")}
    return [
        ", ".join(
            [
                *([str(row["client"])] if several["client"] else []),
                call(row),
                *([f"{row['payload_bytes']:,} B"] if several["payload_bytes"] else []),
                *([str(row["payload_kind"])] if several["payload_kind"] else []),
                *protocol(row),
            ]
        )
        for row in rows
    ]


def _line(axes: Axes, group: pd.DataFrame, name: str, look: Stroke, end: float) -> float:
    """One curve with its points; returns the floor, B per event: measured where all calls share a connection."""
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
        label=name,
        zorder=4,
    )
    axes.plot([1, end], [floor, floor], color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
    return floor
