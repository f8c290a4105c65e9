"""The figure of a rate that changes: its title says how long the recovery took."""

from __future__ import annotations

from pathlib import Path

from queued import META, Drain, run_of

from analysis.figures import Drawing, queues_over_time
from analysis.figures.drawing import Absent
from analysis.tables.rate_stage_table import rate_stages, spikes_in_brief
from wiretax.channels.workload import Workload
from wiretax.channels.workload.rate_stages import of_text
from wiretax.runs.reader import Run, as_read
from wiretax.runs.record import RunRecord
from wiretax.wire.slices import Slice

TEXT = "100/s for 2s, spike: 1000/s for 1s, after: 100/s for {}s"
# How long an event takes that was meant to arrive in each second: one in the last one that is normal.
TOOK_S = (0.01, 0.01, 2.0, 1.0, 0.5, 0.01, 0.01, 0.01)


def spiky(seconds: int) -> Run:
    """A run in which events of the first two seconds after the spike are late, and then as before it."""
    stages = of_text(TEXT.format(seconds))
    sent = Workload.of(rate=stages.mean, stages=TEXT.format(seconds), publishers=1)
    record = RunRecord()
    slices = [Slice(sent, 0)]
    for _ in stages[1:]:
        slices.append(slices[-1].next_stage())
    tally = slices[0].queue
    assert tally is not None
    for second in range(3 + seconds):
        for part in range(10):
            intended_s = second + 0.05 + part / 10
            for own, times in tally.by_stage([intended_s]):
                own.arrived, own.intended = own.arrived + 1, own.intended + 1
                own.came_late(times, intended_s)
                own.delivered(times, intended_s, intended_s + TOOK_S[second])
                assert own.series is not None
                own.series.look(intended_s, 0)
    for slice_, stage in zip(slices, stages, strict=True):
        assert slice_.queue is not None
        slice_.queue.normal_depth, slice_.queue.depths = 10.0, [(0.0, 0)]
        slice_.close()
        slice_.settle()
        slice_.duration_s = stage.seconds
        record.add(slice_, 1)
    return as_read(record, Path("by-hand"), META)


def test_the_title_says_how_long_the_recovery_took() -> None:
    drawing = queues_over_time(spiky(5))
    assert isinstance(drawing, Drawing)
    assert drawing.title.startswith("Recovery after the spike: trigger in 2")
    assert len(drawing.figure.axes) == 3


def test_a_queue_that_has_not_recovered_has_a_lower_bound() -> None:
    drawing = queues_over_time(spiky(2))
    assert isinstance(drawing, Drawing)
    assert drawing.title.startswith("Recovery after the spike: trigger in more than 2")


def test_the_page_has_a_row_per_stage_and_the_recovery_in_a_sentence() -> None:
    run = spiky(5)
    assert [row[1:3] for row in rate_stages(run).rows] == [
        ("1", "100/s"),
        ("2 spike", "1,000/s"),
        ("3 after", "100/s"),
    ]
    assert "Trigger recovered in 2" in str(spikes_in_brief(run))


def test_a_run_without_such_a_rate_names_the_plan_that_has_one() -> None:
    absent = queues_over_time(run_of(Drain(Workload.of(rate=100.0, publishers=1))))
    assert isinstance(absent, Absent)
    assert "wiretax run spike" in str(absent)
