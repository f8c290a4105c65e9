"""p99 of total latency against the rate of arrivals: a curve per workload, with the target and each capacity."""

from __future__ import annotations

from math import log, log10

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.plotted import Plotted
from analysis.figures.style import MUTED, STROKES, Stroke, call_strokes, canvas, log_axis, styled
from analysis.measures.capacity import GENERATOR, LEVELS, SEARCHING, capacities, target
from analysis.measures.estimate import Floats
from analysis.text.labels import Row, call, queue_call
from analysis.text.numbers import duration, fixed, multiple
from wiretax.runs.reader import Run

NAME = "capacity"
CAPACITY = "wiretax run capacity"
# The axes show rates from this share of the smallest capacity to this multiple of the largest, and times up to
# this multiple of the target; above it the queue grows, so times depend on how long a probe lasts.
LEAST, MOST, HIGHEST = 0.15, 1.7, 12
# Probes at rates within this ratio are one point of the curve.
STEP = 1.04
# The width of a letter and the height of two lines, as a share of the axes.
LETTER, LINE = 0.0125, 0.09
# How far the arrow of a bound points.
ARROW = 1.2


def latency_by_rate(run: Run) -> Drawing | Absent:
    """The probes of a search for capacities, in the group of workloads with the most searches.

    Args:
        run: a saved run.
    """
    table = capacities(run)
    if table.empty:
        return Absent(NAME, "this run searched for no capacity", CAPACITY)
    table = table[table["capacity"].notna()]
    if table.empty:
        return Absent(NAME, "no probe of this run shows a capacity", CAPACITY)
    table = table[table["curve"] == table["curve"].mode().iloc[0]].head(len(STROKES))
    target_s = target(run)["p99_s"]
    title = _title(table, target_s)
    plotted = Plotted()
    with styled(NAME):
        figure, [axes] = canvas(8.2, 4.6, title)
        log_axis(axes, "x")
        log_axis(axes, "y")
        axes.set_xlim(table["capacity"].min() * LEAST, table["capacity"].max() * MOST)
        probes = run.capacity[run.capacity["phase"].isin((*SEARCHING, LEVELS))]
        probes = probes[probes["search"].isin(table["search"])]
        shown = probes[probes["rate"].between(*axes.get_xlim())]
        highest = min(HIGHEST * target_s, max(2.5 * target_s, shown["p99_s"].max() * 1.3))
        axes.set_ylim(shown["p99_s"].min() * 1e3 / 1.5, highest * 1e3)
        axes.axhline(target_s * 1e3, color=MUTED, linewidth=1.0, linestyle="--", zorder=2)
        axes.annotate(
            f"target: {duration(target_s)}",
            (axes.get_xlim()[0], target_s * 1e3),
            xytext=(4, 4),
            textcoords="offset points",
            fontsize=8.5,
        )
        rows = table.sort_values("capacity").to_dict("records")
        # In the table's order, which other figures have as well.
        order = [call(row) for row in table.to_dict("records")]
        looks = call_strokes([call(row) for row in rows], order)
        for row, look in zip(rows, looks, strict=True):
            _search(axes, shown[shown["search"] == row["search"]], row, target_s, look, plotted)
        plotted.add("target", p99_ms=target_s * 1e3)
        _labels(axes, rows)
        axes.set_xlabel("rate of arrivals, events/s")
        axes.set_ylabel("from intended arrival to response, p99, ms")
    caption = (
        "Latency of an event (p99, ms, from its intended arrival to the response of its call) against "
        "the rate of arrivals, a point per probe. Filled points met the target, hollow ones did not; triangles at "
        "the top lie above the figure. Lines run through the medians of probes at nearby rates, pooled where they "
        "would fall. A vertical line marks each capacity, a band its 95 % interval."
    )
    if (table["is_lower_bound"] | table["is_upper_bound"]).any():
        caption += " An arrow marks a bound: the capacity lies on that side."
    if (shown["limited_by"] == GENERATOR).any():
        caption += " At crosses the generator was the limit, so they say nothing of the server."
    return Drawing(NAME, caption, figure, plotted.frame())


def _title(table: pd.DataFrame, target_s: float) -> str:
    """The first capacity, and the largest gain."""
    first = table.iloc[0].to_dict()
    how = "trigger" if first["api"] == "trigger" else queue_call(first)
    title = f"By {how}, {_capacity(first)} events/s within {duration(target_s)}"
    gains = table[table["gain"].notna() & ~table["gain_is_upper_bound"]]
    if gains.empty:
        return title
    best = gains.nlargest(1, "gain").iloc[0].to_dict()
    more = "more than " if best["gain_is_lower_bound"] else ""
    return f"{title}; {call(best).replace('batch', 'in batches', 1)}, {more}{multiple(best['gain'])} as many"


def _capacity(row: Row) -> str:
    bound = "more than " if row["is_lower_bound"] else "less than " if row["is_upper_bound"] else ""
    return f"{bound}{fixed(row['capacity'], 0)}"


def _search(axes: Axes, probes: pd.DataFrame, row: Row, target_s: float, look: Stroke, plotted: Plotted) -> None:
    """Draw the probes of a search with their curve, and its capacity with its interval."""
    axes.axvline(row["capacity"], color=look.color, linewidth=1.0, zorder=2)
    if row["is_lower_bound"] or row["is_upper_bound"]:
        _arrow(axes, row, target_s, look)
    else:
        ends = row["capacity_low"], row["capacity_high"]
        axes.axvspan(*ends, color=look.color, alpha=0.16, linewidth=0, zorder=1)
    by_generator = probes["limited_by"] == GENERATOR
    rates, times_s = _curve(probes[~by_generator])
    axes.plot(rates, times_s * 1e3, color=look.color, linestyle=look.linestyle, linewidth=1.4, zorder=3)
    top = axes.get_ylim()[1] * 0.96
    name = queue_call(row)
    plotted.add(
        "capacity",
        call=name,
        rate_per_s=row["capacity"],
        low_per_s=row["capacity_low"],
        high_per_s=row["capacity_high"],
        is_lower_bound=row["is_lower_bound"],
        is_upper_bound=row["is_upper_bound"],
    )
    plotted.add("curve", call=name, rate_per_s=rates, p99_ms=times_s * 1e3)
    plotted.add(
        "probe",
        call=name,
        rate_per_s=probes["rate"],
        p99_ms=(probes["p99_s"] * 1e3).clip(upper=top),
        is_above_figure=probes["p99_s"] * 1e3 > top,
        met_target=probes["held"],
        limited_by=probes["limited_by"],
    )
    above = ~by_generator & (probes["p99_s"] * 1e3 > top)
    for points, color, marker, fill in (
        (probes[probes["held"]], look.color, look.marker, look.color),
        (probes[~probes["held"] & ~by_generator & ~above], look.color, look.marker, "none"),
        (probes[above], look.color, "^", "none"),
        (probes[by_generator], MUTED, "x", "none"),
    ):
        axes.plot(
            points["rate"],
            (points["p99_s"] * 1e3).clip(upper=top),
            color=color,
            marker=marker,
            markersize=4,
            markerfacecolor=fill,
            linestyle="none",
            zorder=4,
        )


def _arrow(axes: Axes, row: Row, target_s: float, look: Stroke) -> None:
    """Show on which side of a bound the capacity lies."""
    beyond = row["capacity"] * (ARROW if row["is_lower_bound"] else 1 / ARROW)
    look_of = {"arrowstyle": "->", "color": look.color, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (beyond, target_s * 1e3), xytext=(row["capacity"], target_s * 1e3), arrowprops=look_of)


def _curve(probes: pd.DataFrame) -> tuple[Floats, Floats]:
    """The p99 (s) by rate: medians of probes at nearby rates, which don't fall as the rate grows.

    Where they do, the medians are pooled (isotonic regression of their logarithms).
    """
    steps = (np.log(probes["rate"].to_numpy()) / log(STEP)).round()
    points = probes[["rate", "p99_s"]].groupby(steps).median()
    pooled: list[tuple[float, int]] = []
    for value in np.log(points["p99_s"]):
        mean, number = float(value), 1
        while pooled and pooled[-1][0] > mean:
            before, others = pooled.pop()
            mean, number = (before * others + mean * number) / (others + number), others + number
        pooled.append((mean, number))
    means, numbers = ([each[place] for each in pooled] for place in (0, 1))
    return points["rate"].to_numpy(), np.exp(np.repeat(means, np.array(numbers, dtype=int)))


def _labels(axes: Axes, rows: list[Row]) -> None:
    """Name each capacity above its line, in a further row where names would overlap."""
    left, right = (log10(end) for end in axes.get_xlim())
    calls = [call(row) for row in rows]
    names = calls if len(set(calls)) == len(calls) else [queue_call(row) for row in rows]
    # By row of names, where the last one ends, as a share of the axis.
    ends: list[float] = []
    for row, name in zip(rows, names, strict=True):
        sign = ">" if row["is_lower_bound"] else "<" if row["is_upper_bound"] else ""
        text = f"{name}\n{sign}{fixed(row['capacity'], 0)}/s"
        half = LETTER * max(map(len, text.splitlines())) / 2
        middle = (log10(row["capacity"]) - left) / (right - left)
        line = next((each for each, end in enumerate(ends) if end < middle - half), len(ends))
        ends[line : line + 1] = [middle + half]
        axes.annotate(
            text,
            (row["capacity"], 1.015 + line * LINE),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=8.5,
            annotation_clip=False,
        )
