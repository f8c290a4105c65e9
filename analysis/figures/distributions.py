"""How long calls took: the whole distribution, not a mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import ANY_RUN, NOTHING, OBSERVED, focused, title_of_family, workloads
from analysis.figures.style import MUTED, Stroke, canvas, log_axis, stroke, styled
from analysis.latency import percentiles
from analysis.wording import call

NAME = "latency-distributions"
MOST_LINES = 7
MARKS = (0.5, 0.99)


def latency_distributions(
    latency: pd.DataFrame, slices: pd.DataFrame, users: int | None = None
) -> Drawing | Absent:
    """The cumulative share of exchanges against latency, a line a kind of call of the family in focus.

    Args:
        latency: ``latency.parquet``.
        slices: ``slices.parquet``.
        users: how many sent at once; by default what the slices say.
    """
    family = focused(slices)
    if family.empty or latency.empty:
        return Absent(NAME, NOTHING if family.empty else "the run kept no latencies", ANY_RUN)
    known = workloads(family)
    known = known[known["workload"].isin(latency["workload"])]
    if known.empty:
        return Absent(NAME, "the run kept no latencies", ANY_RUN)
    if len(known) > MOST_LINES:
        # First those that calls to many channels are not, then the ends and what lies evenly between them.
        known = known[known["channels"] == 1] if (known["channels"] == 1).sum() > 1 else known
        places = np.linspace(0, len(known) - 1, min(MOST_LINES, len(known))).round().astype(int)
        known = known.iloc[np.unique(places)]
    times = percentiles(latency, MARKS) * 1e3
    observed = (family["payload_kind"] == OBSERVED).all()
    users = users or int(family.groupby(["round", "workload"])["users"].sum().max())
    how = "as the proxy saw it" if observed else f"saturated, {users} users"
    first = known.iloc[0].to_dict()
    title = f"Latency of a call with {first['payload_bytes']:,} B an event ({how})"
    with styled(NAME):
        figure, [axes] = canvas(9.2, 4.2, title)
        ends = [
            _line(axes, latency, row["workload"], call(row), times.loc[row["workload"]], stroke(place))
            for place, row in enumerate(known.to_dict("records"))
        ]
        log_axis(axes, "x")
        axes.set_xlim(min(low for low, _ in ends), max(high for _, high in ends))
        axes.set_ylim(0, 103)
        axes.yaxis.set_major_formatter("{x:.0f} %")
        axes.set_xlabel(f"latency, ms ({how})")
        axes.set_ylabel("share of calls that took no longer")
        for share, name in zip(MARKS, ("p50", "p99"), strict=True):
            axes.axhline(share * 100, color=MUTED, linewidth=0.8, linestyle=":", zorder=1)
            axes.text(
                1.0, share * 100, f" {name}", transform=axes.get_yaxis_transform(), va="center", fontsize=8.5
            )
        axes.legend(
            loc="center left",
            bbox_to_anchor=(1.06, 0.5),
            title="p50 / p99, ms",
            alignment="left",
            title_fontsize=8.5,
            handlelength=3,
            labelspacing=0.9,
        )
    words = (
        f"{title}. Cumulative share of calls against latency in ms, {title_of_family(first)}; "
        "marked are p50 and p99."
    )
    if not observed:
        words += " Under saturation a latency tells how long the queue was, not how fast an idle endpoint answers."
    return Drawing(NAME, words, figure)


def _line(
    axes: Axes, latency: pd.DataFrame, workload: str, label: str, marks: pd.Series[float], look: Stroke
) -> tuple[float, float]:
    """One distribution; returns where it is worth looking at, in ms."""
    mine = latency[latency["workload"] == workload]
    merged = mine.groupby("bucket_high_s")["count"].sum().sort_index()
    ms = merged.index.to_numpy() * 1e3
    share = merged.cumsum().to_numpy() / merged.sum() * 100
    axes.plot(
        np.concatenate([[mine["bucket_low_s"].min() * 1e3], ms]),
        np.concatenate([[0.0], share]),
        color=look.color,
        linestyle=look.linestyle,
        drawstyle="steps-post",
        zorder=3,
    )
    middle, tail = (float(marks[mark]) for mark in MARKS)
    axes.plot(
        [middle, tail],
        [MARKS[0] * 100, MARKS[1] * 100],
        color=look.color,
        marker=look.marker,
        linestyle="none",
        zorder=4,
    )
    # The legend's entry carries both, line and marker.
    axes.plot([], [], **look._asdict(), label=f"{label}: {middle:,.2f} / {tail:,.2f}")
    seen = ms[(share >= 0.2) & (share <= 99.8)]
    low, high = (float(seen[0]), float(seen[-1])) if len(seen) else (middle, tail)
    return min(low, middle) * 0.9, max(high, tail) * 1.1
