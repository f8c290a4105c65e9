"""Overhead against payload: the smaller the event, the larger its overhead."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import HEADLINE, NOTHING, calls_of, siblings, title_of_family
from analysis.figures.plotted import Plotted
from analysis.figures.style import (
    INK,
    PAPER,
    Label,
    Stroke,
    apart,
    call_strokes,
    canvas,
    label_beside,
    log_axis,
    styled,
)
from analysis.measures.event_bytes import bytes_per_event
from analysis.text.labels import call
from analysis.text.numbers import short

NAME = "overhead-by-payload"
CLAIMED_OVERHEAD = 10

Floats = npt.NDArray[np.float64]


def overhead_by_payload(slices: pd.DataFrame) -> Drawing | Absent:
    """Bytes sent over bytes of payload, against payload: a line per kind of call of the representative client.

    Between measured payloads, bytes are interpolated linearly, which is exact if escaping is uniform. The payload
    at the claimed factor of 10 follows from this.

    Args:
        slices: ``slices.parquet``.
    """
    mine = siblings(slices)
    if mine.empty:
        return Absent(NAME, NOTHING, HEADLINE)
    cost = bytes_per_event(mine)
    known = mine.drop_duplicates("workload").set_index("workload")
    known = known[["api", "batch_size", "channels", "payload_bytes"]].join(cost[["payload", "sent"]])
    known = known.sort_values(["api", "batch_size", "payload_bytes"])
    known = known[known["payload"] > 0]
    lines = [group for _, group in known.groupby(["batch_size", "api"]) if len(group) > 1]
    if not lines:
        return Absent(NAME, "no two workloads of this run differ only in payload", HEADLINE)
    crossed = [
        payload_at_factor(line["payload"].to_numpy(), line["sent"].to_numpy(), CLAIMED_OVERHEAD) for line in lines
    ]
    title = _title(lines[0], crossed[0])
    names = [call(line.iloc[0].to_dict()) for line in lines]
    looks = call_strokes(names, calls_of(slices))
    plotted = Plotted()
    with styled(NAME):
        figure, [axes] = canvas(8, 4.6, title)
        log_axis(axes, "x", apart(known["payload_bytes"].tolist(), 1.6))
        log_axis(axes, "y")
        for line, look in zip(lines, looks, strict=True):
            _line(axes, line, look, plotted)
        factors = known["sent"] / known["payload"]
        axes.set_ylim(0.88, max(float(factors.max()), CLAIMED_OVERHEAD) * 1.5)
        least, most = known["payload"].min(), known["payload"].max()
        axes.set_xlim(least / (most / least) ** 0.26, most * (most / least) ** 0.04)
        # The lines are furthest apart on the left.
        label_beside(axes, [_label(line.iloc[0]) for line in lines], "left")
        _claim(axes, least, crossed)
        axes.set_xlabel("payload of an event, bytes")
        axes.set_ylabel("bytes sent per byte of payload")
    family = title_of_family(mine.iloc[0].to_dict())
    words = f"Bytes sent (HTTP) per byte of payload, {family}. Points are measured values."
    return Drawing(NAME, words, figure, plotted.frame())


def payload_at_factor(payloads: Floats, sent: Floats, factor: float) -> float | None:
    """The payload (B) for which ``factor`` times as many bytes are sent; None if it is outside the measured range.

    Args:
        payloads: bytes per event, ascending.
        sent: bytes sent per event, for each payload.
        factor: the ratio to find.
    """
    over = sent > factor * payloads
    for place in range(len(payloads) - 1):
        if over[place] and not over[place + 1]:
            slope = (sent[place + 1] - sent[place]) / (payloads[place + 1] - payloads[place])
            return float((sent[place] - slope * payloads[place]) / (factor - slope))
    return None


def _title(line: pd.DataFrame, crossed: float | None) -> str:
    what = "A trigger" if line["api"].iloc[0] == "trigger" else f"A {call(line.iloc[0].to_dict())}"
    if crossed is not None:
        return f"{what} sends more than {CLAIMED_OVERHEAD} times the payload below {crossed:,.0f} B"
    first, last = line.iloc[0], line.iloc[-1]
    factors = [f"{row['sent'] / row['payload']:,.2f} times {short(row['payload'])} B" for row in (first, last)]
    return f"{what} sends {factors[0]} and {factors[1]}"


def _line(axes: Axes, line: pd.DataFrame, look: Stroke, plotted: Plotted) -> None:
    payloads, sent = line["payload"].to_numpy(), line["sent"].to_numpy()
    # A straight line in bytes is a curve in factors.
    between = np.geomspace(payloads[0], payloads[-1], 60)
    factors = np.interp(between, payloads, sent) / between
    axes.plot(between, factors, color=look.color, linestyle=look.linestyle, zorder=3)
    name = call(line.iloc[0].to_dict())
    plotted.add("measured", call=name, payload_bytes=payloads, sent_per_payload_ratio=sent / payloads)
    plotted.add("interpolated", call=name, payload_bytes=between, sent_per_payload_ratio=factors)
    axes.plot(
        payloads,
        sent / payloads,
        color=look.color,
        marker=look.marker,
        linestyle="none",
        label=name,
        zorder=4,
    )


def _label(first: pd.Series[Any]) -> Label:
    factor = float(first["sent"] / first["payload"])
    return Label(float(first["payload"]), factor, f"{call(first.to_dict())}  {factor:,.2f}x")


def _claim(axes: Axes, least: float, crossed: list[float | None]) -> None:
    # Starts at the first payload: the lines' labels are to the left of it.
    ends = [least, axes.get_xlim()[1]]
    axes.plot(ends, [CLAIMED_OVERHEAD] * 2, color=INK, linestyle="--", linewidth=1.1, zorder=2)
    axes.text(
        0.99,
        CLAIMED_OVERHEAD * 1.04,
        f"{CLAIMED_OVERHEAD}x claimed",
        transform=axes.get_yaxis_transform(),
        ha="right",
        va="bottom",
        fontsize=8.5,
    )
    for payload in crossed:
        if payload is None:
            continue
        axes.plot(payload, CLAIMED_OVERHEAD, marker="|", markersize=11, color=INK, zorder=5)
        axes.annotate(
            f"{payload:,.0f} B",
            (payload, CLAIMED_OVERHEAD),
            xytext=(4, 4),
            textcoords="offset points",
            fontsize=8,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8},
            zorder=6,
        )
