"""A free run's queue in several processes: arrivals follow the publishers, which come and go."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from timed_caller import TimedCaller
from virtual_clock import VirtualClock

from wiretax.channels.workload import Workload
from wiretax.queue.shared_queue import SharedQueue
from wiretax.queue.sources.share import NO_SHARE, Share
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice

WORKLOAD = Workload.of("batch", 10, rate=1000.0, linger_s=0.02)
WHOLE, HALF = Share((2,), 0), Share((2, 2), 1)


def arrived(clock: VirtualClock, arrivals: str, *shares: tuple[Share, float]) -> list[int]:
    """How many events came while each share was held, for so many seconds."""
    workload = WORKLOAD.replace(arrivals=arrivals)
    queue, slice_ = SharedQueue(workload, 1, NO_SHARE, clock), Slice(workload, 0)
    caller: Any = TimedCaller(clock, 0.001, 1e9)
    publisher = gevent.spawn(queue.drain, caller, slice_)
    tally, counts = slice_.queue, []
    assert isinstance(tally, QueueTally)
    for share, seconds in shares:
        queue.change_share(share)
        before = tally.arrived
        clock.sleep(seconds)
        counts.append(tally.arrived - before)
    queue.close()
    slice_.close()
    publisher.join()
    assert tally.acknowledged + tally.unsent == tally.arrived == tally.intended
    return counts


def test_nothing_arrives_before_there_are_publishers_and_after_they_are_gone(clock: VirtualClock) -> None:
    counts = arrived(clock, "constant", (NO_SHARE, 1.0), (WHOLE, 1.0), (NO_SHARE, 1.0), (HALF, 1.0), (WHOLE, 1.0))
    assert counts == [0, pytest.approx(1000, abs=2), 0, pytest.approx(500, abs=2), pytest.approx(1000, abs=2)]


@pytest.mark.parametrize("arrivals", ["poisson", "burst"])
def test_the_rate_is_the_shares_however_often_it_changes(clock: VirtualClock, arrivals: str) -> None:
    # A moment that was lost or doubled at each of the changes would show.
    counts = arrived(clock, arrivals, *[(HALF, 0.05), (WHOLE, 0.05), (NO_SHARE, 0.05)] * 120)
    assert sum(counts[::3]) == pytest.approx(3000, rel=0.15)
    assert sum(counts[1::3]) == pytest.approx(6000, rel=0.15)
    assert sum(counts[2::3]) == 0


def test_what_a_held_up_generator_owes_comes_before_a_change(clock: VirtualClock) -> None:
    workload = WORKLOAD.replace(arrivals="constant")
    queue, slice_ = SharedQueue(workload, 1, WHOLE, clock), Slice(workload, 0)
    assert slice_.queue is not None
    queue.start()
    queue.enter(slice_)
    clock.sleep(0.1)
    clock.pass_busily(1.0)
    queue.change_share(NO_SHARE)
    clock.sleep(1.0)
    assert slice_.queue.arrived == pytest.approx(1100, abs=2)
    slice_.close()
    assert slice_.queue.intended == slice_.queue.arrived


def test_a_part_that_does_not_keep_up_is_judged_by_its_own_rate(clock: VirtualClock) -> None:
    """300 events in a second are many for a tenth of the rate, and few for all of it."""
    workload = WORKLOAD.replace(arrivals="constant", publishers=10, api="trigger", batch_size=1, linger_s=0.0)
    found = []
    for share in (Share((1, 9), 0), Share((10,), 0)):
        queue, slice_ = SharedQueue(workload, 1, share, clock), Slice(workload, 0)
        assert slice_.queue is not None
        caller: Any = TimedCaller(clock, 0.02 if share.publishers == 1 else 0.0, 1e9)
        publishers = [gevent.spawn(queue.drain, caller, slice_)]
        clock.sleep(1.0)
        slice_.close()
        queue.close()
        gevent.joinall(publishers)
        found.append(slice_.queue.overloaded)
    assert found[0].startswith("the queue grew to ")
    assert found[1] == ""
