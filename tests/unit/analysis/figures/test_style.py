"""Labels, ticks and colours that all figures share."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.figures.style import LAYER_COLOURS, STROKES, apart, spread, text_on


def test_labels_move_apart_and_keep_their_order() -> None:
    places = spread([0.0, 0.05, 1.0, 0.02], gap=0.1)
    assert places[3] - places[0] == pytest.approx(0.1)
    assert places[1] - places[3] == pytest.approx(0.1)
    assert places[2] == 1.0
    assert np.mean([places[0], places[1], places[3]]) == pytest.approx((0.0 + 0.05 + 0.02) / 3)


def test_ticks_keep_their_distance() -> None:
    assert apart([100, 10, 12, 30, 10], 1.6) == [10, 30, 100]


def test_layers_and_lines_are_distinguishable_without_colour() -> None:
    assert len({each.marker for each in STROKES}) == len({str(each.linestyle) for each in STROKES}) == len(STROKES)
    assert len(set(LAYER_COLOURS.values())) == len(LAYER_COLOURS)
    assert text_on("#0072b2") != text_on("#f0e442")
