"""Bytes by batch size: the drawing shows the run's data."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import SWEEP, drawn, line, texts
from saved import Costs, made_up

from analysis.figures import (
    bytes_by_batch_size,
    gain_by_batch_size,
)
from analysis.measures.event_bytes import bytes_per_event
from analysis.text.numbers import short
from wiretax.channels.workload import Workload


def test_bytes_fall_with_batch_size_to_the_models_limit() -> None:
    costs = Costs()
    slices = made_up(costs, SWEEP)
    figure = drawn(bytes_by_batch_size(slices))
    [axes] = figure.figure.axes
    sent = bytes_per_event(slices)["sent"]
    for payload in (10, 100, 1000):
        mine = [each for each in SWEEP if each.payload.bytes == payload]
        sizes, heights = line(axes, f"{payload:,} B")
        assert sizes == [each.call.batch_size for each in mine]
        assert heights == pytest.approx([sent[each.name] for each in mine])
        limit = costs.envelope + costs.escape_factor * payload
        dashed = [each for each in axes.lines if np.allclose(np.asarray(each.get_ydata(), dtype=float), limit)]
        assert len(dashed) == 1
        assert f"payload {payload:,} B\nlimit {short(limit)} B" in texts(figure)
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_batches_that_need_a_dedicated_cluster_are_marked() -> None:
    words = "more than 10 per call: dedicated cluster"
    usual, larger = made_up(Costs(), SWEEP), made_up(Costs(), [*SWEEP, Workload.of("batch", 50)])
    assert words not in texts(drawn(bytes_by_batch_size(usual)))
    assert words in texts(drawn(bytes_by_batch_size(larger)))
    assert "dedicated" not in drawn(gain_by_batch_size(usual)).caption
    assert (
        "Batches of more than 10 (shaded) need a dedicated cluster." in drawn(gain_by_batch_size(larger)).caption
    )
