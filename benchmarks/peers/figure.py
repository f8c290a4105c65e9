"""The figure of the comparison: wiretax's rate over that of each other generator, as dots with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.figures.drawing import Drawing
from analysis.figures.style import MUTED, canvas, log_axis, stroke, styled
from analysis.measures.throughput import Ratio
from analysis.text.numbers import listed
from benchmarks.peers.document import Comparison, Document, ratio

NAME = "beside-other-tools"
TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100)
# Between the dots of a generator's workloads, of a row's height.
APART = 0.16
SCRIPTED = ("k6", "Locust FastHttpUser", "Locust HttpUser", "Locust + pusher library")


def beside_other_tools(document: Document) -> Drawing:
    """A row for each generator, a dot for each workload; left of 1 the other one is faster."""
    comparisons = document.part("peers")
    names = [row.name for row in comparisons[0].rows[1:]]
    found = [[_over(comparison, name) for name in names] for comparison in comparisons]
    order = sorted(range(len(names)), key=lambda place: max(each[place].estimate for each in found))
    signs = {row.name: row.signs for row in comparisons[0].rows}
    title = finding(comparisons)
    with styled(NAME):
        figure, (axes,) = canvas(9.6, 0.6 + 0.46 * len(names), title)
        for number, comparison in enumerate(comparisons):
            look = stroke(number)
            ratios = [found[number][place] for place in order]
            offset = APART * (number - (len(comparisons) - 1) / 2)
            axes.errorbar(
                [each.estimate for each in ratios],
                [height - offset for height in range(len(order))],
                xerr=[
                    [each.estimate - each.low for each in ratios],
                    [each.high - each.estimate for each in ratios],
                ],
                color=look.color,
                marker=look.marker,
                markersize=4.5,
                linestyle="none",
                linewidth=1.2,
                label=comparison.sent_as,
            )
        axes.set_yticks(range(len(order)), [_label(names[place], signs[names[place]]) for place in order])
        axes.grid(axis="y", visible=False)
        axes.axvline(1, color=MUTED, linewidth=0.9)
        log_axis(axes, "x", TICKS)
        axes.set_xlabel("wiretax's requests/s over the other's [95 % CI]; left of 1 the other one is faster")
        axes.legend(loc="lower right")
    caption = (
        "Requests per second of wiretax over those of each other load generator, by round: median and 95 % "
        "interval. One core for the generator, one for the mock, 16 connections."
    )
    return Drawing(NAME, caption, figure, _data(comparisons))


def _data(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """A row for each dot."""
    rows = []
    for comparison in comparisons:
        for row in comparison.rows[1:]:
            found = ratio(comparison.rows[0], row)
            rows.append(
                {
                    "generator": row.name,
                    "signs": row.signs,
                    "batch_size": comparison.batch_size,
                    "payload_bytes": comparison.payload_bytes,
                    "wiretax_over_it": found.estimate,
                    "low": found.low,
                    "high": found.high,
                }
            )
    return pd.DataFrame(rows)


def finding(comparisons: Sequence[Comparison]) -> str:
    """What the figure shows, in a sentence: the range over the tools that run scripts, and that of wrk."""
    scripted = [name for name in SCRIPTED if comparisons[0].row(name) is not None]
    ratios = [_over(each, name).estimate for each in comparisons for name in scripted]
    first = f"wiretax publishes {min(ratios):.2g} to {max(ratios):.2g} times as fast as {listed(_short(scripted))}"
    wrk = [_over(each, "wrk").estimate for each in comparisons if each.row("wrk") is not None]
    return f"{first}, and {min(wrk):.2g} to {max(wrk):.2g} times as fast as wrk re-sends" if wrk else first


def _short(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name.split(" ")[0] for name in names))


def _label(name: str, signs: bool) -> str:
    return name if signs else f"{name} (one fixed request)"


def _over(comparison: Comparison, name: str) -> Ratio:
    row = comparison.row(name)
    assert row is not None
    return ratio(comparison.rows[0], row)
