"""Messages per second against batch size: the gain in rate from fewer calls."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import HEADLINE, NOTHING, calls_of, siblings, title_of_family
from analysis.figures.plotted import Plotted
from analysis.figures.sizes import BEYOND, mark_dedicated
from analysis.figures.style import DASHED, MUTED, SHADE, call_strokes, canvas, log_axis, styled
from analysis.measures.interval import CONFIDENCE
from analysis.measures.summary import summarise
from analysis.measures.throughput import has_comparable_rates
from analysis.models.call_time import fit_time, gain_curve
from analysis.text.labels import Row, call
from analysis.text.numbers import short
from wiretax.channels.limits import Limits
from wiretax.runs.mode import OBSERVED

NAME = "gain-by-batch-size"
MOST_PANELS = 4


def gain_by_batch_size(slices: pd.DataFrame) -> Drawing | Absent:
    """Messages per second over the trigger's against batch size, with a panel per payload of the representative
    client.

    Points are medians over rounds with the 95 % interval. If a straight line fits the call times, its curve of
    gains is drawn up to the largest measured batch, with its confidence band; otherwise points are joined. The
    dashed line is the limit for ever larger batches, if the data support one; the dotted line is a gain of n with
    n events per call.

    Args:
        slices: ``slices.parquet``.
    """
    mine = siblings(slices)
    if mine.empty:
        return Absent(NAME, NOTHING, HEADLINE)
    if (mine["payload_kind"] == OBSERVED).all():
        return Absent(
            NAME, "an observed publisher sends at its own pace, so its rates can't be compared", HEADLINE
        )
    if not has_comparable_rates(mine):
        return Absent(
            NAME, "workloads that are sent side by side compete, so their rates can't be compared", HEADLINE
        )
    points = summarise(mine)
    points = points[(points["api"] == "batch") & points["gain"].notna()]
    if points.empty:
        return Absent(NAME, "no batch of this run has a trigger to compare it with", HEADLINE)
    ranked = points.groupby("payload_bytes").size().sort_index()
    payloads = sorted(ranked.sort_values(ascending=False, kind="stable").index[:MOST_PANELS])
    end = float(points["batch_size"].max()) * BEYOND
    curves = gain_curve(mine, np.geomspace(1, end, 40).tolist())
    limits = fit_time(mine).set_index("payload_bytes")["gain_limit"].dropna().to_dict()
    best = points.sort_values("gain").iloc[-1]
    title = _title(best.to_dict())
    plotted = Plotted()
    with styled(NAME):
        width = {1: 7.5, 2: 8.0}.get(len(payloads), 9.6)
        figure, panels = canvas(width, 3.9, title, len(payloads), sharex=True, sharey=True)
        log_axis(panels[0], "x")
        log_axis(panels[0], "y")
        top = max(float(points["gain_high"].fillna(points["gain"]).max()), float(points["gain"].max()))
        bottom = min(1.0, float(points["gain_low"].fillna(points["gain"]).min()))
        panels[0].set_xlim(0.85, end)
        panels[0].set_ylim(bottom / 1.3, max([top, *limits.values()]) * 1.5)
        dedicated = False
        for axes, payload in zip(panels, payloads, strict=True):
            mine_only = points["payload_bytes"] == payload
            curve = curves[curves["payload_bytes"] == payload]
            _panel(axes, points[mine_only], curve, calls_of(slices), plotted)
            if payload in limits:
                _limit(axes, float(limits[payload]), end)
                plotted.add("limit", payload_bytes=payload, gain_ratio=float(limits[payload]))
            axes.set_title(f"{payload:,} B per event")
            dedicated = mark_dedicated(axes, end)
            axes.set_xlabel("events per call")
        panels[0].set_ylabel("messages per second, relative to a trigger")
    family = title_of_family(mine.iloc[0].to_dict())
    caption = (
        f"Messages per second relative to the trigger in the same round, {family}. "
        f"Points, with a colour per call, are medians over rounds with their {CONFIDENCE * 100:.0f} % interval. "
        "The curve follows from a straight line through the call times, with its confidence band; if no line "
        "fits, points are joined. "
        f"{'The dashed line is the limit of the gain. ' if limits else ''}"
        "The dotted line is a gain of n with n events per call."
    )
    if dedicated:
        caption += f" Batches of more than {Limits().batch_size} (shaded) need a dedicated cluster."
    return Drawing(NAME, caption, figure, plotted.frame())


def _title(best: Row) -> str:
    batch = f"a batch of {best['batch_size']} with {best['payload_bytes']:,} B per event"
    if best["gain"] <= 1:
        return f"No batch publishes faster than triggers: at best {best['gain']:.2f} times, {batch}"
    return f"Up to {best['gain']:.2f} times the messages per second: {batch}"


def _panel(axes: Axes, points: pd.DataFrame, curve: pd.DataFrame, known: list[str], plotted: Plotted) -> None:
    payload = int(points["payload_bytes"].iloc[0])
    sizes = curve["batch_size"].to_numpy(dtype=float)
    axes.plot([1, 1e4], [1, 1e4], color=MUTED, linestyle=":", linewidth=1, zorder=2)
    if curve.empty:
        joined = points.sort_values("batch_size")
        xs, ys = [1.0, *joined["batch_size"]], [1.0, *joined["gain"]]
        axes.plot(xs, ys, color=SHADE, linewidth=0.9, zorder=3)
    else:
        axes.plot(sizes, curve["gain"], color=SHADE, linewidth=1.2, zorder=3)
        if curve["gain_low"].notna().all():
            low, high = curve["gain_low"].to_numpy(dtype=float), curve["gain_high"].to_numpy(dtype=float)
            axes.fill_between(sizes, low, high, color=SHADE, alpha=0.16, linewidth=0, zorder=1)
        band = {"low_ratio": curve["gain_low"], "high_ratio": curve["gain_high"]}
        plotted.add("model", payload_bytes=payload, events_per_call=sizes, gain_ratio=curve["gain"], **band)
    points = points.sort_values("batch_size")
    looks = call_strokes([call(row) for row in points.to_dict("records")], known)
    for row, look in zip(points.to_dict("records"), looks, strict=True):
        low, high = (row["gain"] if np.isnan(row[name]) else row[name] for name in ("gain_low", "gain_high"))
        axes.errorbar(
            [row["batch_size"]],
            [row["gain"]],
            yerr=np.clip([[row["gain"] - low], [high - row["gain"]]], 0, None),
            color=look.color,
            elinewidth=1.3,
            capsize=2.5,
            marker=look.marker,
            markersize=4.5,
            linestyle="none",
            zorder=4,
        )
    plotted.add(
        "measured",
        payload_bytes=payload,
        events_per_call=points["batch_size"],
        gain_ratio=points["gain"],
        low_ratio=points["gain_low"],
        high_ratio=points["gain_high"],
    )
    last = points.iloc[-1]
    # Below the interval, and to the right of the curve if it is steep there.
    foot = last["gain"] if np.isnan(last["gain_low"]) else last["gain_low"]
    steep = last["batch_size"] < axes.get_xlim()[1] / 4
    axes.annotate(
        f"{last['gain']:.2f}x",
        (last["batch_size"], foot),
        xytext=(5 if steep else 0, -2 if steep else -7),
        textcoords="offset points",
        ha="left" if steep else "center",
        va="top",
        fontsize=8.5,
    )


def _limit(axes: Axes, limit: float, end: float) -> None:
    """Draw the line that the curve approaches, with its label on the side away from the dotted line."""
    axes.axhline(limit, color=MUTED, linewidth=0.9, linestyle=DASHED, zorder=2)
    left = limit > end**0.5
    axes.text(
        0.95 if left else end / 1.08,
        limit * 1.05,
        f"limit {short(limit)}x",
        ha="left" if left else "right",
        va="bottom",
        fontsize=8.5,
    )
