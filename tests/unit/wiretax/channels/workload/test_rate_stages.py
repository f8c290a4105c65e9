"""Stages of a rate: as a column and in a name, and which of them is a spike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.workload import Workload, workload_of
from wiretax.channels.workload.rate_stages import RateStage, RateStages, as_text, of_text

NUMBERS = st.floats(0.1, 1e9)
SPIKE = "500/s for 10s, up: to 5000/s for 2s, spike: 5000/s for 5s, to 500/s for 2s, 500/s for 10s"


@st.composite
def texts(draw: st.DrawFn) -> str:
    made: list[RateStage] = []
    for number in range(draw(st.integers(1, 5))):
        last = draw(NUMBERS)
        first = made[-1].last if made and draw(st.booleans()) else last
        made.append(RateStage(first, last, draw(NUMBERS), draw(st.sampled_from(["", f"s-{number}"]))))
    return as_text(made)


@given(texts())
def test_a_column_of_stages_reads_as_what_was_written(text: str) -> None:
    assert as_text(of_text(text)) == text
    workload = Workload.of(rate=of_text(text).mean, stages=text)
    assert workload_of(workload.columns()) == workload
    assert "/" not in workload.name
    assert len(workload.name) < 150


def test_a_name_tells_the_stages_and_not_their_mean_rate() -> None:
    text = "500/s for 10s, spike: to 5000/s for 0.5s"
    workload = Workload.of("batch", 10, rate=of_text(text).mean, stages=text, publishers=4)
    assert workload.name == "batch10-100B-chat-reference-poisson-4pub-500ps10s+spike=to5000ps0.5s-linger0ms"
    assert Workload.of(rate=500.0, publishers=4).name == "trigger-100B-chat-reference-500ps-poisson-4pub"


@pytest.mark.parametrize("text", ["", "500/s", "500/s for 10", "a b: 500/s for 10s", "500/s for 10s,5/s for 1s"])
def test_text_that_is_no_stage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a stage of a rate"):
        of_text(text)


@pytest.mark.parametrize(
    ("text", "spike", "before"),
    [
        ("500/s for 1s, 5000/s for 1s, 500/s for 1s", 1, 0),
        ("10/s for 1s, 500/s for 1s, 5000/s for 1s, 500/s for 1s", 2, 1),
        (SPIKE, 2, 0),
        ("500/s for 1s, to 5000/s for 1s, to 500/s for 1s", 1, 0),
        # It never falls, never rises, or begins with the highest rate.
        ("500/s for 1s, to 5000/s for 1s", None, None),
        ("500/s for 60s", None, None),
        ("5000/s for 1s, 500/s for 1s", None, None),
    ],
)
def test_a_spike_is_where_the_highest_rate_ends(text: str, spike: int | None, before: int | None) -> None:
    stages = of_text(text)
    assert stages.spike == spike
    assert spike is None or stages.before_spike(spike) == before


@given(st.floats(0.1, 3600.0), st.floats(10.0, 1e6))
def test_a_bin_of_a_series_has_enough_events_and_there_are_a_hundred_at_most(seconds: float, rate: float) -> None:
    bin_s = RateStages([RateStage(rate, rate, seconds)]).bin_s
    assert seconds / bin_s <= 100.001
    assert bin_s * rate >= 19.99
    # The next smaller one of 1, 2 and 5 has too few, or makes too many.
    assert seconds / (bin_s / 2.5) > 99.99 or bin_s / 2.5 * rate < 20.01 or bin_s == 0.01
