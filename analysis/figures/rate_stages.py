"""A queue whose rate changes, over time: arrivals, acknowledgements, depth and latency, and its recovery."""

from __future__ import annotations

from math import nan

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.plotted import Plotted
from analysis.figures.style import MUTED, Stroke, call_strokes, figure_with, log_axis, styled
from analysis.measures.rate_stages import recoveries, recovery_of, stages_of, summarise_series
from analysis.text.labels import call, queue_call
from analysis.text.numbers import count, duration
from wiretax.channels.workload.rate_stages import RateStages
from wiretax.runs.run import Run

NAME = "rate-stages"
SPIKE = "wiretax run spike"
MOST_WORKLOADS = 3
ARRIVALS = Stroke(MUTED, "", (0, (2, 1.5)))


def queues_over_time(run: Run) -> Drawing | Absent:
    """Rates, depth and p99 over time, one below the other, a column per workload.

    Args:
        run: a saved run.
    """
    stages = stages_of(run)
    series = summarise_series(run)
    if not stages or series.empty:
        return Absent(NAME, "no workload of this run has a rate that changes", SPIKE)
    names = [*stages][:MOST_WORKLOADS]
    found = recoveries(run)
    rows = {row["workload"]: row for row in run.queue.drop_duplicates("workload").to_dict("records")}
    calls = {name: queue_call(row) for name, row in rows.items()}
    looks = call_strokes([call(rows[name]) for name in names], [call(row) for row in rows.values()])
    spans = {name: _recovery(found[found["workload"] == name]) for name in names}
    title = _title(names, calls, spans, series)
    plotted = Plotted()
    with styled(NAME):
        figure = figure_with(3.0 + 3.6 * len(names), 6.4, title)
        panels = figure.subplots(3, len(names), squeeze=False, sharex="col", sharey="row")
        for column, name in enumerate(names):
            own = [axes[column] for axes in panels]
            own[0].set_title(calls[name])
            shown = _shown(series[series["workload"] == name], stages[name])
            _column(own, shown, stages[name], spans[name], looks[column])
            own[0].legend(loc="upper right")
            plotted.add(
                "measured",
                call=calls[name],
                t_s=_middles(shown),
                arrived_per_s=shown["arrived"],
                acknowledged_per_s=shown["acknowledged"],
                depth_events=shown["depth"],
                p99_ms=shown["p99_s"] * 1e3,
                p99_is_lower_bound=shown["p99_s_is_lower_bound"],
            )
        for axes, label in zip(panels[:, 0], ("events per second", "events in the queue", "p99, ms"), strict=True):
            axes.set_ylabel(label)
    caption = (
        "Above: events that arrived and that were acknowledged, per second. Middle: the depth of "
        "the queue. Below: p99 from the intended arrival to the response, of the events that were meant to arrive "
        "then. Dotted lines separate stages of the rate. The shaded time is the recovery: from the end of the "
        "highest rate until latency and queue are as before the rise."
    )
    return Drawing(NAME, caption, figure, plotted.frame())


def _recovery(rounds: pd.DataFrame) -> tuple[float, float, bool]:
    """When a spike ends, how long the recovery takes (s; NaN without one), whether that is a lower bound."""
    if rounds.empty:
        return nan, nan, False
    return float(rounds["spike_s"].iloc[0]), *recovery_of(rounds)


def _title(
    names: list[str], calls: dict[str, str], spans: dict[str, tuple[float, float, bool]], series: pd.DataFrame
) -> str:
    words = []
    for name in names:
        _, seconds, is_bound = spans[name]
        if is_bound:
            words.append(f"{calls[name]} in more than {duration(seconds)}")
        elif seconds == 0:
            words.append(f"{calls[name]} at once")
        elif seconds == seconds:
            words.append(f"{calls[name]} in {duration(seconds)}")
    if words:
        return f"Recovery after the spike: {'; '.join(words)}"
    deepest = series.groupby("workload")["depth"].max()
    depths = [f"{count(round(deepest[name]), 'event')} by {calls[name]}" for name in names if name in deepest]
    return f"While the rate changes, the queue grows to {'; '.join(depths)}"


def _shown(series: pd.DataFrame, stages: RateStages) -> pd.DataFrame:
    """Without the last bins, which have only acknowledgements of what was left."""
    return series[series["t_s"] + series["bin_s"] <= stages.seconds + 1e-9]


def _middles(series: pd.DataFrame) -> pd.Series[float]:
    return series["t_s"] + series["bin_s"] / 2


def _column(
    rows: list[Axes], series: pd.DataFrame, stages: RateStages, span: tuple[float, float, bool], others: Stroke
) -> None:
    times = _middles(series).to_numpy()
    _line(rows[0], times, series["arrived"], ARRIVALS, "arrived")
    _line(rows[0], times, series["acknowledged"], others, "acknowledged")
    _line(rows[1], times, series["depth"], others)
    log_axis(rows[2], "y")
    p99 = series["p99_s"] * 1e3
    _line(rows[2], times, p99, others)
    bounds = series["p99_s_is_lower_bound"].to_numpy()
    rows[2].plot(times[bounds], p99[bounds], color=others.color, marker=6, linestyle="none")
    rows[2].set_xlabel("seconds since the first stage began")
    spike_s, seconds, _ = span
    for axes in rows:
        for end_s in stages.ends_s[:-1]:
            axes.axvline(end_s, color=MUTED, linestyle=":", linewidth=0.9, zorder=1)
        if seconds > 0:
            axes.axvspan(spike_s, spike_s + seconds, color=MUTED, alpha=0.16, linewidth=0, zorder=0)
        axes.set_xlim(0, stages.seconds)
    for axes in rows[:2]:
        axes.set_ylim(bottom=0)


def _line(axes: Axes, times: np.ndarray, values: pd.Series, look: Stroke, label: str | None = None) -> None:
    axes.plot(times, values.to_numpy(), color=look.color, linestyle=look.linestyle, linewidth=1.4, label=label)
