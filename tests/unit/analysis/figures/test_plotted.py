"""The CSV of a figure has the points that are drawn, and no others."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawn import bars, drawn
from matplotlib.markers import CARETUPBASE

from analysis import figures
from analysis.figures import Drawing
from analysis.figures.plotted import Plotted
from wiretax.runs.reader import Run, read_run

REFERENCE = Path(__file__).parents[4] / "results" / "reference"
Points = list[tuple[float, float]]


def of_csv(figure: Drawing) -> pd.DataFrame:
    return pd.read_csv(StringIO(figure.csv()))


def points(figure: Drawing) -> Points:
    """All points with a marker, and all points of curves; lines of reference have two points and no marker."""
    found = []
    for axes in figure.figure.axes:
        for line in axes.lines:
            xs, ys = (np.asarray(data, dtype=float) for data in (line.get_xdata(), line.get_ydata()))
            # An arrow of a lower bound stands above its point.
            if (len(xs) > 2 or line.get_marker() != "None") and line.get_marker() != CARETUPBASE:
                found += zip(xs.tolist(), ys.tolist(), strict=True)
    return [(x, y) for x, y in found if x == x and y == y]


def missing(some: Points, others: Points) -> Points:
    known = np.array(others)
    return [each for each in some if not np.isclose(known, each, rtol=1e-7, atol=1e-9).all(axis=1).any()]


def columns(x: str, *ys: str) -> Callable[[pd.DataFrame], Points]:
    return lambda data: [
        pair for y in ys for pair in data[[x, y]].dropna().astype(float).itertuples(index=False, name=None)
    ]


def nines(data: pd.DataFrame) -> Points:
    """Of the spectra of a figure, and of a panel beside them."""
    spectra = data.dropna(subset=["percentile"])
    found = [*zip(-np.log10(1 - spectra["percentile"] / 100), spectra["latency_ms"], strict=True)]
    return found + (columns("subscribers", "share_percent")(data) if "subscribers" in data else [])


def gains(data: pd.DataFrame) -> Points:
    """With the trigger, where lines begin that join points, and the ends of intervals."""
    measured = columns("events_per_call", "low_ratio", "high_ratio")(data[data["series"] == "measured"])
    return [(1.0, 1.0), *columns("events_per_call", "gain_ratio")(data), *measured]


CASES: dict[str, tuple[Callable[[Run], Any], str, Callable[[pd.DataFrame], Points]]] = {
    "overhead": (
        lambda run: figures.overhead_by_payload(run.slices),
        "headline",
        columns("payload_bytes", "sent_per_payload_ratio"),
    ),
    "sizes": (
        lambda run: figures.bytes_by_batch_size(run.slices),
        "headline",
        columns("events_per_call", "sent_bytes_per_event"),
    ),
    "gains": (lambda run: figures.gain_by_batch_size(run.slices), "headline", gains),
    "connections": (
        lambda run: figures.connections(run.slices),
        "connections",
        columns("calls_per_connection", "cable_bytes_per_event"),
    ),
    "latencies": (lambda run: figures.latency_distributions(run.latency, run.slices), "headline", nines),
    "queue latencies": (figures.queue_latency, "tradeoff", nines),
    "frontier": (figures.latency_by_bytes, "tradeoff", columns("sent_bytes_per_event", "p99_ms")),
    "capacity": (figures.latency_by_rate, "capacity", columns("rate_per_s", "p99_ms")),
    "delivery": (figures.delivery_delays, "delivery", nines),
}


@pytest.mark.parametrize("case", CASES)
def test_drawn_points_are_those_of_the_csv(case: str) -> None:
    made, name, pairs = CASES[case]
    figure = drawn(made(read_run(REFERENCE / name)))
    seen, saved = points(figure), pairs(of_csv(figure))
    assert len(saved) > 10
    # The claim's marks on a figure's line of reference are no data.
    assert [each for each in missing(seen, saved) if case != "overhead" or each[1] != 10] == []
    assert missing(saved, seen) == []


@pytest.mark.parametrize(
    ("made", "name", "size"),
    [
        (figures.layer_waterfall, "headline", "bytes_per_event"),
        (figures.heads_by_client, "clients", "bytes_per_call"),
    ],
)
def test_drawn_bars_are_those_of_the_csv(made: Callable[[pd.DataFrame], Drawing], name: str, size: str) -> None:
    figure = drawn(made(read_run(REFERENCE / name).slices))
    widths = [bar.get_width() for axes in figure.figure.axes for each in bars(axes).values() for bar in each]
    assert sorted(of_csv(figure)[size]) == pytest.approx(sorted(widths))


def test_the_start_of_each_step_is_in_the_csv() -> None:
    figure = drawn(figures.layer_waterfall(read_run(REFERENCE / "headline").slices))
    starts = [bar.get_x() for axes in figure.figure.axes for each in bars(axes).values() for bar in each]
    assert of_csv(figure)["from_bytes_per_event"].tolist() == pytest.approx(starts)


def test_columns_that_say_nothing_of_a_point_are_empty() -> None:
    plotted = Plotted()
    plotted.add("measured", call="trigger", size_bytes=[1, 2])
    plotted.add("limit", size_bytes=3.5)
    plotted.add("nothing", size_bytes=[])
    figure = Drawing("name", "", figures.style.canvas(1, 1, "")[0], plotted.frame())
    assert figure.csv() == "series,call,size_bytes\nmeasured,trigger,1\nmeasured,trigger,2\nlimit,,3.5\n"


def test_a_figure_without_points_has_no_csv() -> None:
    assert Drawing("name", "", figures.style.canvas(1, 1, "")[0], Plotted().frame()).csv() == ""
