"""Arrival times of rates that change: as many as the integral in each stage, and the same for the same seed."""

from __future__ import annotations

from itertools import islice, pairwise, takewhile
from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.workload import Process
from wiretax.channels.workload.rate_stages import RateStage, RateStages
from wiretax.queue.sources.schedule import BURST, intended_times, staged_times

RATES = st.floats(10.0, 5000.0)
PROCESSES = st.sampled_from(["constant", "poisson", "burst"])


@st.composite
def stages(draw: st.DrawFn) -> RateStages:
    made: list[RateStage] = []
    for ramps in draw(st.lists(st.booleans(), min_size=1, max_size=4)):
        last = draw(RATES)
        first = made[-1].last if ramps and made else last
        made.append(RateStage(first, last, draw(st.floats(0.1, 2.0))))
    return RateStages(made)


def within(process: Process, changing: RateStages, seed: int = 1) -> list[float]:
    """The times until the end of the last stage."""
    return list(takewhile(lambda time_s: time_s <= changing.seconds, staged_times(process, changing, seed)))


@given(stages())
def test_evenly_arriving_events_follow_the_integral_exactly(changing: RateStages) -> None:
    times = within("constant", changing)
    # pytest.approx would take ten times as long.
    assert all(
        isclose(changing.events_by(time_s), number, rel_tol=1e-9, abs_tol=1e-6)
        for number, time_s in enumerate(times, 1)
    )
    assert len(times) == pytest.approx(sum(stage.events for stage in changing), abs=1 + 1e-6)


@given(stages(), st.sampled_from([("poisson", 1), ("burst", BURST)]), st.integers(0, 100))
def test_each_stage_has_as_many_events_as_its_integral_but_for_chance(
    changing: RateStages, process: tuple[Process, int], seed: int
) -> None:
    name, together = process
    times, began_s = within(name, changing, seed), 0.0
    for stage, end_s in zip(changing, changing.ends_s, strict=True):
        count = sum(began_s < time_s <= end_s for time_s in times)
        # Six standard deviations, and a burst that falls just beside the edge.
        assert abs(count - stage.events) <= 6 * sqrt(stage.events * together) + 6 * together
        began_s = end_s


@given(stages(), PROCESSES)
def test_times_ascend_and_the_same_seed_draws_the_same(changing: RateStages, process: Process) -> None:
    times = [*islice(staged_times(process, changing, "s"), 3000)]
    assert all(one <= other for one, other in pairwise(times))
    assert times == [*islice(staged_times(process, changing, "s"), 3000)]


@given(RATES, PROCESSES)
def test_one_stage_at_a_constant_rate_has_the_times_of_that_rate(rate: float, process: Process) -> None:
    staged = staged_times(process, RateStages([RateStage(rate, rate, 0.5)]), "s")
    # Beyond the end of the stage, too: its rate goes on.
    pairs = zip(islice(staged, 3000), islice(intended_times(process, rate, "s"), 3000), strict=True)
    assert all(isclose(one, other, rel_tol=1e-6, abs_tol=1e-12) for one, other in pairs)


# The first, 1,001st and 2,001st, as versions without stages drew them.
BEFORE: dict[Process, list[float]] = {
    "constant": [0.002, 2.002000000000001, 4.001999999999997],
    "poisson": [0.0019271322730097403, 1.9084410296125927, 3.9059791617804116],
    "burst": [0.038542645460194806, 2.465434308759763, 4.303238903865713],
}


@pytest.mark.parametrize("process", BEFORE)
def test_the_times_of_a_constant_rate_are_those_of_earlier_versions(process: Process) -> None:
    times = intended_times(process, 500.0, "1/arrivals/0/500.0")
    assert [*islice(times, 0, 2001, 1000)] == BEFORE[process]
