"""Bytes per event against batch size: the cost of a call is shared by its events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import HEADLINE, NOTHING, siblings, title_of_family
from analysis.figures.plotted import Plotted
from analysis.figures.style import (
    DASHED,
    GRID,
    MUTED,
    Label,
    Stroke,
    canvas,
    label_beside,
    log_axis,
    shades,
    styled,
)
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.representative import USUAL_PAYLOAD_BYTES
from analysis.models.cost_model import fit_bytes, sent_per_event
from analysis.text.labels import an_event
from analysis.text.numbers import short
from wiretax.channels.limits import Limits

NAME = "bytes-by-batch-size"
NO_SIZES = "no two workloads of this run differ only in batch size"
# How far a curve extends beyond the largest measured batch.
BEYOND = 1.6


def bytes_by_batch_size(slices: pd.DataFrame) -> Drawing | Absent:
    """Bytes sent per event against batch size, with a line per payload of the representative client and its limit.

    Args:
        slices: ``slices.parquet``.
    """
    known = _measured(slices)
    if isinstance(known, str):
        return Absent(NAME, known, HEADLINE)
    fits = fit_bytes(siblings(slices))
    fits = fits[(fits["api"] == "batch") & fits["call_bytes"].notna()]
    fitted = {row["payload_bytes"]: row for _, row in fits.iterrows()}
    lines = [(int(group["payload_bytes"].iloc[0]), group) for _, group in known.groupby("payload_bytes")]
    usual = min(lines, key=lambda line: (-len(line[1]), abs(np.log(max(line[0], 1) / USUAL_PAYLOAD_BYTES))))
    first, last = usual[1].iloc[0], usual[1].iloc[-1]
    alone = "by itself" if first["batch_size"] == 1 else f"in a batch of {first['batch_size']}"
    title = (
        f"{an_event(first.to_dict())} sends {short(first['sent'])} B {alone}, "
        f"{short(last['sent'])} B in a batch of {last['batch_size']}"
    )
    plotted = Plotted()
    with styled(NAME):
        figure, [axes] = canvas(8, 4.8, title)
        log_axis(axes, "x")
        log_axis(axes, "y")
        end = float(known["batch_size"].max()) * BEYOND
        limits = []
        for (payload, group), look in zip(lines, shades(len(lines)), strict=True):
            limits.append(_line(axes, group, fitted.get(payload), look, end, plotted))
        axes.set_xlim(0.55, end)
        if mark_dedicated(axes, end):
            usual_limit = f"more than {Limits().batch_size} per call: dedicated cluster"
            axes.text(
                end / 1.05,
                0.015,
                usual_limit,
                transform=axes.get_xaxis_transform(),
                ha="right",
                fontsize=8,
                color=MUTED,
            )
        axes.set_ylim(min(limits) / 1.35, float(known["sent"].max()) * 1.35)
        firsts = [group.iloc[0] for _, group in lines]
        label_beside(
            axes, [Label(row["batch_size"], row["sent"], short(row["sent"])) for row in firsts], "left", 0.045
        )
        names = [
            f"payload {payload:,} B" + (f"\nlimit {short(limit)} B" if payload in fitted else "")
            for (payload, _), limit in zip(lines, limits, strict=True)
        ]
        ends = [Label(end, limit, name) for limit, name in zip(limits, names, strict=True)]
        label_beside(axes, ends, "right", 0.1)
        axes.set_xlabel("events per call (1 is a trigger)")
        axes.set_ylabel("bytes sent per event")
    family = title_of_family(known.iloc[0].to_dict())
    caption = (
        f"Bytes sent (HTTP) per event against events per call, {family}. Points are measured values, "
        "the curve is the model fitted to them, and the dashed line is the limit for ever larger batches."
    )
    return Drawing(NAME, caption, figure, plotted.frame())


def mark_dedicated(axes: Axes, end: float) -> bool:
    """Shade the batch sizes up to ``end`` that only a dedicated cluster accepts; returns whether there are any."""
    usual = Limits().batch_size
    there = end > usual * BEYOND
    if there:
        axes.axvspan(usual, end, facecolor=GRID, alpha=0.35, linewidth=0, zorder=0)
    return there


def _measured(slices: pd.DataFrame) -> pd.DataFrame | str:
    """A row per payload and batch size (1 for the trigger) with ``sent``, B per event; or what is missing."""
    mine = siblings(slices)
    if mine.empty:
        return NOTHING
    known = mine.drop_duplicates("workload").set_index("workload").join(bytes_per_event(mine)[["sent"]])
    # Batches replace the trigger, so if there is one, a batch of one is left out.
    known = known.sort_values(["payload_bytes", "batch_size", "api"], ascending=[True, True, False])
    known = known.drop_duplicates(["payload_bytes", "batch_size"])
    several = known.groupby("payload_bytes")["batch_size"].transform("nunique") > 1
    return known[several] if several.any() else NO_SIZES


def _line(
    axes: Axes, group: pd.DataFrame, fit: pd.Series[Any] | None, look: Stroke, end: float, plotted: Plotted
) -> float:
    """Draw one payload's points and curve; returns its limit (B per event), or its last point without a fit."""
    batches = group[group["batch_size"] > 1]
    measured = group["batch_size"].to_numpy(dtype=float)
    limit = float(group["sent"].iloc[-1])
    payload = group["payload_bytes"].iloc[0]
    plotted.add("measured", payload_bytes=payload, events_per_call=measured, sent_bytes_per_event=group["sent"])
    if fit is not None:
        limit = float(fit["event_bytes"])
        curve = np.geomspace(min(2.0, float(batches["batch_size"].min())), end, 40)
        heights = [sent_per_event(fit, size) for size in curve]
        # A trigger is a different call: its point is joined to the curve but not on it.
        single = group[group["batch_size"] == 1]
        xs = np.concatenate([single["batch_size"].to_numpy(dtype=float), curve])
        ys = np.concatenate([single["sent"].to_numpy(dtype=float), heights])
        axes.plot(xs, ys, color=look.color, linestyle=look.linestyle, zorder=3)
        axes.plot([1, end], [limit, limit], color=MUTED, linewidth=0.9, linestyle=DASHED, zorder=2)
        plotted.add("model", payload_bytes=payload, events_per_call=xs, sent_bytes_per_event=ys)
        plotted.add("limit", payload_bytes=payload, sent_bytes_per_event=limit)
    else:
        axes.plot(measured, group["sent"], color=look.color, linestyle=look.linestyle, zorder=3)
    axes.plot(
        measured,
        group["sent"],
        color=look.color,
        marker=look.marker,
        linestyle="none",
        label=f"{payload:,} B",
        zorder=4,
    )
    last = group.iloc[-1]
    axes.annotate(
        short(last["sent"]),
        (last["batch_size"], last["sent"]),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        fontsize=8.5,
    )
    return limit
