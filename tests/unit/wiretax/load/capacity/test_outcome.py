"""A slice is judged by its latencies, its losses, its queue and its generator, and the server is blamed last."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from wiretax.channels.workload import Workload
from wiretax.load.capacity.limit import limit_of, unloaded_call_s
from wiretax.load.capacity.outcome import Outcome, outcome_of
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice

PROBE = Workload.of(rate=1_000.0, publishers=4)
HELD = Outcome("", 0.01, by_generator=False, busy=0.5, call_s=0.004)
LATE = replace(HELD, reason="latency", p99_s=0.1)


def slice_of(total_s: float = 0.01, late_s: float = 0.0, calls: int = 0, call_s: float = 0.004) -> Slice:
    """A second in which 1,000 events arrived and took this long."""
    made = Slice(PROBE, 0)
    made.open, made.duration_s = False, 1.0
    assert made.queue is not None
    made.queue.arrived = made.queue.intended = 1_000
    made.queue.delivered([0.0] * 1_000, 0.0, total_s)
    made.queue.came_late([0.0] * 1_000, late_s)
    made.latencies_ns += [round(1e9 * call_s)] * calls
    made.settle()
    return made


def tally(made: Slice) -> QueueTally:
    assert made.queue is not None
    return made.queue


def test_a_rate_holds_if_p99_is_within_the_target() -> None:
    held = outcome_of([slice_of(0.0199)], 0.02)
    assert (held.held, held.reason) == (True, "")
    assert held.p99_s == pytest.approx(0.0199, rel=0.01)
    assert outcome_of([slice_of(0.0203)], 0.02).reason == "latency"


def test_events_that_were_never_sent_count_with_how_long_they_waited() -> None:
    made = slice_of()
    tally(made).never_sent([0.0] * 30, 5.0)
    outcome = outcome_of([made], 0.02)
    assert outcome.reason == "latency"
    assert outcome.p99_s == pytest.approx(5.0, rel=0.01)


def test_a_lost_event_and_a_growing_queue_do_not_hold() -> None:
    lost, grown = slice_of(), slice_of()
    tally(lost).lost = 1
    tally(grown).overloaded = "the queue grew"
    assert outcome_of([lost], 0.02).reason == "lost"
    assert outcome_of([grown], 0.02).reason == "queue"


def test_a_generator_that_did_not_reach_the_rate_does_not_hold_however_fast_the_server_was() -> None:
    made = slice_of()
    tally(made).intended = 1_020
    assert outcome_of([made], 0.02).reason == "generator"


def test_a_generator_that_was_late_or_used_all_of_its_core_takes_the_blame_if_the_target_was_missed() -> None:
    for slice_, cores in ((slice_of(0.03, late_s=0.006), 0.1), (slice_of(0.03), 0.97)):
        assert outcome_of([slice_], 0.02, cores).reason == "generator"
    # Within the target it did its job.
    assert outcome_of([slice_of(0.01, late_s=0.006)], 0.02, 0.97).held


def test_parts_of_several_processes_are_judged_together() -> None:
    outcome = outcome_of([slice_of(0.01), slice_of(0.05, calls=200, call_s=0.01)], 0.02)
    assert outcome.reason == "latency"
    assert outcome.p99_s == pytest.approx(0.05, rel=0.01)
    assert outcome.busy == pytest.approx(200 * 0.01 / 4, rel=0.01)


def test_the_server_is_blamed_for_calls_that_took_longer_than_without_load() -> None:
    assert limit_of(replace(LATE, busy=1.0, call_s=0.02), call_s=0.004) == "server"
    assert limit_of(replace(LATE, busy=0.6), call_s=0.004) == "server"


def test_connections_are_blamed_if_all_are_busy_with_calls_that_take_as_long_as_without_load() -> None:
    busy = replace(LATE, busy=0.99, call_s=0.005)
    assert limit_of(busy, call_s=0.004) == "connections"
    # How long a call takes without load is unknown.
    assert limit_of(busy, call_s=inf) == "server"


def test_the_server_is_never_blamed_for_what_the_generator_did_not_send() -> None:
    late = replace(LATE, reason="generator", by_generator=True, busy=1.0, call_s=0.02)
    assert limit_of(late, call_s=0.004) == "generator"


def test_nothing_is_blamed_if_the_rate_held() -> None:
    assert limit_of(replace(HELD, by_generator=True), call_s=0.004) == ""


def test_the_fastest_calls_tell_how_long_a_call_takes_without_load() -> None:
    assert unloaded_call_s([replace(HELD, call_s=0.008), HELD, replace(LATE, call_s=0.0)]) == 0.004
    assert unloaded_call_s([]) == inf
