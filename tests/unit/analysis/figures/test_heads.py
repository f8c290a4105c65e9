"""Heads by client: the drawing shows the run's data."""

from __future__ import annotations

from drawn import TRIGGER, bars, drawn, texts
from saved import record, slice_, slices_frame

from analysis.figures import (
    heads_by_client,
)
from wiretax.channels.workload import Workload


def test_heads_are_stacked_by_part_smallest_first_with_the_claim() -> None:
    heavy, light = slice_(Workload.of(client="node"), 0, 10), slice_(Workload.of(client="reference"), 0, 10)
    heavy.measured.header_bytes += 1000
    figure = drawn(heads_by_client(slices_frame(record(heavy, light))))
    [axes] = figure.figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["reference", "node"]
    assert [label.get_fontweight() for label in axes.get_yticklabels()] == ["normal", "bold"]
    parts = bars(axes)
    assert list(parts) == ["request line", "auth query", "headers"]
    assert [[bar.get_width() for bar in each] for each in parts.values()] == [[35, 35], [195, 195], [70, 170]]
    assert [bar.get_x() for bar in parts["headers"]] == [230, 230]
    assert {"400 B claimed", "300", "400"} <= set(texts(figure))
    assert any(list(each.get_xdata()) == [400, 400] for each in axes.lines)


def test_a_client_with_several_workloads_has_one_head() -> None:
    plain, closing = Workload.of(client="node"), Workload.of(client="node", connection="close")
    longer = slice_(closing, 0, 10)
    longer.measured.header_bytes += 190
    figure = drawn(heads_by_client(slices_frame(record(longer, slice_(plain, 0, 10), slice_(TRIGGER, 0, 10)))))
    assert [bar.get_width() for bar in bars(figure.figure.axes[0])["headers"]] == [70, 70]
