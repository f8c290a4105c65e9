"""Spectra of events from queues: which calls are shown, and what the title says of them."""

from __future__ import annotations

import pytest
from drawn import drawn, texts
from queued import BATCH, TRIGGER, Drain, run_of

from analysis.figures import Absent, queue_latency

FAST, FULL = Drain(TRIGGER, calls=1000), Drain(BATCH, fill=10, waiting_s=0.006)


def test_it_shows_the_whole_time_and_the_wait_before_the_call() -> None:
    figure = drawn(queue_latency(run_of(FAST, FULL)))
    [axes] = figure.figure.axes
    assert axes.get_title(loc="left") == "round trip 50 ms"
    whole, wait = [each for each in axes.lines if each.get_label() == "trigger"]
    assert list(whole.get_ydata())[-1] == pytest.approx(51, rel=0.01)
    assert list(wait.get_ydata())[-1] == pytest.approx(1, rel=0.01)
    assert wait.get_color() == whole.get_color()
    assert "trigger\np50 51, p99 51 ms" in texts(figure)
    assert any(text.startswith("batch of 10, linger 5 ms\np50 5") for text in texts(figure))
    assert figure.title == (
        "At 1,000/s over 50 ms, 99 % of events take 51 ms by trigger and 56 ms in a batch of 10, linger 5 ms"
    )
    assert "open loop" in figure.caption
    assert "saturat" not in figure.description.lower()


def test_a_queue_that_grows_has_lower_bounds() -> None:
    figure = drawn(queue_latency(run_of(Drain(TRIGGER, calls=1000, left=500, overloaded="grew"), FULL)))
    assert "more than" in figure.title
    assert "From a hollow arrow on, times are lower bounds." in figure.caption
    assert figure.data.query("line == 'trigger'")["is_lower_bound"].all()


def test_each_round_trip_has_a_panel_and_of_rates_the_one_at_which_most_keep_up_is_shown() -> None:
    far = [Drain(each.workload.replace(rtt_s=0.2), each.calls, each.fill) for each in (FAST, FULL)]
    over = [
        Drain(each.workload.replace(rate=9000.0), each.calls, each.fill, left=500, overloaded="grew")
        for each in (FAST, FULL)
    ]
    figure = drawn(queue_latency(run_of(FAST, FULL, *far, *over)))
    assert [axes.get_title(loc="left") for axes in figure.figure.axes] == ["round trip 50 ms", "round trip 200 ms"]
    assert figure.title.startswith("At 1,000/s over 50 ms")


def test_no_round_trip_is_named_if_there_is_none() -> None:
    figure = drawn(queue_latency(run_of(Drain(TRIGGER.replace(rtt_s=0.0), calls=1000))))
    assert figure.title == "At 1,000/s, 99 % of events take 51 ms by trigger"
    assert "round trip" not in " ".join(texts(figure))


def test_few_events_have_no_figure() -> None:
    absent = queue_latency(run_of(Drain(TRIGGER, calls=5)))
    assert isinstance(absent, Absent)
    assert absent.how == "wiretax run tradeoff"
