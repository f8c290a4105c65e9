"""The queue of one slice: its rest is published after the slice, unless it is overloaded or the endpoint fails."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import gevent
import pytest
from timed_caller import TimedCaller
from virtual_clock import VirtualClock

from wiretax.channels.bodies.events import Event
from wiretax.channels.workload import Workload
from wiretax.queue.slice_queue import SliceQueue
from wiretax.queue.sources.generated import GeneratedSource
from wiretax.queue.sources.schedule import intended_times
from wiretax.wire.slices import Slice

EVENT = Event("my-event", ("my-channel",), "x")
WORKLOAD = Workload.of("batch", 10, rate=1000.0, linger_s=0.02, publishers=2)


def measured(clock: VirtualClock, call_s: float, fails_at_s: float = 1e9) -> Slice:
    """A slice of a second whose publishers need ``call_s`` for a call."""
    slice_ = Slice(WORKLOAD, 0)
    times = intended_times("constant", 1000.0, 1)
    queue = SliceQueue(slice_, GeneratedSource(cycle([EVENT]), times, 1000.0, clock=clock), clock)
    callers: list[Any] = [TimedCaller(clock, call_s, fails_at_s) for _ in range(3)]
    publishers = [gevent.spawn(queue.drain, each) for each in callers if queue.admit(each)]
    assert len(publishers) == WORKLOAD.arrivals.publishers
    idle = gevent.spawn(queue.wait)
    clock.sleep(1.0)
    assert not idle.ready()
    slice_.close()
    with gevent.Timeout(20.0):
        gevent.joinall([*publishers, idle], raise_error=True)
    slice_.settle()
    return slice_


def test_the_rest_of_a_queue_that_keeps_up_is_published_after_its_slice(clock: VirtualClock) -> None:
    tally = measured(clock, call_s=0.01).queue
    assert tally is not None
    assert tally.arrived == tally.intended == pytest.approx(1000, abs=2)
    assert tally.left > 0
    assert tally.acknowledged == tally.arrived
    assert (tally.lost, tally.unsent, tally.overloaded) == (0, 0, "")
    assert tally.times["total"].total == tally.arrived
    # Sampled every 20 ms, and when the slice closed.
    assert len(tally.depths) == pytest.approx(51, abs=1)
    assert tally.depths[-1] == (1.0, tally.left)


def test_the_last_batch_waits_for_its_linger_like_all_others(clock: VirtualClock) -> None:
    slow = Workload.of("batch", 100, rate=1000.0, linger_s=0.02, publishers=2)
    slice_ = Slice(slow, 0)
    times = intended_times("constant", 1000.0, 1)
    queue = SliceQueue(slice_, GeneratedSource(cycle([EVENT]), times, 1000.0, clock=clock), clock)
    caller: Any = TimedCaller(clock, 0.0, 1e9)
    publisher = gevent.spawn(queue.drain, caller)
    clock.sleep(0.055)
    slice_.close()
    publisher.join()
    assert slice_.queue is not None
    assert slice_.queue.acknowledged == slice_.queue.arrived
    assert clock.now() >= 0.06


def test_an_overloaded_queue_is_not_drained_and_its_rest_counts_as_never_sent(clock: VirtualClock) -> None:
    tally = measured(clock, call_s=0.1).queue
    assert tally is not None
    assert tally.overloaded.startswith("the queue grew to ")
    assert tally.unsent == pytest.approx(tally.left, abs=20)
    assert tally.acknowledged + tally.unsent == tally.arrived
    assert clock.now() < 1.2


def test_nothing_more_is_sent_once_a_call_fails_after_the_slice(clock: VirtualClock) -> None:
    tally = measured(clock, call_s=0.018, fails_at_s=0.99).queue
    assert tally is not None
    assert tally.lost > 0
    assert tally.acknowledged + tally.lost + tally.unsent == tally.arrived
    assert clock.now() < 1.1
