"""Call latency: the whole distribution, not a mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import ANY_RUN, NOTHING, distinct_workloads, shown_family, title_of_family
from analysis.figures.style import MUTED, Stroke, canvas, log_axis, stroke, styled
from analysis.findings.percentile_notes import OPEN_LOOP, needed, percentile
from analysis.measures.latency import P50_P99, percentiles, with_censored
from analysis.measures.throughput import has_comparable_rates
from analysis.text.labels import Row, call
from wiretax.runs.mode import OBSERVED

NAME = "latency-distributions"
MOST_LINES = 7
# The arrow points towards the true percentile.
LOWER_BOUND_MARKER = ">"
TAIL = 1.6


def latency_distributions(
    latency: pd.DataFrame, slices: pd.DataFrame, users: int | None = None
) -> Drawing | Absent:
    """The cumulative share of calls against latency, with a line per kind of call of the representative family.

    Args:
        latency: ``latency.parquet``.
        slices: ``slices.parquet``.
        users: the number of concurrent users; by default the number in the slices.
    """
    family = shown_family(slices)
    latency = with_censored(latency)
    if family.empty or latency.empty:
        return Absent(NAME, NOTHING if family.empty else "the run has no latencies", ANY_RUN)
    known = distinct_workloads(family)
    known = known[known["workload"].isin(latency["workload"])]
    if known.empty:
        return Absent(NAME, "the run has no latencies", ANY_RUN)
    if len(known) > MOST_LINES:
        # Leave out calls to many channels, then keep both ends and evenly spaced sizes between them.
        known = known[known["channels"] == 1] if (known["channels"] == 1).sum() > 1 else known
        places = np.linspace(0, len(known) - 1, min(MOST_LINES, len(known))).round().astype(int)
        known = known.iloc[np.unique(places)]
    times = percentiles(latency, P50_P99)
    observed = (family["payload_kind"] == OBSERVED).all()
    users = users or int(family.groupby(["round", "workload"])["users"].sum().max())
    is_saturated = has_comparable_rates(slices) and not observed
    how = (
        "measured at the proxy" if observed else f"{'saturated' if is_saturated else 'closed loop'}, {users} users"
    )
    first = known.iloc[0].to_dict()
    title = f"Latency of a call with {first['payload_bytes']:,} B per event ({how})"
    with styled(NAME):
        figure, [axes] = canvas(9.2, 4.2, title)
        ends = [
            _line(axes, latency, row["workload"], call(row), times.loc[row["workload"]].to_dict(), stroke(place))
            for place, row in enumerate(known.to_dict("records"))
        ]
        log_axis(axes, "x")
        axes.set_xlim(min(low for low, _ in ends), max(high for _, high in ends))
        axes.set_ylim(0, 103)
        axes.yaxis.set_major_formatter("{x:.0f} %")
        axes.set_xlabel(f"latency, ms ({how})")
        axes.set_ylabel("share of calls that took no longer")
        for name, share in P50_P99.items():
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
        f"{title}. Cumulative share of calls against latency in ms, {title_of_family(first)}. "
        "Markers show p50 and p99."
    )
    shown = times.loc[known["workload"]]
    if any(shown[f"{name}_s"].isna().any() for name in P50_P99):
        words += f" A dash means too few calls: {needed(P50_P99)}."
    if latency[latency["workload"].isin(known["workload"])]["censored"].any():
        words += (
            " The time of a call without an acknowledgement is a lower bound. So a line ends below 100 %, and the "
            "true line lies in the hatched area. A hollow arrow marks a lower bound."
        )
    if is_saturated:
        words += (
            " Under saturation, latency reflects the length of the queue, not how fast an idle endpoint answers."
        )
    if not observed:
        words += f" {OPEN_LOOP[0].upper()}{OPEN_LOOP[1:]}."
    return Drawing(NAME, words, figure)


def _line(
    axes: Axes, latency: pd.DataFrame, workload: str, label: str, marks: Row, look: Stroke
) -> tuple[float, float]:
    """Draw one distribution; returns the range of the x axis that shows it, in ms."""
    mine = latency[latency["workload"] == workload]
    merged = mine.groupby("bucket_high_s")[["count", "censored"]].sum().sort_index()
    calls = merged.to_numpy().sum()
    ms = np.concatenate([[mine["bucket_low_s"].min() * 1e3], merged.index.to_numpy() * 1e3])
    # The times of acknowledged calls are exact; those of all others are lower bounds.
    share = np.concatenate([[0.0], merged["count"].cumsum().to_numpy() / calls * 100])
    at_most = np.concatenate([[0.0], merged.sum(axis=1).cumsum().to_numpy() / calls * 100])
    if merged["censored"].any():
        # Continue beyond the longest of them, whose true time is unknown.
        ms, share, at_most = (
            np.append(each, each[-1] * by) for each, by in ((ms, TAIL), (share, 1), (at_most, 1))
        )
    axes.plot(ms, share, color=look.color, linestyle=look.linestyle, drawstyle="steps-post", zorder=3)
    if merged["censored"].any():
        axes.fill_between(
            ms,
            share,
            at_most,
            step="post",
            facecolor="none",
            edgecolor=look.color,
            hatch="////",
            linewidth=0,
            zorder=2,
        )
    for name, quantile in P50_P99.items():
        if not np.isnan(marks[f"{name}_s"]):
            is_bound = marks[f"{name}_s_is_lower_bound"]
            axes.plot(
                [marks[f"{name}_s"] * 1e3],
                [quantile * 100],
                color=look.color,
                marker=LOWER_BOUND_MARKER if is_bound else look.marker,
                markerfacecolor="none" if is_bound else look.color,
                linestyle="none",
                zorder=4,
            )
    # The legend's entry shows both line and marker.
    middle, tail = (percentile(marks, name, lambda seconds: f"{seconds * 1e3:,.2f}") for name in P50_P99)
    axes.plot([], [], **look._asdict(), label=f"{label}: {middle} / {tail}")
    seen = ms[(at_most >= 0.2) & (share <= 99.8)]
    told = [marks[f"{name}_s"] * 1e3 for name in P50_P99 if not np.isnan(marks[f"{name}_s"])]
    ends = [*seen[[0, -1]], *told] if len(seen) else told or [ms[0], ms[-1]]
    return min(ends) * 0.9, max(ends) * 1.1
