"""The cost of a connection, and its share per event if many calls use it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import calls_of
from analysis.figures.plotted import Plotted
from analysis.figures.style import (
    DASHED,
    MUTED,
    Label,
    Stroke,
    call_strokes,
    canvas,
    label_beside,
    log_axis,
    styled,
)
from analysis.findings.connection_notes import closing_notes
from analysis.measures.connections import MANY_CALLS
from analysis.models.connection_cost import GROUP, connection_cost
from analysis.text.labels import call, protocol
from analysis.text.numbers import short

NAME = "connections"
CONNECTIONS = "wiretax run connections"
MOST_LINES = 6
# Curves extend to at least this many calls, so that their bend is visible.
LEAST_END = 60.0


def connections(slices: pd.DataFrame) -> Drawing | Absent:
    """Bytes per event on the cable against calls per connection, with the fitted curve and its lower limit.

    Args:
        slices: ``slices.parquet``.
    """
    points = connection_cost(slices) if len(slices) else pd.DataFrame()
    if points.empty:
        closed = next(closing_notes(slices), "")
        if closed:
            return Absent(NAME, f"{closed}; the figure needs a server that keeps connections", CONNECTIONS)
        return Absent(NAME, "no two workloads of this run differ only in calls per connection", CONNECTIONS)
    points = points.dropna(subset=["connection_bytes"])
    if points.empty:
        return Absent(NAME, "the kernel did not count the bytes of connections", f"on Linux, {CONNECTIONS}")
    groups = [group for _, group in points.groupby(GROUP, sort=False)]
    groups.sort(key=lambda group: (-float(group["bytes_per_event"].max()), str(group["workload"].iloc[0])))
    dearest = max(groups, key=lambda group: float(group["connection_bytes"].max()))
    title = f"A connection costs {_price(dearest)}"
    plainest = min(groups, key=lambda group: float(group["connection_bytes"].max()))
    if dearest["tls"].iloc[0] and not plainest["tls"].iloc[0]:
        title += f", {plainest['connection_bytes'].iloc[0]:,.0f} B without; its calls share the cost"
    plotted = Plotted()
    with styled(NAME):
        figure, [axes] = canvas(8, 4.4, title)
        log_axis(axes, "x")
        log_axis(axes, "y")
        end = max(float(points["calls"].where(points["calls"] <= MANY_CALLS).max()), LEAST_END) * 1.6
        names = _names(groups[:MOST_LINES])
        calls = [call(group.iloc[0].to_dict()) for group in groups[:MOST_LINES]]
        looks = call_strokes(calls, calls_of(slices))
        floors = [
            _line(axes, group, name, look, end, plotted)
            for group, name, look in zip(groups[:MOST_LINES], names, looks, strict=True)
        ]
        axes.set_xlim(0.6, end)
        axes.set_ylim(min(floors) / 1.25, float(points["bytes_per_event"].max()) * 1.3)
        firsts = [group.iloc[0] for group in groups[:MOST_LINES] if group["calls"].iloc[0] <= MANY_CALLS]
        costs = [(float(row["calls"]), float(row["bytes_per_event"])) for row in firsts]
        label_beside(axes, [Label(calls, cost, short(cost)) for calls, cost in costs], "left", 0.045)
        labels = [
            Label(end, floor, f"{name}\nall calls on one: {short(floor)} B")
            for name, floor in zip(names, floors, strict=True)
        ]
        label_beside(axes, labels, "right", 0.1)
        axes.set_xlabel("calls per connection, as measured")
        axes.set_ylabel("bytes per event on the cable, both directions")
    caption = (
        "Bytes per event on the cable against calls per connection. Points are measured. The curve is the model "
        "fitted to the bytes of TLS and TCP/IP. The dashed line is the cost if all calls share one connection."
    )
    return Drawing(NAME, caption, figure, plotted.frame())


def _price(group: pd.DataFrame) -> str:
    row = group.iloc[0]
    return f"{row['connection_bytes']:,.0f} B" + (" inside TLS" if row["tls"] else "")


def _names(groups: list[pd.DataFrame]) -> list[str]:
    """Each curve's name, with what distinguishes it from the others."""
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


def _line(axes: Axes, group: pd.DataFrame, name: str, look: Stroke, end: float, plotted: Plotted) -> float:
    """Draw one curve with its points; returns its lower limit, B per event, which is measured if all calls of a
    workload shared a connection."""
    # HTTP bytes include a header that closes the connection, so the curve uses those of the most calls.
    last = group.iloc[-1]
    base, each = float(last["call_bytes"]), float(last["connection_bytes"]) / float(last["batch_size"])
    measured = group[group["calls"] <= MANY_CALLS]
    floor = base if last["calls"] <= MANY_CALLS else float(last["bytes_per_event"])
    calls = np.geomspace(1, end, 40)
    axes.plot(calls, base + each / calls, color=look.color, linestyle=look.linestyle, zorder=3)
    plotted.add(
        "measured",
        line=name,
        calls_per_connection=measured["calls"],
        cable_bytes_per_event=measured["bytes_per_event"],
    )
    plotted.add("model", line=name, calls_per_connection=calls, cable_bytes_per_event=base + each / calls)
    plotted.add("limit", line=name, cable_bytes_per_event=floor)
    axes.plot(
        measured["calls"],
        measured["bytes_per_event"],
        color=look.color,
        marker=look.marker,
        linestyle="none",
        label=name,
        zorder=4,
    )
    axes.plot([1, end], [floor, floor], color=MUTED, linewidth=0.9, linestyle=DASHED, zorder=2)
    return floor
