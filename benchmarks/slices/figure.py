"""The figure of the benchmark of slices: how wide intervals are, and how biased gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.figures.drawing import Drawing
from analysis.figures.style import MUTED, canvas, log_axis, stroke, styled
from benchmarks.slices.results import OfLength

NAME = "slice-length"
# How far apart the points of two loads are drawn, as a ratio.
BESIDE = 1.12
TITLE = "Intervals and biases of gains by the length of slices"


def slice_length(by_load: Mapping[str, Sequence[OfLength]], seconds: float) -> Drawing:
    """Half widths and biases against the length of slices, a line for each load.

    Args:
        by_load: rows by load.
        seconds: the time that each workload had.
    """
    lengths = sorted({row.length_s * 1000 for rows in by_load.values() for row in rows})
    with styled(NAME):
        figure, (widths, biases) = canvas(9.6, 3.9, TITLE, 2)
        for axes in (widths, biases):
            log_axis(axes, "x", lengths)
            axes.set_xlabel("length of slices, ms")
        for number, (load, rows) in enumerate(by_load.items()):
            look = stroke(number)
            widths.plot(
                [row.length_s * 1000 for row in rows],
                [row.half_width * 100 for row in rows],
                color=look.color,
                marker=look.marker,
                linestyle=look.linestyle,
                label=load,
            )
            # The longest slices are compared with themselves.
            shorter = [row for row in rows if row.bias.low < row.bias.high]
            found = [row.bias for row in shorter]
            biases.errorbar(
                [row.length_s * 1000 * BESIDE**number for row in shorter],
                [each.estimate * 100 for each in found],
                [
                    [(each.estimate - each.low) * 100 for each in found],
                    [(each.high - each.estimate) * 100 for each in found],
                ],
                color=look.color,
                marker=look.marker,
                linestyle="none",
                capsize=3,
                label=load,
            )
        widths.set_ylim(bottom=0)
        widths.set_title("half of the 95 % interval, % of the gain")
        biases.set_title("gain over that of the longest slices, minus 1, % [95 % CI]")
        biases.axhline(0, color=MUTED, linewidth=0.9)
        for axes in (widths, biases):
            axes.legend()
    caption = (
        f"{TITLE}. Median over the gains of plan quick, {seconds:g} s for each workload and length, on a quiet "
        "and on a busy machine. Left: half of the 95 % interval, as a share of the gain. Right: gains over those "
        "of the longest slices, with their 95 % intervals."
    )
    return Drawing(NAME, caption, figure)
