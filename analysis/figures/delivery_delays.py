"""When subscribers see an event: delays by call, and the bytes of publishing beside those of delivering."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.style import MUTED, STROKES, canvas, log_axis, stroke, styled
from analysis.measures.deliveries import summarise_deliveries
from analysis.measures.delivery_kinds import by_kind_of_call
from analysis.measures.fan_out import fan_out
from analysis.text.labels import arrival_rate, call, delivery_call
from analysis.text.numbers import duration, multiple
from wiretax.runs.reader import Run

NAME = "delivery"
PLAN = "wiretax run delivery"
# The axis begins and ends where these shares of all deliveries have arrived; the rest is a long tail.
LEAST_SHOWN, MOST_SHOWN = 0.01, 0.999


def delivery_delays(run: Run) -> Drawing | Absent:
    """Delays of deliveries by workload, at the arrival rate that a run has, with the fewest subscribers; and what
    subscribers add to the bytes of an event.

    Args:
        run: a saved run.
    """
    table = summarise_deliveries(run)
    if table.empty:
        return Absent(NAME, "this run counted no deliveries", PLAN)
    shown = _shown(table)
    if shown.empty:
        return Absent(NAME, "no event of this run was delivered", PLAN)
    bytes_ = fan_out(run)
    bytes_ = bytes_[bytes_["subscribers"] > 0] if len(bytes_) else bytes_
    title = _title(shown)
    with styled(NAME):
        figure, panels = canvas(9.6, 4.0, title, panels=2 if len(bytes_) else 1)
        _delays(panels[0], run, shown)
        if len(bytes_):
            _shares(panels[1], bytes_)
    first = shown.iloc[0].to_dict()
    how = f"at {arrival_rate(first)}" if first["rate"] else "publishing as fast as it goes"
    since, how = ("call", "of an observed publisher") if run.mode == "observe" else ("intended time", how)
    caption = (
        f"{title}. {'Left: share' if len(bytes_) else 'Share'} of deliveries that arrived within a time (ms) of "
        f"their event's {since}, {how}; dots mark p50 and p99."
    )
    if len(bytes_):
        caption += (
            " Right: publishing's share of all bytes, on all layers, by the number of subscribers of a channel."
        )
    return Drawing(NAME, caption, figure)


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """The workloads of one rate, an open loop if there is one, with as few subscribers as there are."""
    table = table[table["delivered"] > 0]
    if table.empty:
        return table
    rated = table[table["rate"] > 0]
    table = rated[rated["rate"] == rated["rate"].iloc[0]] if len(rated) else table
    fewest: pd.DataFrame = table[table["subscribers"] == table["subscribers"].min()]
    return fewest.head(len(STROKES))


def _title(shown: pd.DataFrame) -> str:
    """What the batch that delays most does to the moment at which its events are seen."""
    batches = shown[shown["delay_ratio"].notna()]
    first = shown.iloc[0].to_dict()
    if batches.empty:
        return f"By {delivery_call(first)}, half of the events arrive within {duration(first['total_p50_s'])}"
    row = batches.nlargest(1, "delay_ratio").iloc[0].to_dict()
    trigger = shown[shown["api"] == "trigger"].iloc[0]
    return (
        f"In a {call(row)}, events arrive after {duration(row['total_p50_s'])} instead of "
        f"{duration(trigger['total_p50_s'])}, {multiple(row['delay_ratio'])} as late"
    )


def _delays(axes: Axes, run: Run, shown: pd.DataFrame) -> None:
    sums = by_kind_of_call(run)[1].sums("total")
    first_ms, last_ms = np.inf, 0.0
    for place, row in enumerate(shown.to_dict("records")):
        lows, highs, counts, censored = sums[row["workload"]]
        order = np.argsort(lows)
        reached = counts[order].cumsum() / (counts.sum() + censored.sum())
        times_ms, look = highs[order] * 1e3, stroke(place)
        (line,) = axes.plot(times_ms, reached * 100, color=look.color, linestyle=look.linestyle, linewidth=1.6)
        line.set_label(delivery_call(row))
        for quantile in ("p50", "p99"):
            at_ms = row[f"total_{quantile}_s"] * 1e3
            if at_ms == at_ms:
                axes.plot([at_ms], [float(quantile[1:])], color=look.color, marker=look.marker, markersize=5)
        ends = np.searchsorted(reached, [LEAST_SHOWN, MOST_SHOWN]).clip(max=len(times_ms) - 1)
        first_ms, last_ms = min(first_ms, float(times_ms[ends[0]])), max(last_ms, float(times_ms[ends[1]]))
    log_axis(axes, "x")
    axes.set_xlim(first_ms / 1.2, last_ms * 1.1)
    axes.set_ylim(0, 103)
    axes.yaxis.set_major_formatter("{x:.0f} %")
    axes.set_xlabel(f"from the {'call' if run.mode == 'observe' else 'intended time'} to the arrival, ms")
    axes.set_ylabel("share of deliveries")
    axes.legend(loc="lower right", frameon=False, fontsize=8.5)


def _shares(axes: Axes, bytes_: pd.DataFrame) -> None:
    # The trigger first, as on the left.
    bytes_ = bytes_.sort_values(["batch_size", "subscribers"], kind="stable")
    for place, (_, rows) in enumerate(bytes_.groupby(["api", "batch_size"], sort=False)):
        ordered, look = rows.sort_values("subscribers"), stroke(place)
        axes.plot(
            ordered["subscribers"],
            ordered["publishing_share"] * 100,
            color=look.color,
            linestyle=look.linestyle,
            marker=look.marker,
            markersize=5,
            label=call(ordered.iloc[0].to_dict()),
        )
    log_axis(axes, "x", sorted(set(bytes_["subscribers"])))
    axes.set_ylim(0, 100)
    axes.yaxis.set_major_formatter("{x:.0f} %")
    axes.axhline(50, color=MUTED, linewidth=0.8, linestyle=":", zorder=1)
    axes.set_xlabel("subscribers of a channel")
    axes.set_ylabel("publishing, share of all bytes")
    axes.legend(loc="upper right", frameon=False, fontsize=8.5)
