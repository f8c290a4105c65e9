"""A queue whose rate changes, in virtual time: each event counts in the stage it was meant to arrive in."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import Any

import gevent
import pytest
from queued import META
from timed_caller import TimedCaller
from virtual_clock import VirtualClock

from analysis.measures.queues import summarise_queues
from analysis.measures.rate_stages import recoveries, summarise_rate_stages, summarise_series
from wiretax.channels.bodies.events import Event
from wiretax.channels.workload import Workload
from wiretax.channels.workload.rate_stages import of_text
from wiretax.queue.slice_queue import SliceQueue
from wiretax.queue.sources.generated import BOUND, GeneratedSource
from wiretax.queue.sources.schedule import staged_times
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord
from wiretax.wire.queue_tally import QueueTally
from wiretax.wire.slices import Slice

EVENT = Event("my-event", ("my-channel",), "x")
# One publisher makes 200 calls a second. In the spike 240 events stay in the queue, and it drains 100 a second.
SPIKE = "100/s for 1s, spike: 1000/s for 0.3s, after: 100/s for 5s"
CALL_S = 0.005


def workload(text: str) -> Workload:
    return Workload.of(rate=of_text(text).mean, stages=text, arrivals="constant", publishers=1)


def measured(
    clock: VirtualClock, text: str, fails_at_s: float = 1e9, bound: int = BOUND
) -> tuple[list[Slice], list[TimedCaller]]:
    """The slices of all stages, and the callers of their publisher."""
    sent, stages = workload(text), of_text(text)
    slices, callers = [Slice(sent, 0)], list[TimedCaller]()
    times = staged_times("constant", stages, 1)
    queue = SliceQueue(slices[0], GeneratedSource(cycle([EVENT]), times, stages.mean, bound, clock), clock)

    def publish() -> None:
        assert queue.admit("a user")
        # A user comes back for each stage.
        while slices[-1].open:
            callers.append(TimedCaller(clock, CALL_S, fails_at_s))
            caller: Any = callers[-1]
            queue.drain(caller, slices[-1])

    publisher = gevent.spawn(publish)
    began_s = clock.now()
    for number, end_s in enumerate(stages.ends_s):
        if number:
            slices.append(slices[-1].next_stage())
        clock.sleep(began_s + end_s - clock.now())
        of_pass = slices[0].queue and slices[0].queue.of_pass
        if of_pass is not None and of_pass.full:
            break
    slices[-1].close()
    with gevent.Timeout(20.0):
        publisher.join()
    for each in slices:
        each.settle()
    return slices, callers


def tallies(slices: list[Slice]) -> list[QueueTally]:
    return [each.queue for each in slices if each.queue is not None]


def run_of(slices: list[Slice], text: str) -> Run:
    record = RunRecord()
    for slice_, stage in zip(slices, of_text(text), strict=True):
        slice_.duration_s = stage.seconds
        record.add(slice_, 1)
    return as_read(record, Path("by-hand"), META)


def test_each_event_counts_in_the_stage_it_was_meant_to_arrive_in(clock: VirtualClock) -> None:
    slices, callers = measured(clock, SPIKE)
    found = tallies(slices)
    assert [tally.arrived for tally in found] == [100, 300, 500]
    assert [tally.intended for tally in found] == [100, 300, 500]
    assert [tally.acknowledged for tally in found] == [100, 300, 500]
    for tally in found:
        assert [times.total for times in tally.times.values()] == [tally.arrived] * 3
    # Calls count where they were made: most events of the spike are sent after it.
    assert [sum(caller.sent) for caller in callers] == pytest.approx([100, 60, 740], abs=2)


def test_stages_are_not_drained_between_and_only_a_growing_stage_is_overloaded(clock: VirtualClock) -> None:
    low, spike, after = tallies(measured(clock, SPIKE)[0])
    assert [low.left, spike.left, after.left] == pytest.approx([0, 240, 0], abs=2)
    assert spike.overloaded.startswith("the queue grew to ")
    assert (low.overloaded, after.overloaded) == ("", "")
    assert [each.depths[-1] for each in (low, spike, after)] == [
        (pytest.approx(1.0), low.left),
        (pytest.approx(0.3), spike.left),
        (pytest.approx(5.0), after.left),
    ]


def test_a_queue_recovers_once_its_backlog_is_gone(clock: VirtualClock) -> None:
    run = run_of(measured(clock, SPIKE)[0], SPIKE)
    [found] = recoveries(run).to_dict("records")
    bin_s = run.series["bin_s"].iloc[0]
    assert found["spike_s"] == 1.3
    assert not found["recovery_s_is_lower_bound"]
    assert found["recovery_s"] == pytest.approx(2.4, abs=2 * bin_s)


def test_a_queue_that_has_not_recovered_at_the_end_says_so(clock: VirtualClock) -> None:
    text = SPIKE.replace("5s", "2s")
    [found] = recoveries(run_of(measured(clock, text)[0], text)).to_dict("records")
    assert found["recovery_s_is_lower_bound"]
    assert found["recovery_s"] == pytest.approx(2.0)


def test_the_table_of_stages_and_of_the_whole_pass(clock: VirtualClock) -> None:
    run = run_of(measured(clock, SPIKE)[0], SPIKE)
    stages = summarise_rate_stages(run)
    assert [*stages["name"]] == ["", "spike", "after"]
    assert [*stages["arriving"]] == [100, 1000, 100]
    assert [*stages["overloaded"]] == [0, 1, 0]
    assert [*stages["total_samples"]] == [100, 300, 500]
    assert stages["total_p50_s"][0] == pytest.approx(CALL_S, rel=0.02)
    [whole] = summarise_queues(run.queued, run.queue, run.waits).to_dict("records")
    assert (whole["arrived"], whole["total_samples"], whole["rounds"]) == (900, 900, 1)
    assert whole["depth_max"] == stages["depth_max"].max()
    # The queue became shorter again, so its times are no lower bounds, and nothing is left.
    assert not whole["is_overloaded"]
    assert whole["left"] <= 2


def test_a_series_has_every_event_once_and_the_queue_as_it_was(clock: VirtualClock) -> None:
    run = run_of(measured(clock, SPIKE)[0], SPIKE)
    series = run.series
    assert series[["intended", "arrived", "acknowledged"]].sum().tolist() == [900, 900, 900]
    assert series["unacknowledged"].sum() == 0
    table = summarise_series(run).set_index("t_s")
    # The backlog is deepest where the spike ends, and latency is highest for the events that arrive then.
    assert table["depth"].idxmax() == pytest.approx(1.3, abs=0.21)
    assert table["p99_s"].idxmax() == pytest.approx(1.2, abs=0.21)
    assert table["p99_s"].max() == pytest.approx(1.2, abs=0.1)


def test_calls_that_fail_lose_their_events_in_the_stage_they_belong_to(clock: VirtualClock) -> None:
    slices, _ = measured(clock, SPIKE, fails_at_s=1.0)
    low, spike, after = tallies(slices)
    assert low.lost <= 1
    assert (spike.lost, after.lost) == pytest.approx((300, 500), abs=1)
    for tally in (low, spike, after):
        assert tally.acknowledged + tally.lost + tally.unsent == tally.arrived
    assert run_of(slices, SPIKE).series["unacknowledged"].sum() == low.lost + spike.lost + after.lost


def test_only_the_bound_of_a_queue_ends_its_stages(clock: VirtualClock) -> None:
    slices, _ = measured(clock, SPIKE, bound=150)
    low, spike = tallies(slices)
    assert low.overloaded == ""
    assert spike.overloaded == "the queue reached its bound of 150 events"
    assert 150 < spike.arrived < 300
    assert spike.arrived < spike.intended <= spike.arrived + 2
    assert spike.acknowledged + spike.unsent == spike.arrived
