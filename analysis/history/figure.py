"""One metric across runs, drawn: steps of bytes are named by commit, noisy values have their intervals."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.drawing import Drawing
from analysis.figures.style import BLUE, MUTED, VERMILION, canvas, styled
from analysis.gates.evaluation.phrases import SHOWN
from analysis.gates.measured.metrics import Metric
from analysis.history.change_points import ChangePoint
from analysis.text.numbers import count, signed_bytes, trimmed

NAME = "history"
SHORT = 7
# More runs have no names below the axis.
MOST_NAMED = 16


def draw_history(
    frame: pd.DataFrame, steps: pd.DataFrame, changes: list[ChangePoint] | None, workload: str, metric: Metric
) -> Drawing:
    """A point per run, in the order in which they started.

    Args:
        frame: as ``series.history`` returns it; not empty.
        steps: ``series.steps`` of it.
        changes: the changes of a noisy metric, if they were looked for.
        workload: its name.
        metric: the metric.
    """
    factor, suffix = SHOWN.get(metric.unit, (1.0, f" {metric.unit}"))
    title = _title(frame, steps, changes, workload, metric)
    with styled(NAME):
        figure, panels = canvas(9.0, 3.8, title)
        axes = panels[0]
        numbers, values = range(len(frame)), frame["value"] * factor
        exact = bool(frame["exact"].all())
        style = "steps-post" if exact else None
        axes.plot(
            numbers,
            values,
            color=BLUE,
            marker="o",
            markersize=4,
            linewidth=1.4,
            drawstyle=style,
        )
        if not exact:
            axes.fill_between(numbers, frame["low"] * factor, frame["high"] * factor, color=BLUE, alpha=0.18, lw=0)
        for row in steps.to_dict("records"):
            _name(axes, frame, row["run"], signed_bytes(row["difference"] * factor), row["commit"], factor)
        for each in changes or ():
            text = f"{each.after / each.before:.2f}x" if each.before else "changed"
            _name(axes, frame, each.run, text, each.commit, factor)
        axes.set_ylabel(f"{metric.name},{suffix}")
        axes.margins(y=0.25)
        named = len(frame) <= MOST_NAMED
        labels = [
            commit[:SHORT] if commit else f"{started:%m-%d %H:%M}"
            for commit, started in zip(frame["commit"], frame["started"], strict=True)
        ]
        axes.set_xticks([*numbers] if named else [], labels if named else [], rotation=30, ha="right")
        axes.set_xlabel("runs in the order of their start")
    spread = "" if exact else " The band is the 95 % confidence interval within each run."
    caption = f"{metric.name} of {workload} in {count(len(frame), 'run')}.{spread}"
    return Drawing(NAME, caption, figure, _plotted(frame, factor, metric))


def _plotted(frame: pd.DataFrame, factor: float, metric: Metric) -> pd.DataFrame:
    """A row per point: the run, when it started, its commit and the metric as it is drawn."""
    unit = SHOWN.get(metric.unit, (1.0, metric.unit))[1].strip().replace("%", "percent") or "value"
    values = {f"{name}_{unit}": frame[name] * factor for name in ("value", "low", "high")}
    return frame[["run", "started", "commit"]].assign(**values)


def _title(
    frame: pd.DataFrame, steps: pd.DataFrame, changes: list[ChangePoint] | None, workload: str, metric: Metric
) -> str:
    if len(steps):
        last = steps.iloc[-1]
        where = f"commit {last['commit'][:SHORT]}" if last["commit"] else str(last["run"])
        first, now = (trimmed(value, 3) for value in (frame["value"].iloc[0], frame["value"].iloc[-1]))
        return f"{workload}: {first} -> {now} {metric.unit}, last changed at {where}"
    if changes:
        where = f"commit {changes[-1].commit[:SHORT]}" if changes[-1].commit else changes[-1].run
        return f"{workload}: {metric.name} changed at {where}"
    return f"{workload}: {metric.name} in {count(len(frame), 'run')}"


def _name(axes: Axes, frame: pd.DataFrame, run: str, text: str, commit: str | None, factor: float) -> None:
    """Mark a run, with what changed and at which commit."""
    place = int(frame.index[frame["run"] == run][0])
    value = frame["value"].tolist()[place] * factor
    axes.plot([place], [value], color=VERMILION, marker="o", markersize=6, linestyle="none")
    label = text if commit is None else f"{text}\n{commit[:SHORT]}"
    axes.annotate(
        label, (place, value), (0, 10), textcoords="offset points", ha="center", fontsize=8.5, color=MUTED
    )
