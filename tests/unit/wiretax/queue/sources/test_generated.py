"""The queue in this process: an open loop that nobody slows, batches by size and linger, and a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, cycle
from typing import Any

import gevent
import pytest
from timed_caller import TimedCaller
from virtual_clock import VirtualClock

from wiretax.channels.bodies.events import Event
from wiretax.channels.workload import Workload
from wiretax.queue.overload import why_overloaded
from wiretax.queue.queue import Queue
from wiretax.queue.sources.arrival import Arrival
from wiretax.queue.sources.generated import GeneratedSource
from wiretax.wire.slices import Slice

EVENT = Event("my-event", ("my-channel",), "x")
WORKLOAD = Workload.of("batch", 10, rate=1000.0, linger_s=0.02, publishers=4)
Make = Callable[..., GeneratedSource]


@pytest.fixture
def source(clock: VirtualClock) -> Callable[..., GeneratedSource]:
    def made(times: Iterator[float], rate: float = 1000.0, most: int = 1000) -> GeneratedSource:
        source = GeneratedSource(cycle([EVENT]), times, rate, most, clock)
        source.start()
        return source

    return made


def at(*seconds: float) -> Iterator[float]:
    """These times, and none after them within a test."""
    yield from seconds
    yield from count(3600.0)


def offsets(arrivals: list[Arrival], from_: GeneratedSource) -> list[float]:
    return [round(arrival.intended_s - from_._began_s, 6) for arrival in arrivals]


def test_a_full_batch_leaves_at_once_and_the_rest_a_linger_after_the_first_of_it(
    clock: VirtualClock, source: Make
) -> None:
    queue = source(at(0.0, 0.0, 0.0, 0.001))
    assert offsets(queue.take(3, linger_s=60.0), queue) == [0, 0, 0]
    left = queue.take(3, linger_s=0.02)
    assert offsets(left, queue) == [0.001]
    assert clock.now() >= left[0].intended_s + 0.02


def test_the_linger_runs_from_the_arrival_however_late_a_publisher_takes_it(
    clock: VirtualClock, source: Make
) -> None:
    queue = source(at(0.0, 0.05))
    clock.sleep(0.03)
    # It has waited for longer than that, and leaves alone.
    assert offsets(queue.take(10, linger_s=0.02), queue) == [0]


def test_events_come_at_their_times_whether_or_not_anybody_takes_them(clock: VirtualClock, source: Make) -> None:
    queue = source(at(*(0.001 * number for number in range(20))))
    clock.sleep(0.05)
    assert queue.waiting() == 20
    assert offsets(queue.take(20, 0.0), queue) == [round(0.001 * number, 6) for number in range(20)]


def test_a_generator_that_was_held_up_keeps_the_times_it_should_have_kept(
    clock: VirtualClock, source: Make
) -> None:
    queue = source(at(*(0.001 * number for number in range(20))))
    clock.pass_busily(0.05)
    clock.sleep(0.001)
    taken = queue.take(20, 0.0)
    assert offsets(taken, queue) == [round(0.001 * number, 6) for number in range(20)]
    queue.tally.settle()
    assert queue.tally.late.buckets().highs_s().max() > 0.02


def test_each_event_is_taken_once_by_one_of_many_publishers(clock: VirtualClock, source: Make) -> None:
    queue = source(at(*(0.0005 * number for number in range(100))))
    taken: list[list[Arrival]] = []

    def publish() -> None:
        while arrivals := queue.take(7, linger_s=0.002):
            taken.append(arrivals)
            clock.sleep(0.001)

    publishers = [gevent.spawn(publish) for _ in range(5)]
    clock.sleep(0.1)
    queue.close()
    gevent.joinall(publishers, raise_error=True)
    assert sorted(each for arrivals in taken for each in offsets(arrivals, queue)) == [
        round(0.0005 * number, 6) for number in range(100)
    ]
    assert max(len(arrivals) for arrivals in taken) <= 7


def test_after_it_is_closed_what_waits_is_given_out_and_then_nothing(clock: VirtualClock, source: Make) -> None:
    queue = source(at(0.0, 0.0, 0.0))
    clock.sleep(0.001)
    queue.close()
    assert len(queue.take(2, 0.0)) == 2
    assert len(queue.take(2, 0.0)) == 1
    assert queue.take(2, 0.0) == []
    assert (queue.tally.arrived, queue.tally.intended) == (3, 3)


def test_a_publisher_that_waits_for_a_first_event_is_let_go_when_it_is_closed(
    clock: VirtualClock, source: Make
) -> None:
    queue = source(at(30.0))
    waiting = gevent.spawn(queue.take, 10, 1.0)
    clock.sleep(0.005)
    queue.close()
    assert waiting.get(timeout=5) == []


def test_at_its_bound_it_says_overloaded_and_takes_no_more(clock: VirtualClock, source: Make) -> None:
    queue = source((number / 1e6 for number in count()), rate=1e6, most=300)
    clock.sleep(0.02)
    assert queue.waiting() == 300
    assert queue.tally.overloaded == "the queue reached its bound of 300 events"
    assert queue.tally.arrived == 300


def test_a_rate_that_no_machine_makes_is_told_by_what_was_reached(clock: VirtualClock, source: Make) -> None:
    queue = source((number / 1e9 for number in count()), rate=1e9, most=5_000)
    clock.pass_busily(0.02)  # the machine is slower than that
    clock.sleep(0.001)
    queue.close()
    assert queue.tally.arrived == 5_000
    assert queue.tally.intended > 10 * queue.tally.arrived


def test_what_failed_is_lost_and_not_sent_again(clock: VirtualClock) -> None:
    generated = GeneratedSource(cycle([EVENT]), at(0.0, 0.0), 1000.0, clock=clock)
    publisher: Any = TimedCaller(clock, call_s=0.0, fails_at_s=0.0)
    Queue(WORKLOAD, generated, clock=clock).drain(publisher, Slice(WORKLOAD, 0), for_s=0)
    assert publisher.sent == [2]
    assert generated.tally.lost == 2
    assert generated.waiting() == 0


@pytest.mark.parametrize(
    ("half_way", "end", "grew"),
    [
        (1000, 2000, True),
        # As deep as by chance, or by the batches its publishers hold.
        (10, 150, False),
        # Deep, but it does not grow: a hiccup is over.
        (2000, 2000, False),
        (0, 0, False),
    ],
)
def test_a_queue_is_overloaded_where_it_grows_beyond_chance(half_way: int, end: int, grew: bool) -> None:
    why = why_overloaded(WORKLOAD, 1000, [(0.0, 0), (0.5, half_way), (1.0, end)])
    assert bool(why) == grew
    assert not grew or why == f"the queue grew to {end:,} events, from {half_way:,} half-way"
