"""When subscribers see an event: delays by call, and the bytes of publishing beside those of delivering."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.plotted import Plotted
from analysis.figures.spectra import Line, draw_spectra, how_to_read, spectra
from analysis.figures.style import MUTED, STROKES, Label, call_strokes, canvas, label_beside, log_axis, styled
from analysis.measures.deliveries import summarise_deliveries
from analysis.measures.delivery_kinds import by_kind_of_call
from analysis.measures.fan_out import fan_out
from analysis.measures.latency import LatencyDistribution, samples_needed
from analysis.text.labels import arrival_rate, call, delivery_call
from analysis.text.numbers import duration, multiple
from wiretax.runs.reader import Run

NAME = "delivery"
PLAN = "wiretax run delivery"


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
    plotted = Plotted()
    known = [call(row) for row in table.to_dict("records")]
    with styled(NAME):
        figure, panels = canvas(10.4 if len(bytes_) else 8.4, 4.2, title, panels=2 if len(bytes_) else 1)
        _delays(panels[0], run, shown, known, plotted)
        if len(bytes_):
            _shares(panels[1], bytes_, known, plotted)
    first = shown.iloc[0].to_dict()
    how = f"at {arrival_rate(first)}" if first["rate"] else "publishing as fast as it goes"
    since, how = ("call", "of an observed publisher") if run.mode == "observe" else ("intended time", how)
    caption = (
        f"{'Left: the' if len(bytes_) else 'The'} time (ms) from an event's {since} to its arrival, by percentile "
        f"of deliveries, {how}. {how_to_read('deliveries')}"
    )
    if len(bytes_):
        caption += (
            " Right: publishing's share of all bytes, on all layers, by the number of subscribers of a channel."
        )
    return Drawing(NAME, caption, figure, plotted.frame())


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """The workloads of one rate, an open loop if there is one, with as few subscribers as there are."""
    table = table[table["delivered"] >= samples_needed(0.5)]
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


def _delays(axes: Axes, run: Run, shown: pd.DataFrame, known: list[str], plotted: Plotted) -> None:
    sums = by_kind_of_call(run)[1].sums("total")
    rows = shown.to_dict("records")
    found = spectra(
        [
            Line(delivery_call(row), LatencyDistribution(*sums[row["workload"]]), look)
            for row, look in zip(rows, call_strokes([call(row) for row in rows], known), strict=True)
        ]
    )
    draw_spectra(axes, found, plotted)
    axes.set_xlabel("percentile of deliveries")
    axes.set_ylabel(f"from the {'call' if run.mode == 'observe' else 'intended time'} to the arrival, ms")


def _shares(axes: Axes, bytes_: pd.DataFrame, known: list[str], plotted: Plotted) -> None:
    # The trigger first, as on the left.
    bytes_ = bytes_.sort_values(["batch_size", "subscribers"], kind="stable")
    groups = [rows.sort_values("subscribers") for _, rows in bytes_.groupby(["api", "batch_size"], sort=False)]
    names = [call(rows.iloc[0].to_dict()) for rows in groups]
    for name, ordered, look in zip(names, groups, call_strokes(names, known), strict=True):
        plotted.add(
            "publishing share",
            call=name,
            subscribers=ordered["subscribers"],
            share_percent=ordered["publishing_share"] * 100,
        )
        axes.plot(
            ordered["subscribers"],
            ordered["publishing_share"] * 100,
            color=look.color,
            linestyle=look.linestyle,
            marker=look.marker,
            markersize=5,
            label=name,
        )
    log_axis(axes, "x", sorted(set(bytes_["subscribers"])))
    axes.set_ylim(0, 100)
    axes.yaxis.set_major_formatter("{x:.0f} %")
    axes.axhline(50, color=MUTED, linewidth=0.8, linestyle=":", zorder=1)
    axes.set_xlabel("subscribers of a channel")
    axes.set_ylabel("publishing, share of all bytes")
    last = [
        (float(rows["subscribers"].iloc[-1]), float(rows["publishing_share"].iloc[-1]) * 100) for rows in groups
    ]
    labels = [Label(x, y, name) for name, (x, y) in zip(names, last, strict=True)]
    label_beside(axes, labels, "right", 0.07)
