"""Bytes of an event layer by layer, up to the total, for a trigger and a batch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Absent, Drawing
from analysis.figures.family import ANY_RUN, NOTHING, distinct_workloads, shown_family, title_of_family
from analysis.figures.plotted import Plotted
from analysis.figures.style import INK, LAYER_COLOURS, LIKE, MUTED, canvas, styled
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.layers import LAYERS, Direction
from analysis.text.labels import Row, call, transport
from analysis.text.numbers import short
from wiretax.channels.limits import Limits

NAME = "layer-waterfall"
# Steps smaller than this (B) in every panel are left out.
NEGLIGIBLE = 0.005


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the waterfall.

    Attributes:
        column: of ``bytes_per_event``.
        label: its name.
        color: the layer's colour; the text colour for totals.
        total: whether its bar begins at zero instead of at the end of the previous one.
    """

    column: str
    label: str
    color: str
    total: bool = False


def _steps(direction: Direction, is_below_http: bool) -> list[Step]:
    twice = {label for label, times in Counter(layer.label for layer in LAYERS).items() if times > 1}
    return [
        Step(
            layer.key,
            f"{layer.label}, {layer.direction}" if layer.label in twice else layer.label,
            LAYER_COLOURS[LIKE.get(layer.key, layer.key)],
        )
        for layer in LAYERS
        if layer.direction == direction and layer.is_below_http == is_below_http
    ]


SENT = Step("sent", "sent (HTTP)", INK, total=True)
CABLE = Step("cable", "on the cable", INK, total=True)
STEPS = (
    *_steps("sent", is_below_http=False),
    SENT,
    *_steps("sent", is_below_http=True),
    *_steps("received", is_below_http=False),
    *_steps("received", is_below_http=True),
    CABLE,
)


def layer_waterfall(slices: pd.DataFrame) -> Drawing | Absent:
    """Bytes per event by layer, sent and received, as floating steps up to the total on the cable.

    It shows the representative family: its trigger and its batch of ten, or the next smaller one. Without the
    kernel's counts, the steps end with the bytes that HTTP sent.

    Args:
        slices: ``slices.parquet``.
    """
    family = shown_family(slices)
    family = family[family["events"] > 0] if len(family) else family
    if family.empty:
        return Absent(NAME, NOTHING, ANY_RUN)
    cost = bytes_per_event(family)
    known = distinct_workloads(family)
    singles = known[known["api"] == "trigger"]
    batches = known[(known["api"] == "batch") & (known["batch_size"] > 1)]
    # If all batches need a dedicated cluster, use the smallest.
    usual = batches[batches["batch_size"] <= Limits().batch_size]
    chosen = pd.concat([singles.iloc[:1], usual.iloc[-1:] if len(usual) else batches.iloc[:1]])
    chosen = (chosen if len(chosen) else known.iloc[:1]).reset_index(drop=True)
    shown = cost.loc[chosen["workload"]]
    last = CABLE if shown["cable"].notna().all() else SENT
    steps = [
        step
        for step in STEPS[: STEPS.index(last) + 1]
        if step.total or (shown[step.column].abs() > NEGLIGIBLE).any()
    ]
    first = chosen.iloc[0].to_dict()
    sizes = [f"{short(float(cost.loc[row['workload'], last.column]))} B" for row in chosen.to_dict("records")]
    names = [_alone(row) for row in chosen.to_dict("records")]
    where = "on the cable" if last is CABLE else "sent"
    event = ", ".join([f"An event of {first['payload_bytes']:,} B", *transport(first)])
    title = f"{event}: " + ", ".join(
        f"{size} {name if place else f'{where} {name}'}"
        for place, (size, name) in enumerate(zip(sizes, names, strict=True))
    )
    plotted = Plotted()
    with styled(NAME):
        figure, panels = canvas(9.2, 0.9 + 0.27 * len(steps), title, len(chosen), sharex=True, sharey=True)
        reach = shown[last.column].max()
        panels[0].set_yticks(range(len(steps)), [step.label for step in steps])
        for label, step in zip(panels[0].get_yticklabels(), steps, strict=True):
            label.set_fontweight("bold" if step.total else "normal")
        for axes, row in zip(panels, chosen.to_dict("records"), strict=True):
            ends = _draw(axes, shown.loc[row["workload"]], steps, reach)
            plotted.add(
                "measured",
                call=call(row),
                layer=[step.label for step in steps],
                from_bytes_per_event=[start for start, _ in ends],
                bytes_per_event=[size for _, size in ends],
            )
            axes.set_title(call(row))
            axes.set_xlabel("bytes per event")
    words = f"Bytes per event, layer by layer, {title_of_family(first)}."
    if last is SENT:
        words += " Layers below HTTP are missing because the kernel did not count them."
    return Drawing(NAME, words, figure, plotted.frame())


def _alone(row: Row) -> str:
    return {"trigger": "by itself", "batch": f"in a {call(row)}"}.get(str(row["api"]), call(row))


def _draw(axes: Axes, cost: pd.Series[float], steps: list[Step], reach: float) -> list[tuple[float, float]]:
    """Draw the steps; returns where each begins and how long it is, B."""
    ground, drawn = 0.0, []
    for place, step in enumerate(steps):
        size = float(cost[step.column])
        left = 0.0 if step.total else ground
        axes.barh(place, size, left=left, height=0.66, color=step.color, label=step.label, zorder=3)
        ground = left + size
        drawn.append((left, size))
        axes.text(
            ground + reach * 0.012,
            place,
            short(size),
            va="center_baseline",
            fontsize=8.5,
            fontweight="bold" if step.total else "normal",
            color=INK,
            zorder=4,
        )
    for place, (left, size) in enumerate(drawn[:-1]):
        end = left + size
        axes.plot([end, end], [place + 0.33, place + 0.67], color=MUTED, linewidth=0.8, zorder=2)
    axes.set_ylim(len(steps) - 0.4, -0.6)
    axes.set_xlim(0, reach * 1.16)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    return drawn
