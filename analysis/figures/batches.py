"""What batching gives, against batch size: bytes an event, and messages a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import HEADLINE, NOTHING, OBSERVED, siblings, title_of_family
from analysis.figures.style import BLUE, INK, MUTED, Stroke, canvas, log_axis, number, spread, stroke, styled
from analysis.layers import bytes_per_event
from analysis.model import fit_bytes, fit_time, gain_curve, sent_per_event
from analysis.summary import summarise
from analysis.throughput import CONFIDENCE

BYTES = "bytes-by-batch-size"
GAIN = "gain-by-batch-size"
NO_SIZES = "no workload of this run differs in its batch size alone"
MOST_PANELS = 4
# How far beyond the largest batch measured a curve is drawn.
BEYOND = 1.6
# A limit this many times above what was measured is told, not drawn.
FAR = 5.0


def bytes_by_batch_size(slices: pd.DataFrame) -> Drawing | Absent:
    """Bytes sent an event against batch size, a line a payload of the client in focus, with the limit of each.

    Args:
        slices: ``slices.parquet``.
    """
    known = _measured(slices)
    if isinstance(known, str):
        return Absent(BYTES, known, HEADLINE)
    fits = fit_bytes(siblings(slices))
    fits = fits[fits["api"] == "batch"].set_index("payload_bytes")
    lines = [(int(size), group) for size, group in known.groupby("payload_bytes")]
    usual = min(lines, key=lambda line: (-len(line[1]), abs(np.log(max(line[0], 1) / 100))))
    first, last = usual[1].iloc[0], usual[1].iloc[-1]
    title = (
        f"An event of {usual[0]:,} B sends {number(first['sent'])} B by itself, "
        f"{number(last['sent'])} B in a batch of {last['batch_size']}"
        if first["batch_size"] == 1
        else f"Bytes sent an event of {usual[0]:,} B, by batch size"
    )
    with styled(BYTES):
        figure, [axes] = canvas(8, 4.8, title)
        sizes = sorted(known["batch_size"].unique())
        log_axis(axes.xaxis, sizes)
        log_axis(axes.yaxis)
        end = float(sizes[-1]) * BEYOND
        limits = []
        for place, (payload, group) in enumerate(lines):
            fit = fits.loc[payload] if payload in fits.index else None
            limits.append(_bytes_line(axes, group, fit, stroke(place), end))
        axes.set_xlim(0.62, end)
        axes.set_ylim(min(limits) / 1.35, float(known["sent"].max()) * 1.35)
        _firsts(axes, [group.iloc[0] for _, group in lines])
        _limits(axes, [payload for payload, _ in lines], limits, end)
        axes.set_xlabel("events a call (1 is a trigger)")
        axes.set_ylabel("bytes sent an event")
    caption = (
        f"{title}. Bytes sent (HTTP) an event against events a call, {title_of_family(known.iloc[0])}: points are "
        "measured, the curve is the model fitted to them, dashed is the limit of ever larger batches."
    )
    return Drawing(BYTES, caption, figure)


def _measured(slices: pd.DataFrame) -> pd.DataFrame | str:
    """A row a payload and batch size (the trigger is 1), with ``sent``, B an event; or what is missing."""
    mine = siblings(slices)
    if mine.empty:
        return NOTHING
    known = mine.drop_duplicates("workload").set_index("workload").join(bytes_per_event(mine)[["sent"]])
    # Where there is a trigger it is what a batch replaces, not a batch of one.
    known = known.sort_values(["payload_bytes", "batch_size", "api"], ascending=[True, True, False])
    known = known.drop_duplicates(["payload_bytes", "batch_size"])
    several = known.groupby("payload_bytes")["batch_size"].transform("nunique") > 1
    return known[several] if several.any() else NO_SIZES


def _bytes_line(axes: Axes, group: pd.DataFrame, fit: pd.Series[Any] | None, look: Stroke, end: float) -> float:
    """One payload's points and curve; returns what the curve comes down to (B an event), if only by its last point."""
    batches = group[group["batch_size"] > 1]
    measured = group["batch_size"].to_numpy(dtype=float)
    limit = float(group["sent"].iloc[-1])
    if fit is not None and np.isfinite(fit["call_bytes"]):
        limit = float(fit["event_bytes"])
        curve = np.geomspace(float(batches["batch_size"].min()), end, 80)
        heights = [sent_per_event(fit, size) for size in curve]
        # A trigger's call is another: its point is joined to the curve, not on it.
        single = group[group["batch_size"] == 1]
        xs = np.concatenate([single["batch_size"].to_numpy(dtype=float), curve])
        ys = np.concatenate([single["sent"].to_numpy(dtype=float), heights])
        axes.plot(xs, ys, color=look.color, linestyle=look.linestyle, zorder=3)
        axes.axhline(limit, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
    else:
        axes.plot(measured, group["sent"], color=look.color, linestyle=look.linestyle, zorder=3)
    axes.plot(
        measured,
        group["sent"],
        color=look.color,
        marker=look.marker,
        linestyle="none",
        label=f"{group['payload_bytes'].iloc[0]:,} B",
        zorder=4,
    )
    last = group.iloc[-1]
    axes.annotate(
        number(last["sent"]),
        (last["batch_size"], last["sent"]),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        fontsize=8.5,
    )
    return limit


def _firsts(axes: Axes, firsts: list[pd.Series[Any]]) -> None:
    """What the smallest call of each line costs, to its left, no label on another."""
    low, high = (float(np.log10(each)) for each in axes.get_ylim())
    places = spread([float(np.log10(first["sent"])) for first in firsts], (high - low) * 0.045)
    for first, place in zip(firsts, places, strict=True):
        axes.annotate(
            number(first["sent"]),
            (first["batch_size"], 10**place),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=8.5,
        )


def _limits(axes: Axes, payloads: list[int], limits: list[float], end: float) -> None:
    low, high = (float(np.log10(each)) for each in axes.get_ylim())
    places = spread([float(np.log10(limit)) for limit in limits], (high - low) * 0.1)
    for payload, limit, place in zip(payloads, limits, places, strict=True):
        axes.annotate(
            f"payload {payload:,} B\nlimit {number(limit)} B",
            (end, limit),
            xytext=(end * 1.07, 10**place),
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )


def gain_by_batch_size(slices: pd.DataFrame) -> Drawing | Absent:
    """Messages a second over the trigger's against batch size, a panel a payload of the client in focus.

    Points are the median over rounds with the 95 % interval; the curve is fitted to times a call, with its band;
    dashed is what ever larger batches approach, and dotted what a call that cost nothing more would give.

    Args:
        slices: ``slices.parquet``.
    """
    mine = siblings(slices)
    if mine.empty:
        return Absent(GAIN, NOTHING, HEADLINE)
    if (mine["payload_kind"] == OBSERVED).all():
        return Absent(GAIN, "an observed publisher sends at its own pace, so its rates say nothing", HEADLINE)
    points = summarise(mine, pd.DataFrame())
    points = points[(points["api"] == "batch") & points["gain"].notna()]
    if points.empty:
        return Absent(GAIN, "no batch of this run has a trigger that it can be held against", HEADLINE)
    ranked = points.groupby("payload_bytes").size().sort_index()
    payloads = sorted(ranked.sort_values(ascending=False, kind="stable").index[:MOST_PANELS])
    end = float(points["batch_size"].max()) * BEYOND
    curves = gain_curve(mine, np.geomspace(1, end, 60))
    limits = fit_time(mine).set_index("payload_bytes")
    best = points.loc[points["gain"].idxmax()]
    title = (
        f"Up to {best['gain']:.2f} times the messages a second: "
        f"a batch of {best['batch_size']} with {best['payload_bytes']:,} B an event"
    )
    with styled(GAIN):
        width = {1: 6.5, 2: 8.0}.get(len(payloads), 9.6)
        figure, panels = canvas(width, 3.9, title, len(payloads), sharex=True, sharey=True)
        log_axis(panels[0].xaxis, _thinned([1, *points["batch_size"].unique()], len(payloads)))
        log_axis(panels[0].yaxis)
        top = max(float(points["gain_high"].fillna(points["gain"]).max()), float(points["gain"].max()))
        bottom = min(1.0, float(points["gain_low"].fillna(points["gain"]).min()))
        for axes, payload in zip(panels, payloads, strict=True):
            mine_only = points["payload_bytes"] == payload
            _gain_panel(axes, points[mine_only], curves[curves["payload_bytes"] == payload])
            if payload in limits.index:
                _gain_limit(axes, float(limits.at[payload, "gain_limit"]), top, end)
            axes.set_title(f"{payload:,} B an event")
            axes.set_xlabel("events a call")
        panels[0].set_xlim(0.85, end)
        near = [float(each) for each in limits["gain_limit"] if each <= top * FAR]
        panels[0].set_ylim(bottom / 1.3, max([top, *near]) * 1.5)
        panels[0].set_ylabel("messages a second over a trigger's")
    caption = (
        f"{title}. Messages a second over those of the trigger of the same round, {title_of_family(mine.iloc[0])}: "
        f"points are medians over rounds with their {CONFIDENCE * 100:.0f} % interval, the curve is fitted to the time of a "
        "call and an event, with its band; dashed is its limit, dotted a gain of n with n events a call."
    )
    return Drawing(GAIN, caption, figure)


def _thinned(sizes: list[int], panels: int) -> list[int]:
    """Ticks for batch sizes; where panels are narrow, those that stand apart by a factor of 1.9 at least."""
    apart = 1.9 if panels > 2 else 1.2
    kept: list[int] = []
    for size in sorted(set(sizes)):
        if not kept or size >= kept[-1] * apart:
            kept.append(int(size))
    return kept


def _gain_panel(axes: Axes, points: pd.DataFrame, curve: pd.DataFrame) -> None:
    sizes = curve["batch_size"].to_numpy(dtype=float)
    axes.plot([1, 1e4], [1, 1e4], color=MUTED, linestyle=":", linewidth=1, zorder=2)
    if len(curve):
        axes.plot(sizes, curve["gain"], color=BLUE, zorder=3)
        if curve["gain_low"].notna().all():
            low, high = curve["gain_low"].to_numpy(dtype=float), curve["gain_high"].to_numpy(dtype=float)
            axes.fill_between(sizes, low, high, color=BLUE, alpha=0.22, linewidth=0, zorder=1)
    gains = points["gain"].to_numpy(dtype=float)
    low = gains - points["gain_low"].fillna(points["gain"]).to_numpy(dtype=float)
    high = points["gain_high"].fillna(points["gain"]).to_numpy(dtype=float) - gains
    axes.errorbar(
        points["batch_size"].to_numpy(dtype=float),
        gains,
        yerr=np.clip(np.vstack([low, high]), 0, None),
        color=BLUE,
        ecolor=INK,
        elinewidth=1.1,
        capsize=2.5,
        marker="o",
        markersize=4,
        linestyle="none",
        zorder=4,
    )
    last = points.loc[points["batch_size"].idxmax()]
    axes.annotate(
        f"{last['gain']:.2f}x",
        (last["batch_size"], last["gain"]),
        xytext=(0, -10),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=8.5,
    )


def _gain_limit(axes: Axes, limit: float, top: float, end: float) -> None:
    """The line that the curve comes up to, with its label where the dotted line does not pass."""
    if limit > top * FAR:
        beyond = "no limit in sight" if not np.isfinite(limit) else f"limit {number(limit)}x, far above"
        axes.text(0.03, 0.97, beyond, transform=axes.transAxes, va="top", fontsize=8.5)
        return
    axes.axhline(limit, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
    left = limit > end**0.5
    axes.text(
        0.95 if left else end / 1.08,
        limit * 1.05,
        f"limit {number(limit)}x",
        ha="left" if left else "right",
        va="bottom",
        fontsize=8.5,
    )
