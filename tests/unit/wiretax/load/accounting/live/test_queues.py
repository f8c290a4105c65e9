"""Queues over time on the live page: what is read of open tallies adds up, and changes nothing."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import gevent
import pytest
from timed_caller import TimedCaller
from virtual_clock import VirtualClock

from wiretax.channels.bodies.events import Event
from wiretax.channels.workload import Workload
from wiretax.channels.workload.rate_stages import of_text
from wiretax.load.accounting.live.queues import LEAST_S, LiveQueues, QueueSample
from wiretax.queue.slice_queue import SliceQueue
from wiretax.queue.sources.generated import BOUND, GeneratedSource
from wiretax.queue.sources.schedule import staged_times
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice

# One publisher makes 200 calls a second, so in the spike the queue grows by 200 events a second.
STAGES = "100/s for 2s, spike: 400/s for 2s, after: to 50/s for 2s, 50/s for 4s"
SAMPLE_S = 1.0
BEGAN_S = 1_000.0


def sent(text: str = STAGES) -> Workload:
    return Workload.of(rate=of_text(text).mean, stages=text, arrivals="constant", publishers=1)


def watched(
    clock: VirtualClock, shown: LiveQueues | None, fails_at_s: float = 1e9
) -> tuple[list[Slice], list[dict[str, QueueSample]]]:
    """All slices of a pass through the stages, settled, and a sample for each second of it and after it."""
    workload, stages = sent(), of_text(STAGES)
    slices, samples = [Slice(workload, 0)], list[dict[str, QueueSample]]()
    slices[0].started_at = BEGAN_S
    source = GeneratedSource(cycle([EVENT]), staged_times("constant", stages, 1), stages.mean, BOUND, clock)
    queue = SliceQueue(slices[0], source, clock)

    def publish() -> None:
        assert queue.admit("a user")
        while slices[-1].open:
            caller: Any = TimedCaller(clock, 0.005, fails_at_s)
            queue.drain(caller, slices[-1])

    publisher = gevent.spawn(publish)
    began_s, passed_s = clock.now(), 0.0
    for number, end_s in enumerate(stages.ends_s):
        if number:
            slices.append(slices[-1].next_stage())
        while passed_s < end_s:
            passed_s += SAMPLE_S
            clock.sleep(began_s + passed_s - clock.now())
            if shown is not None:
                samples.append(shown.sample(BEGAN_S + passed_s, slices[-1:]))
    slices[-1].close()
    with gevent.Timeout(20.0):
        publisher.join()
    if shown is not None:
        samples.append(shown.sample(BEGAN_S + passed_s + SAMPLE_S, []))
    for each in slices:
        each.settle()
    return slices, samples


EVENT = Event("my-event", ("my-channel",), "x")


def of(samples: list[dict[str, QueueSample]]) -> list[QueueSample]:
    return [each[sent().name] for each in samples if each]


def test_a_spike_is_seen_while_its_slice_is_open(clock: VirtualClock) -> None:
    _, samples = watched(clock, LiveQueues(BEGAN_S))
    seen = of(samples)
    arrived, acknowledged = ([each[place] for each in seen] for place in (0, 1))
    depths, p99s = [each.depth for each in seen], [each.total_p99_s for each in seen]
    assert arrived[:4] == pytest.approx([100, 100, 400, 400], abs=3)
    assert acknowledged[2:4] == pytest.approx([200, 200], abs=3)
    # 200 events too many after one second, 400 after two: the depth is a mean over each second.
    assert depths[:4] == pytest.approx([0, 0, 100, 300], abs=12)
    assert p99s[3] == pytest.approx(1.0, abs=0.1)
    assert p99s[1] == pytest.approx(0.005, rel=0.01)
    # Events wait for all but the 5 ms of their call.
    assert seen[3].wait_p99_s == pytest.approx(1.0 - 0.005, abs=0.1)
    assert seen[3].wait_p50_s < seen[3].total_p50_s < seen[3].total_p99_s
    assert not any(each.total_p99_is_bound or each.wait_p99_is_bound for each in seen)


def test_a_backlog_is_what_arrived_and_was_not_answered(clock: VirtualClock) -> None:
    _, samples = watched(clock, LiveQueues(BEGAN_S))
    # At the end of each second, unlike the depth.
    assert [each.backlog for each in of(samples)[:4]] == pytest.approx([0, 0, 200, 400], abs=4)
    assert [each.backlog for each in of(samples)[-2:]] == pytest.approx([0, 0], abs=2)


def test_samples_add_up_to_the_slices(clock: VirtualClock) -> None:
    slices, samples = watched(clock, LiveQueues(BEGAN_S))
    tallies = [each.queue for each in slices if each.queue is not None]
    for which, count in ((0, "arrived"), (1, "acknowledged")):
        seen = sum(each[which] * SAMPLE_S for each in of(samples))
        assert seen == pytest.approx(sum(getattr(each, count) for each in tallies), abs=3)


def test_what_is_sampled_is_measured_as_if_it_was_not(clock: VirtualClock) -> None:
    alone = VirtualClock()
    plain = [watched(alone, None)[0], watched(clock, LiveQueues(BEGAN_S))[0]]
    alone.stop()
    before, after = ([each.queue for each in slices if each.queue is not None] for slices in plain)
    assert [each.as_plain() for each in before] == [each.as_plain() for each in after]
    rows = [
        [list(each.series.rows()) for each in tallies if each.series is not None] for tallies in (before, after)
    ]
    assert rows[0] == rows[1]
    assert sum(map(len, rows[0])) > 0


def test_a_p99_of_events_without_an_acknowledgement_is_a_lower_bound(clock: VirtualClock) -> None:
    _, samples = watched(clock, LiveQueues(BEGAN_S), fails_at_s=clock.now() + 2.5)
    bounds = [each.total_p99_is_bound for each in of(samples)]
    assert bounds[:2] == [False, False]
    assert all(bounds[2:5])


def test_stages_are_marked_where_they_begin_and_the_last_one_ends(clock: VirtualClock) -> None:
    shown = LiveQueues(BEGAN_S - 3.0)
    watched(clock, shown)
    [workload] = shown.workloads.values()
    assert workload["stages"] == [(3.0, "100/s"), (5.0, "spike"), (7.0, "after"), (9.0, "50/s"), (13.0, "")]
    assert (workload["columns"]["api"], workload["event"]) == ("trigger", "100 B chat, reference")


def window(arrived: int, acknowledged: int, began_s: float) -> Slice:
    made = Slice(Workload.of(rate=50), 0)
    made.started_at, made.queue = began_s, QueueTally(arrived=arrived, acknowledged=acknowledged)
    return made


def test_short_slices_are_sampled_together() -> None:
    shown, name = LiveQueues(BEGAN_S), window(0, 0, 0).workload.name
    first, second = window(20, 20, BEGAN_S), window(40, 30, BEGAN_S + 5)
    first.duration_s = second.duration_s = LEAST_S * 0.75
    assert shown.sample(BEGAN_S + 1, [first]) == {}
    found = shown.sample(BEGAN_S + 6, [second])
    assert found[name][:2] == pytest.approx((60 / (1.5 * LEAST_S), 50 / (1.5 * LEAST_S)))


def test_what_comes_after_a_window_counts_in_the_next_sample() -> None:
    shown, name = LiveQueues(BEGAN_S), window(0, 0, 0).workload.name
    first = window(100, 90, BEGAN_S)
    assert shown.sample(BEGAN_S + 2, [first])[name][:2] == (50, 45)
    first.duration_s = 2.0
    assert first.queue is not None
    first.queue.acknowledged += 10
    assert shown.sample(BEGAN_S + 4, [window(100, 90, BEGAN_S + 2)])[name][:2] == (50, 50)


@pytest.mark.parametrize(("carries", "backlog"), [(True, 30), (False, 20)])
def test_a_window_of_a_free_run_takes_over_the_backlog_of_the_one_before(carries: bool, backlog: int) -> None:
    shown, name = LiveQueues(BEGAN_S, carries), window(0, 0, 0).workload.name
    shown.sample(BEGAN_S + 2, [window(100, 90, BEGAN_S)])
    # A sweep's slice begins with an empty queue.
    assert shown.sample(BEGAN_S + 4, [window(100, 80, BEGAN_S + 2)])[name].backlog == backlog


def test_a_source_that_counts_no_arrivals_is_counted_by_what_left_it_and_its_depth() -> None:
    shown, open_ = LiveQueues(BEGAN_S), window(0, 60, BEGAN_S)
    assert open_.queue is not None
    open_.queue.depths = [(0.0, 10), (1.0, 50)]
    assert shown.sample(BEGAN_S + 2, [open_])[open_.workload.name][:3] == (50, 30, 30)


def test_warm_ups_are_left_out() -> None:
    warm_up = Slice(Workload.of(rate=50), -1)
    assert LiveQueues(BEGAN_S).sample(BEGAN_S + 2, [warm_up]) == {}
