"""The figure of capacities: probes, the target, and each capacity with its name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from drawn import drawn, texts
from queued import Drain
from queued import run_of as queues_of
from searched import BATCH, SEARCHES, TRIGGER, Search, run_of

from analysis.figures import Absent, latency_by_rate

TRIGGERS, BATCHES = SEARCHES


def test_it_shows_each_capacity_by_name_and_the_target() -> None:
    figure = drawn(latency_by_rate(run_of()))
    assert {"trigger\n2,000/s", "batch of 10\n9,001/s", "target: 20 ms"} <= set(texts(figure))
    assert figure.title == "By trigger, 2,000 events/s within 20 ms; in batches of 10, 4.50x as many"


def test_filled_points_held_and_hollow_ones_broke() -> None:
    [axes] = drawn(latency_by_rate(run_of(TRIGGERS))).figure.axes
    points = [line for line in axes.lines if line.get_linestyle() == "None" and len(line.get_xdata())]
    held, broken = points
    assert max(held.get_xdata()) <= 2_000 < min(broken.get_xdata())
    assert (held.get_markerfacecolor(), broken.get_markerfacecolor()) == (held.get_color(), "none")


def test_what_takes_far_longer_than_the_target_lies_at_the_top() -> None:
    run = run_of(TRIGGERS)
    slow = run.capacity.assign(p99_s=run.capacity["p99_s"].mask(run.capacity["rate"] > 2_300, 60.0))
    [axes] = drawn(latency_by_rate(replace(run, capacity=slow))).figure.axes
    _, top = axes.get_ylim()
    [above] = [line for line in axes.lines if line.get_marker() == "^"]
    assert max(above.get_ydata()) < top
    assert len(above.get_xdata()) == (run.capacity["rate"].between(2_300, axes.get_xlim()[1])).sum()


def test_a_lower_bound_has_an_arrow_and_what_the_generator_broke_a_cross() -> None:
    figure = drawn(latency_by_rate(run_of(TRIGGERS, replace(BATCHES, limited_by="generator"))))
    assert "batch of 10\n>8,955/s" in texts(figure)
    assert "more than 4.41x as many" in figure.title
    assert "An arrow marks a bound" in figure.caption
    [axes] = figure.figure.axes
    [arrow] = [text for text in axes.texts if text.arrow_patch is not None]  # type: ignore[attr-defined]
    assert arrow.xy[0] > 8_955  # type: ignore[attr-defined]
    crosses = [line for line in axes.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert min(min(line.get_xdata()) for line in crosses) > 9_000
    # Only the trigger has an interval.
    assert len(axes.patches) == 1


def test_the_curve_does_not_fall_where_a_probe_was_faster() -> None:
    run = run_of(TRIGGERS)
    fast = run.capacity.assign(p99_s=run.capacity["p99_s"].mask(run.capacity["rate"] == 1_800, 0.0001))
    [axes] = drawn(latency_by_rate(replace(run, capacity=fast))).figure.axes
    [curve] = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2]
    assert (np.diff(curve.get_ydata()) >= -1e-12).all()


def test_names_that_would_overlap_have_different_rows() -> None:
    close = [Search(BATCH.replace(batch_size=size), 1_000.0 + size, fill=1) for size in (2, 5, 50)]
    [axes] = drawn(latency_by_rate(run_of(TRIGGERS, *close))).figure.axes
    heights = [text.xyann[1] for text in axes.texts if "batch of" in text.get_text()]  # type: ignore[attr-defined]
    assert len(set(heights)) == 3


def test_batches_that_differ_in_linger_only_are_told_apart() -> None:
    longer = replace(BATCHES, workload=BATCH.replace(linger_s=0.005))
    named = " ".join(texts(drawn(latency_by_rate(run_of(BATCHES, longer)))))
    assert "linger 2 ms" in named
    assert "linger 5 ms" in named


def test_only_the_payload_with_the_most_searches_is_drawn() -> None:
    other = replace(TRIGGERS, workload=TRIGGER.replace(payload_bytes=1_000), capacity=700.0)
    assert not [text for text in texts(drawn(latency_by_rate(run_of(other, *SEARCHES)))) if "700" in text]


def test_a_run_without_a_search_says_what_measures_it() -> None:
    absent = latency_by_rate(queues_of(Drain(TRIGGER.replace(rate=100.0))))
    assert isinstance(absent, Absent)
    assert absent.how == "wiretax run capacity"
