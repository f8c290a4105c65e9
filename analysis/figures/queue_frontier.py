"""The bytes that batching from a queue saves and the latency it costs: a curve per rate, with the frontier."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.markers import CARETUPBASE

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.plotted import Plotted
from analysis.figures.style import Label, Stroke, canvas, label_beside, log_axis, shades, styled
from analysis.measures.latency import samples_needed
from analysis.measures.queues import SAME_ARRIVALS, queue_frontier
from analysis.text.labels import Row, arrival_rate, queue_call
from analysis.text.numbers import percent
from wiretax.runs.reader import Run

NAME = "tradeoff"
TRADEOFF = "wiretax run tradeoff"
MOST_CURVES = 7
# Columns with a panel per value, and columns that may vary within a run: only the largest group is drawn.
PANEL = ["rtt_s"]
ALIKE = [name for name in SAME_ARRIVALS if name not in ("rate", "publishers", *PANEL)]
MOST_PANELS = 3
# The position of a lower bound's arrow relative to its point.
ABOVE = 1.06
TICKS = (50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10000, 20000)


def latency_by_bytes(run: Run) -> Drawing | Absent:
    """p99 of an event's latency against bytes per event, a panel per round trip, a curve per rate.

    Args:
        run: a saved run.
    """
    table = queue_frontier(run)
    if table.empty:
        return Absent(NAME, "no workload of this run takes its events from a queue at a set rate", TRADEOFF)
    table = table.dropna(subset=["sent_per_event"])
    lacking = int(table["total_p99_s"].isna().sum())
    table = table.dropna(subset=["total_p99_s"])
    if table.empty and lacking:
        needs = f"its queues carried too few events for a p99, which needs {samples_needed(0.99):,}"
        return Absent(NAME, needs, TRADEOFF)
    if table.empty or table["curve"].value_counts().max() < 2:
        return Absent(NAME, "no two workloads of this run drain the same arrivals", TRADEOFF)
    _, table = max(table.groupby([*ALIKE, "publishers"], dropna=False), key=lambda group: len(group[1]))
    panels = [group for _, group in table.groupby(PANEL, dropna=False)][:MOST_PANELS]
    title = _title(table)
    plotted = Plotted()
    with styled(NAME):
        figure, all_axes = canvas(3.2 + 3.4 * len(panels), 4.6, title, len(panels), sharey=True)
        for axes, panel in zip(all_axes, panels, strict=True):
            _panel(axes, panel, table, plotted)
        all_axes[0].legend(loc="upper left", title="arrivals", alignment="left")
        all_axes[0].set_ylabel("from intended arrival to response, p99, ms")
    caption = (
        "Latency of an event (p99, ms, from its intended arrival to the response of its call) against "
        "bytes sent per event, with a curve per arrival rate. Filled points are the frontier: no other workload "
        "sends fewer bytes at a lower p99. Hollow points are off the frontier; crosses can't keep up. An arrow "
        "marks a lower bound. The label shows events per batch and linger of the point with the fewest bytes."
    )
    if lacking:
        few = "workload has" if lacking == 1 else "workloads have"
        caption += f" {lacking} {few} too few events for a p99, which needs {samples_needed(0.99):,}."
    return Drawing(NAME, caption, figure, plotted.frame())


def _title(table: pd.DataFrame) -> str:
    """The trigger's limit, if it was reached, and the largest saving on the frontier."""
    triggers = table[table["api"] == "trigger"]
    fails = triggers[triggers["is_overloaded"]]
    most = table[table["frontier"]]["saving"].max()
    saved = "" if math.isnan(most) or most <= 0 else f"batches save up to {percent(most, 0)} of the bytes"
    if len(fails):
        first = fails.sort_values("rate").iloc[0]
        where = f" over {first['rtt_s'] * 1e3:,.10g} ms" if first["rtt_s"] > 0 else ""
        fails_at = f"The trigger can't keep up with {arrival_rate(first.to_dict())}{where}"
        return f"{fails_at}; {saved}" if saved else fails_at
    return saved.capitalize() or "Batches save no bytes here"


def _panel(axes: Axes, panel: pd.DataFrame, table: pd.DataFrame, plotted: Plotted) -> None:
    log_axis(axes, "y")
    if panel["rtt_s"].iloc[0] > 0:
        axes.set_title(f"round trip {panel['rtt_s'].iloc[0] * 1e3:,.10g} ms")
    low, high = table["sent_per_event"].min() / 1.45, table["sent_per_event"].max() * 1.3
    log_axis(axes, "x", [each for each in TICKS if low <= each <= high])
    axes.set_xlim(low, high)
    axes.set_ylim(table["total_p99_s"].min() * 1e3 / 1.5, table["total_p99_s"].max() * 1e3 * 1.5)
    axes.set_xlabel("bytes sent per event")
    rates = sorted(table["rate"].unique())[:MOST_CURVES]
    cheapest, triggers = [], []
    for rate, curve in panel[panel["rate"].isin(rates)].groupby("rate"):
        _curve(axes, curve, shades(len(rates))[rates.index(rate)])
        curve = curve.sort_values("sent_per_event")
        plotted.add(
            "measured",
            rtt_ms=curve["rtt_s"] * 1e3,
            rate_per_s=curve["rate"],
            call=[queue_call(row) for row in curve.to_dict("records")],
            sent_bytes_per_event=curve["sent_per_event"],
            p99_ms=curve["total_p99_s"] * 1e3,
            p99_is_lower_bound=curve["total_p99_s_is_lower_bound"],
            is_on_frontier=curve["frontier"],
            is_overloaded=curve["is_overloaded"],
        )
        cheapest += [
            _label(row) for row in curve[curve["frontier"]].nsmallest(1, "sent_per_event").to_dict("records")
        ]
        triggers += [_label(row) for row in curve[curve["api"] == "trigger"].to_dict("records")]
    label_beside(axes, cheapest, "left", 0.045)
    label_beside(axes, triggers, "right", 0.045)


def _curve(axes: Axes, curve: pd.DataFrame, look: Stroke) -> None:
    frontier = curve[curve["frontier"]].sort_values("sent_per_event")
    axes.plot(
        frontier["sent_per_event"],
        frontier["total_p99_s"] * 1e3,
        color=look.color,
        marker=look.marker,
        linestyle=look.linestyle,
        label=arrival_rate(curve.iloc[0].to_dict()),
        zorder=4,
    )
    off = curve[~curve["frontier"] & ~curve["is_overloaded"]]
    axes.plot(
        off["sent_per_event"],
        off["total_p99_s"] * 1e3,
        color=look.color,
        marker=look.marker,
        markerfacecolor="none",
        linestyle="none",
        zorder=3,
    )
    over = curve[curve["is_overloaded"]]
    axes.plot(
        over["sent_per_event"], over["total_p99_s"] * 1e3, color=look.color, marker="x", linestyle="none", zorder=3
    )
    bounds = curve[curve["total_p99_s_is_lower_bound"]]
    if len(bounds):
        above = bounds["total_p99_s"] * 1e3 * ABOVE
        axes.plot(
            bounds["sent_per_event"], above, color=look.color, marker=CARETUPBASE, linestyle="none", zorder=3
        )


def _label(row: Row) -> Label:
    words = queue_call(row).replace("batch of ", "").replace("linger ", "")
    return Label(float(row["sent_per_event"]), float(row["total_p99_s"]) * 1e3, words)
