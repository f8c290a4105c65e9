"""Counts by round: added up at once as row by row, exactly, and in little memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from saved import Costs, kernel, made_up, record, slice_, slices_frame

from analysis.gates.measured.metrics import METRICS
from analysis.gates.measured.run_counts import Measured
from analysis.measures.counts import SliceCounts
from wiretax.channels.workload import Workload

SENT = [
    Workload.of(),
    Workload.of("batch", 5),
    Workload.of("batch", 10),
    Workload.of("multi_trigger", channels=10),
]


def of_two_workers() -> pd.DataFrame:
    """Rounds in no order, the same slices of two workers, and a slice in which the kernel did not count."""
    rows = []
    for number in (3, 0, 2, 1):
        for worker in (0, 1):
            for each in SENT:
                made = slice_(each, number, 100 + 7 * number + worker, duration_s=0.1 * (number + worker + 1))
                made.tcp = None if (number, worker) == (2, 1) else kernel(211, 113)
                rows.append((made, worker))
    saved = record()
    for made, worker in rows:
        saved.add(made, 4, worker)
    return slices_frame(saved)


def test_a_frame_adds_up_to_the_same_as_its_rows() -> None:
    frame = of_two_workers()
    at_once, by_row = SliceCounts.of(frame), SliceCounts(frame.to_dict("records"))
    assert at_once.workloads == by_row.workloads
    for name in at_once.workloads:
        assert at_once.rounds(name) == by_row.rounds(name) == [0, 1, 2, 3]
        for round_ in (None, 0, 1, 2, 3):
            assert at_once.counts(name, round_) == by_row.counts(name, round_)
        assert at_once.counts(name, 2)["segments_out"] is None
        assert at_once.counts(name, 1)["segments_out"] == 422
        # Workers send at the same time, so the longer duration counts.
        assert at_once.counts(name, 1)["duration_s"] == pytest.approx(0.3)
        assert at_once.counts(name)["requests"] == sum(2 * (100 + 7 * each) + 1 for each in range(4))


def test_a_row_added_to_a_frames_counts_changes_neither_the_frame_nor_other_workloads() -> None:
    frame = of_two_workers()
    before, after = SliceCounts.of(frame), SliceCounts.of(frame)
    name = SENT[0].name
    known, row = dict(after.counts(name)), frame.to_dict("records")[0]
    assert row["workload"] == name
    after.add({**row, "round": -1})
    assert after.counts(name)["requests"] == known["requests"] + row["requests"]
    assert after.rounds(name) == [-1, 0, 1, 2, 3]
    pd.testing.assert_frame_equal(frame, of_two_workers())
    assert before.counts(name) == known
    assert before.rounds(name) == [0, 1, 2, 3]
    for other in SENT[1:]:
        assert after.counts(other.name) == before.counts(other.name)
        assert after.rounds(other.name) == [0, 1, 2, 3]


@pytest.mark.parametrize("metric", [name for name, each in METRICS.items() if each.quantile is None])
def test_a_metric_of_a_round_is_that_of_a_run_of_this_round(metric: str) -> None:
    frame = made_up(Costs(), SENT, rounds=6, spread=0.1)
    # Sizes that differ from round to round, so that fractions do not shorten.
    frame = frame.assign(body_bytes=frame["body_bytes"] + 13 * np.arange(len(frame)) ** 2)
    for column in ("segments_out", "segments_in", "tcp_ip_sent_bytes", "tcp_retransmitted_bytes"):
        frame[column] = np.where(frame["round"] == 4, np.nan, 7 * frame["requests"] + frame["round"])
    measured = Measured(frame, pd.DataFrame())
    for name in measured.workloads:
        alone = {
            number: METRICS[metric].whole(Measured(rows, pd.DataFrame()), name)
            for number, rows in frame.groupby("round")
        }
        expected = {number: float(value) for number, value in alone.items() if value is not None}
        assert METRICS[metric].by_round(measured, name) == expected


def test_a_row_takes_half_a_kilobyte_at_any_number_of_rounds() -> None:
    def size(rounds: int) -> float:
        few = made_up(Costs(), SENT, rounds=1)
        frame = pd.concat([few] * rounds, ignore_index=True)
        frame["round"] = np.arange(len(frame)) // len(few)
        tracemalloc.start()
        try:
            counted = SliceCounts.of(frame)
            counted.table()
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(counted.workloads) == len(SENT)
        return held / len(frame)

    # A dictionary per row took five times as much.
    assert size(1_000) < 512
    assert size(4_000) < 512
