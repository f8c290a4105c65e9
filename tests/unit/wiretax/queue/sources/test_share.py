"""A queue's arrivals split among processes: together they are those of one process, and each part is fair."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.workload import Process, Workload
from wiretax.queue.sources.schedule import BURST, intended_times
from wiretax.queue.sources.share import NO_SHARE, Share, SharedTimes, deal

PROCESSES: tuple[Process, ...] = ("constant", "poisson", "burst")
DEALT = st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any)


def part(process: Process, rate: float, seed: str, dealt: tuple[int, ...], index: int) -> SharedTimes:
    times = intended_times(process, rate, seed)
    return SharedTimes(times, process, f"{seed}/share", Share(dealt, index))


def until(times: SharedTimes, end_s: float) -> list[float]:
    found = []
    while (time_s := next(times)) <= end_s:
        found.append(time_s)
    return found


@given(st.sampled_from(PROCESSES), st.floats(10, 1e6), st.text(min_size=1, max_size=9), DEALT)
def test_all_parts_together_are_the_arrivals_of_one_process(
    process: Process, rate: float, seed: str, dealt: list[int]
) -> None:
    whole = list(islice(intended_times(process, rate, seed), 3000))
    parts = [until(part(process, rate, seed, tuple(dealt), index), whole[-1]) for index in range(len(dealt))]
    # No event is missing, and none is anywhere twice. The last moment may have more events than were looked at.
    together = sorted(time_s for each in parts for time_s in each)
    assert together[: len(whole)] == whole
    assert set(together[len(whole) :]) <= {whole[-1]}
    assert [bool(each) for each in parts] == [each > 0 for each in dealt]


@pytest.mark.parametrize("process", PROCESSES)
def test_one_process_of_one_has_the_arrivals_of_a_queue_that_is_not_shared(process: Process) -> None:
    whole = list(islice(intended_times(process, 500.0, "7"), 5000))
    assert list(islice(part(process, 500.0, "7", (4,), 0), 5000)) == whole


@pytest.mark.parametrize("process", ["poisson", "burst"])
def test_each_part_is_as_large_as_its_publishers_and_as_random_as_the_whole(process: Process) -> None:
    dealt, seconds = (5, 3, 2), 200
    batch = BURST if process == "burst" else 1
    for index, publishers in enumerate(dealt):
        times = until(part(process, 1000.0, "1", dealt, index), float(seconds))
        expected = 1000.0 * seconds * publishers / 10
        assert len(times) == pytest.approx(expected, abs=4 * sqrt(expected * batch))
        # Of a Poisson process the numbers of events per second vary as much as they are large; those of a thinned
        # burst, whose number is binomial, by that of a burst more.
        per_second = np.histogram(times, bins=seconds, range=(0, seconds))[0]
        dispersion = per_second.var() / per_second.mean()
        share = publishers / 10
        assert dispersion == pytest.approx(1 + (batch - 1) * share, rel=0.4)
        if process == "poisson":
            gaps = np.diff(times)
            assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.05)
            assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 0.05


def test_constant_arrivals_are_dealt_out_in_turn() -> None:
    for index in range(3):
        gaps = np.diff(list(islice(part("constant", 300.0, "1", (2, 2, 2), index), 100)))
        assert gaps == pytest.approx(3 / 300)
    # With twice as many publishers every other event, or two in a row.
    most = np.diff(list(islice(part("constant", 300.0, "1", (4, 2), 0), 100)))
    assert set((most * 300).round().astype(int)) == {1, 2}


def test_a_burst_stays_one_moment_in_all_processes() -> None:
    parts = [list(islice(part("burst", 500.0, "1", (4, 4), index), 2000)) for index in range(2)]
    end_s = min(each[-1] for each in parts)
    moments = Counter(time_s for each in parts for time_s in each if time_s < end_s)
    assert set(moments.values()) == {BURST}
    both = set(parts[0]) & set(parts[1])
    assert len(both) > 0.99 * len(moments)


def test_without_a_publisher_nothing_arrives() -> None:
    assert next(part("poisson", 500.0, "1", (3, 0), 1)) == inf
    assert next(part("poisson", 500.0, "1", NO_SHARE.dealt, NO_SHARE.index)) == inf
    nothing = Share((3, 0), 1).of(Workload.of(rate=500.0, publishers=3))
    assert (nothing.arrivals.rate, nothing.arrivals.publishers) == (0.0, 0)


def test_a_part_of_a_workload_has_its_part_of_the_rate_and_of_the_publishers() -> None:
    workload = Workload.of("batch", 10, rate=900.0, linger_s=0.01, publishers=3)
    assert Share((1, 2), 1).of(workload) == workload.replace(rate=600.0, publishers=2)
    # Those of a free run are not counted.
    assert Share((1, 2), 1).of(workload.replace(publishers=0)).arrivals.publishers == 0


@pytest.mark.parametrize(
    ("publishers", "users", "dealt"),
    [
        (0, [8, 8], (8, 8)),
        (3, [2, 2], (2, 1)),
        (1, [2, 2, 2], (1, 0, 0)),
        (8, [1, 9], (1, 7)),
        (16, [4, 4], (4, 4)),
        (5, [0, 3], (0, 3)),
    ],
)
def test_publishers_are_dealt_out_evenly_to_processes_that_have_users(
    publishers: int, users: list[int], dealt: tuple[int, ...]
) -> None:
    assert deal(publishers, users) == dealt


@given(st.integers(0, 200), st.lists(st.integers(0, 50), min_size=1, max_size=9))
def test_all_publishers_are_dealt_out_and_no_process_has_more_than_it_has_users(
    publishers: int, users: list[int]
) -> None:
    dealt = deal(publishers, users)
    assert sum(dealt) == min(publishers or sum(users), sum(users))
    assert all(each <= most for each, most in zip(dealt, users, strict=True))
    assert (
        max(dealt)
        - min([each for each, most in zip(dealt, users, strict=True) if each < most], default=max(dealt))
        <= 1
    )
