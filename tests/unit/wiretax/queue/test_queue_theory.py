"""The queue's own code in simulated time, held to what queueing theory says of it."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import pytest

from analysis.advice.batching_theory import batch_arrivals
from wiretax.channels.bodies.events import Event
from wiretax.channels.workload import Process
from wiretax.queue.sources.arrival import Arrival
from wiretax.queue.sources.buffer import AT_ONCE, Buffer
from wiretax.queue.sources.schedule import BURST, intended_times
from wiretax.wire.queue_tally import QueueTally

EVENT = Event("my-event", ("my-channel",), "x")
SERVICE_S = 0.001


def simulate(
    arrivals: Process, rate: float, count: int, servers: int, most: int = 1, linger_s: float = 0.0
) -> QueueTally:
    """Events taken from a buffer by servers that need ``SERVICE_S`` a call; time is a number."""
    times = intended_times(arrivals, rate, seed=7)
    buffer, tally = Buffer(100_000), QueueTally()
    free_at = [0.0] * servers
    due_s = next(times)
    while tally.acknowledged < count:
        begins_s = heappop(free_at)
        if not buffer:
            buffer.put(Arrival(EVENT, due_s))
            due_s = next(times)
        # All that arrives before the batch may leave is there when it does.
        while (leaves_s := buffer.leaves_at(most, linger_s)) != AT_ONCE and due_s <= max(begins_s, leaves_s):
            buffer.put(Arrival(EVENT, due_s))
            due_s = next(times)
        filled_s = buffer._arrivals[most - 1].intended_s if leaves_s == AT_ONCE else leaves_s
        begins_s = max(begins_s, filled_s)
        while due_s <= begins_s:
            buffer.put(Arrival(EVENT, due_s))
            due_s = next(times)
        taken = buffer.pop(most)
        tally.delivered([each.intended_s for each in taken], begins_s, begins_s + SERVICE_S)
        heappush(free_at, begins_s + SERVICE_S)
    tally.settle()
    return tally


def mean_s(tally: QueueTally) -> float:
    buckets = tally.times["waiting"].buckets()
    return float(np.average((buckets.lows_s() + buckets.highs_s()) / 2, weights=buckets.counts))


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_a_single_server_makes_wait_what_pollaczek_and_khinchine_say(load: float) -> None:
    tally = simulate("poisson", load / SERVICE_S, 150_000, servers=1)
    expected = load * SERVICE_S / (2 * (1 - load))
    assert mean_s(tally) == pytest.approx(expected, rel=0.05)


def test_events_that_come_evenly_never_wait_for_a_server_that_keeps_up() -> None:
    tally = simulate("constant", 0.9 / SERVICE_S, 20_000, servers=1)
    assert tally.times["waiting"].buckets().highs_s().max() < 2e-6


def test_bursts_wait_for_one_another() -> None:
    # Rare enough that bursts do not meet: the k-th event of a burst waits for k calls.
    tally = simulate("burst", 0.01 / SERVICE_S, 50_000, servers=1)
    assert mean_s(tally) == pytest.approx(SERVICE_S * (BURST - 1) / 2, rel=0.15)


@pytest.mark.parametrize(("rate", "linger_s", "most"), [(500.0, 0.01, 10), (2000.0, 0.005, 5), (100.0, 0.05, 50)])
def test_with_publishers_enough_a_batch_is_what_advice_reckons(rate: float, linger_s: float, most: int) -> None:
    tally = simulate("poisson", rate, 100_000, servers=50, most=most, linger_s=linger_s)
    expected = batch_arrivals(rate, linger_s, most)
    assert mean_s(tally) == pytest.approx(expected.mean_wait_s, rel=0.02)
    assert tally.fills.total() == pytest.approx(tally.acknowledged / expected.mean_size, rel=0.02)
    assert tally.fills[most] / tally.fills.total() == pytest.approx(expected.filled, abs=0.01)


@pytest.mark.parametrize("arrivals", ["constant", "poisson", "burst"])
def test_arrivals_keep_their_rate_and_are_the_same_for_a_seed(arrivals: Process) -> None:
    drawn = [next(times) for times in [intended_times(arrivals, 250.0, 3)] for _ in range(50_000)]
    again = [next(times) for times in [intended_times(arrivals, 250.0, 3)] for _ in range(50_000)]
    assert drawn == again
    assert drawn == sorted(drawn)
    assert len(drawn) / drawn[-1] == pytest.approx(250.0, rel=0.06)
