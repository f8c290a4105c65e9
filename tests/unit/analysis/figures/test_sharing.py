"""Bytes by calls per connection: the drawing shows the run's data."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import drawn, line, texts
from saved import record, slices_frame
from shared_connections import shared

from analysis.figures import (
    connections,
)


def test_the_cost_of_a_connection_is_shared_by_its_calls() -> None:
    slices = slices_frame(record(shared(100), shared(0), shared(0, connection="close"), shared(10)))
    figure = drawn(connections(slices))
    [axes] = figure.figure.axes
    setup, floor = 600 + 2000 + 2 * 4 * 52, 450 + 72 + 2 * 22 + 2 * 52
    calls, heights = line(axes, "trigger, TLS")
    assert calls == [1, 10, 100]
    assert heights == pytest.approx([floor + setup / each for each in calls])
    assert f"trigger, TLS\nall calls on one: {floor} B" in texts(figure)
    assert figure.title == "A connection costs 3,016 B inside TLS"
    curve = next(each for each in axes.lines if len(np.asarray(each.get_xdata())) > 20)
    at, height = (np.asarray(data, dtype=float) for data in curve.get_data())
    assert height == pytest.approx(floor + setup / at)
