"""Overhead by payload: the drawing shows the run's data."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import SWEEP, drawn, line, texts
from saved import Costs, made_up

from analysis.figures import (
    overhead_by_payload,
)
from analysis.figures.payloads import payload_at_factor
from analysis.measures.event_bytes import bytes_per_event


def test_overhead_crosses_the_claim_at_the_payload_that_bytes_give() -> None:
    costs = Costs()
    slices = made_up(costs, SWEEP)
    figure = drawn(overhead_by_payload(slices))
    [axes] = figure.figure.axes
    factors = bytes_per_event(slices)["overhead_factor"]
    payloads, heights = line(axes, "trigger")
    assert payloads == [10, 100, 1000]
    assert heights == pytest.approx([factors[each.name] for each in SWEEP if each.call.api == "trigger"])
    assert line(axes, "batch of 10")[0] == [10, 100, 1000]
    assert "10x claimed" in texts(figure)
    # 305 + 3 digits + 60 + 1.5 p = 10 p, but for the digits that come in between.
    assert "below 43 B" in figure.title
    assert "43 B" in texts(figure)


@pytest.mark.parametrize(("factor", "payload"), [(10, 50.0), (100, None), (1.5, None)])
def test_a_crossing_is_between_measured_payloads_or_none(factor: float, payload: float | None) -> None:
    payloads = np.array([10.0, 100.0, 1000.0])
    found = payload_at_factor(payloads, 400 + 2 * payloads, factor)
    assert found == (None if payload is None else pytest.approx(payload))
