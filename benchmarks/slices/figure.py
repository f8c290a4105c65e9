"""The figure of the benchmark of slices: how wide intervals are, and how biased gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from analysis.figures.drawing import Drawing
from analysis.figures.style import MUTED, canvas, log_axis, stroke, styled
from benchmarks.slices.results import OfLength

NAME = "slice-length"
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
            _line(widths, number, rows, [row.half_width for row in rows], load)
            _line(biases, number, rows, [row.bias.estimate for row in rows], load)
            _line(
                biases,
                number,
                rows,
                [row.completed_bias.estimate for row in rows],
                f"{load}, completed calls",
                True,
            )
        widths.set_ylim(bottom=0)
        widths.set_title("half of the 95 % interval, % of the gain")
        biases.set_title("gain over that of the longest slices, %")
        biases.axhline(0, color=MUTED, linewidth=0.9)
        for axes in (widths, biases):
            axes.legend()
    caption = (
        f"{TITLE}. Median over the gains of plan quick, {seconds:g} s for each workload and length, on a quiet "
        "and on a busy machine. Left: half of the 95 % interval, as a share of the gain. Right: gains over those "
        "of the longest slices, by the pace of users as runs report them, and by completed calls alone."
    )
    return Drawing(NAME, caption, figure)


def _line(
    axes: Axes, number: int, rows: Sequence[OfLength], shares: Sequence[float], label: str, faint: bool = False
) -> None:
    look = stroke(number)
    axes.plot(
        [row.length_s * 1000 for row in rows],
        [share * 100 for share in shares],
        color=look.color,
        marker=None if faint else look.marker,
        linestyle=":" if faint else look.linestyle,
        linewidth=1.2 if faint else 1.6,
        label=label,
    )
