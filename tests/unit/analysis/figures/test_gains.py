"""Gains by batch size: the drawing shows the run's data."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import SWEEP, drawn, texts
from matplotlib.lines import Line2D
from saved import Costs, made_up

from analysis.figures import (
    Absent,
    gain_by_batch_size,
)
from analysis.figures.style import call_strokes
from analysis.measures.summary import summarise
from analysis.models.call_time import fit_time, gain_curve
from analysis.text.numbers import short


def test_gains_are_drawn_with_intervals_and_the_fitted_curve() -> None:
    slices = made_up(Costs(call_s=20e-6, event_s=4e-6), SWEEP, spread=0.02)
    figure = drawn(gain_by_batch_size(slices))
    assert [axes.get_title(loc="left") for axes in figure.figure.axes] == [
        "10 B per event",
        "100 B per event",
        "1,000 B per event",
    ]
    axes = figure.figure.axes[1]
    known = summarise(slices).query("api == 'batch' and payload_bytes == 100")
    marks, _, whiskers = zip(*(each.lines for each in axes.containers), strict=True)  # type: ignore[attr-defined]
    assert [float(each.get_ydata()[0]) for each in marks] == pytest.approx(known["gain"].tolist())
    ends = [[float(end[1]) for end in each.get_segments()[0]] for [each] in whiskers]
    assert np.ravel(ends) == pytest.approx(np.ravel(known[["gain_low", "gain_high"]].to_numpy()))
    limit = fit_time(slices).set_index("payload_bytes")["gain_limit"][100]
    assert any(np.allclose(np.asarray(each.get_ydata(), dtype=float), limit) for each in axes.lines)
    assert f"limit {short(limit)}x" in texts(figure)
    assert len(axes.collections) == 1 + len(known), "the band of the curve and the whiskers"
    looks = call_strokes(["batch of 2", "batch of 5", "batch of 10"], ["trigger"])
    assert [each.get_color() for each in marks] == [look.color for look in looks]
    assert "The dashed line is the limit of the gain" in figure.caption
    # As far as batches were measured, and no farther.
    longest = max((each for each in axes.lines if len(np.asarray(each.get_xdata())) > 20), key=len_of)
    assert np.asarray(longest.get_xdata(), dtype=float)[-1] <= 10


def len_of(line_: Line2D) -> int:
    return len(np.asarray(line_.get_xdata()))


def test_gains_without_a_fitted_line_are_joined_and_have_no_limit() -> None:
    slices = made_up(Costs(), SWEEP)
    # A batch of ten takes twice the time that the line through the others would give it.
    slices = slices.assign(
        duration_s=slices["duration_s"].mask(slices["batch_size"] == 10, slices["duration_s"] * 2)
    )
    assert gain_curve(slices, [1, 10]).empty
    figure = drawn(gain_by_batch_size(slices))
    known = summarise(slices).query("api == 'batch' and payload_bytes == 100")
    joined = [each for each in figure.figure.axes[1].lines if list(each.get_xdata()) == [1, 2, 5, 10]]
    assert np.asarray(joined[0].get_ydata()).tolist() == pytest.approx([1.0, *known["gain"]])
    assert "dashed" not in figure.caption.lower()
    assert not any("limit" in text for text in texts(figure))


def test_user_classes_sent_side_by_side_have_no_gain_figure() -> None:
    figure = gain_by_batch_size(made_up(Costs(), SWEEP).assign(mode="free"))
    assert isinstance(figure, Absent)
    assert "side by side" in str(figure)


def test_few_rounds_give_gains_without_intervals_or_band() -> None:
    figure = drawn(gain_by_batch_size(made_up(Costs(), SWEEP, rounds=2)))
    axes = figure.figure.axes[0]
    whiskers = [each.lines[2][0] for each in axes.containers]  # type: ignore[attr-defined]
    assert all(low[1] == high[1] for each in whiskers for low, high in each.get_segments())
    assert len(axes.collections) == len(whiskers)


def test_a_title_does_not_promise_a_gain_that_there_is_not() -> None:
    slower = made_up(Costs(), SWEEP)
    slower = slower.assign(
        duration_s=slower["duration_s"].mask(slower["api"] == "batch", slower["duration_s"] * 20)
    )
    title = drawn(gain_by_batch_size(slower)).title
    assert title.startswith("No batch publishes faster than triggers: at best 0.")
