"""The search goes up or down until it has both ends, narrows down, and finds the capacity of a known server."""

from __future__ import annotations

import numpy as np
import pytest
from known_server import Server

from wiretax.channels.workload import Workload
from wiretax.load.capacity.search import PROBES_AT_END, Search
from wiretax.load.plan.capacity import Capacity

TARGET = Capacity(p99_s=0.03, within=0.05, time_s=75.0, least=10.0, most=100_000.0)
TRIGGER = Workload.of(publishers=16)
BATCH = Workload.of("batch", 10, publishers=16, linger_s=0.0075)
SERVERS = (Server(4, 0.0018, 0.0002), Server(1, 0.0004, 0.0001), Server(8, 0.004, 0.0001))


def test_rates_go_up_in_growing_steps_until_one_does_not_hold() -> None:
    search, tried = Search(TARGET, 1_000.0, "s"), []
    while search.phase == "bracket":
        tried.append(search.next_rate())
        search.add(tried[-1], tried[-1] < 3_000)
    steps = np.diff(np.log(tried))
    assert tried[0] == 750
    assert tried[-2] < 3_000 <= tried[-1]
    assert (np.diff(steps) > 0).all()
    assert tried[-2] < search.next_rate() < tried[-1]


def test_rates_go_down_if_the_first_does_not_hold() -> None:
    search = Search(TARGET, 1_000.0, "s")
    while search.phase == "bracket":
        search.add(search.next_rate(), search.next_rate() < 100)
    low, high = search.probes[-1].rate, search.probes[-2].rate
    assert low < 100 <= high
    assert low < search.next_rate() < high


def test_an_accident_does_not_make_the_search_leap() -> None:
    search = Search(TARGET, 1_000.0, "s")
    for rate, held in ((750.0, True), (975.0, False), (900.0, True), (1_000.0, True), (1_100.0, True)):
        search.add(rate, held)
        assert search.next_rate() <= 1.301 * max(each.rate for each in search.probes)


def test_what_is_found_is_no_rate_that_was_never_tried_until_both_ends_are_known() -> None:
    for held, end in ((True, max), (False, min)):
        search = Search(TARGET, 1_000.0, "s")
        for _ in range(3):
            search.add(search.next_rate(), held)
        assert search.found == end(each.rate for each in search.probes)
        search.add(search.next_rate(), not held)
        assert search.found == search.threshold.median


@pytest.mark.parametrize(("held", "end"), [(True, TARGET.most), (False, TARGET.least)])
def test_a_capacity_beyond_the_range_is_settled_at_its_end(held: bool, end: float) -> None:
    search = Search(TARGET, 1_000.0, "s")
    while not search.decided:
        search.add(search.next_rate(), held)
    assert [each.rate for each in search.probes[-PROBES_AT_END:]] == [end] * PROBES_AT_END
    assert len(search.probes) < 20


def test_a_rate_that_the_generator_failed_at_is_tried_once_more_before_it_counts() -> None:
    search = Search(TARGET, 1_000.0, "s")
    rate = search.next_rate()
    assert not search.add(rate, False, by_generator=True)
    assert (search.next_rate(), search.probes) == (rate, [])
    assert search.add(rate, False, by_generator=True)
    assert search.next_rate() < rate
    assert not search.add(search.next_rate(), False, by_generator=True)
    assert search.add(search.next_rate(), True)
    assert [each.held for each in search.probes] == [False, True]


def test_the_same_seed_gives_the_same_rates() -> None:
    one, other = (Search(TARGET, 1_000.0, "s") for _ in range(2))
    for _ in range(20):
        rate = one.next_rate()
        assert other.next_rate() == rate
        for search in (one, other):
            search.add(rate, rate < 1_700)


@pytest.mark.parametrize("workload", [TRIGGER, BATCH], ids=lambda each: each.call.name)
@pytest.mark.parametrize("server", SERVERS)
def test_the_capacity_of_a_server_that_is_known_is_found(server: Server, workload: Workload) -> None:
    known = server.carries(workload.call.batch_size)
    search, random = Search(TARGET, known, "s"), np.random.default_rng(2)
    for _ in range(30):
        if search.decided:
            break
        rate = search.next_rate()
        lasting_s = (20 if search.phase == "bracket" else 50) * TARGET.p99_s
        drained = server.drain(workload.replace(rate=rate), max(lasting_s, 1_000 / rate), random)
        search.add(rate, drained.p99_s <= TARGET.p99_s)
    assert search.threshold.half_width < 0.1
    assert search.threshold.median == pytest.approx(known, rel=0.05)
