"""Labels and ticks that keep their distance."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.figures.style import Label, apart, label_beside, spread


def test_labels_move_apart_and_keep_their_order() -> None:
    places = spread([0.0, 0.05, 1.0, 0.02], gap=0.1)
    assert places[3] - places[0] == pytest.approx(0.1)
    assert places[1] - places[3] == pytest.approx(0.1)
    assert places[2] == 1.0
    assert np.mean([places[0], places[1], places[3]]) == pytest.approx((0.0 + 0.05 + 0.02) / 3)


def test_ticks_keep_their_distance() -> None:
    assert apart([100, 10, 12, 30, 10], 1.6) == [10, 30, 100]


@pytest.mark.parametrize(("scale", "values"), [("linear", [9.9, 9.8, 9.7, 5.0]), ("log", [9.9, 9.8, 9.7, 1.01])])
def test_labels_at_the_edge_stay_inside_the_axis(scale: str, values: list[float]) -> None:
    axes = Figure().subplots()
    axes.set(yscale=scale, ylim=(1, 10))
    label_beside(axes, [Label(1, value, str(value)) for value in values], "right", 0.1)
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [float(to_axes.transform(text.xy)[1]) for text in axes.texts]  # type: ignore[attr-defined]
    assert min(heights) >= 0
    assert max(heights) <= 0.951
    assert all(higher - lower >= 0.0999 for higher, lower in pairwise(heights))


def test_labels_in_a_column_are_joined_to_their_points() -> None:
    axes = Figure().subplots()
    axes.set(xlim=(0, 10), ylim=(0, 10))
    label_beside(axes, [Label(4, 5, "name", "#0069b4")], "right", at=9)
    name, line = axes.texts
    assert name.xy == (9, 5)  # type: ignore[attr-defined]
    assert line.xy == (4, 5)  # type: ignore[attr-defined]
    assert line.arrow_patch is not None  # type: ignore[attr-defined]
