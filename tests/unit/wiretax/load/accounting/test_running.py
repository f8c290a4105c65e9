"""What is updated round by round equals what is computed from all rounds."""

from __future__ import annotations

from dataclasses import astuple
from random import Random
from typing import Any

import pytest
from saved import slice_

from analysis.measures.counts import SliceCounts
from analysis.measures.round_sums import STEADY, SUMMED
from analysis.measures.throughput import NO_RATIO, ratio_by_round
from wiretax.channels.workload import Workload
from wiretax.load.accounting.running import RunningCounts, RunningRatio
from wiretax.runs.record import slice_row
from wiretax.wire.counters import TcpCounters

TRIGGER, BATCH = Workload.of(), Workload.of(api="batch", batch_size=10)
PACE = 1.02
FAN = Workload.of(api="multi_trigger", channels=10)


def drawn(random: Random) -> list[dict[str, Any]]:
    """Rows of rounds that some workloads miss, that two workers report, some late, and of which some are empty."""
    rows = []
    for number in range(60):
        for workload in (BATCH, TRIGGER, FAN):
            for worker in (0, 1):
                made = slice_(workload, number, random.choice((0, 20, 30, 47)), random.choice((0.0, 0.5, 0.6)))
                if random.random() < 0.9:
                    made.tcp = TcpCounters(100, 50, 0, 2, 1, 104, 52)
                if random.random() < 0.8:
                    row = slice_row(made, 4, worker)
                    rows.append({**row, STEADY: row["requests"] * PACE})
    for place in range(0, len(rows) - 5, 5):
        rows[place], rows[place + 4] = rows[place + 4], rows[place]
    return rows


@pytest.mark.parametrize("seed", range(5))
def test_sums_and_gains_are_those_of_all_rounds_at_any_time(seed: int) -> None:
    random = Random(seed)
    running, whole = RunningCounts(compares=True), SliceCounts()
    for row in drawn(random):
        running.add(row)
        whole.add(row)
        if random.random() > 0.1:
            continue
        counted = running.with_rows([])
        running.update_gains(counted.triggers)
        assert set(counted.workloads) == set(whole.workloads)
        for name in whole.workloads:
            own, all_rounds = counted.counts(name), whole.counts(name)
            assert own["duration_s"] == pytest.approx(all_rounds["duration_s"])
            columns = [column for column in SUMMED if column != STEADY]
            assert {column: own[column] for column in columns} == {
                column: all_rounds[column] for column in columns
            }
            assert running.events(name) == pytest.approx(own["events"] * PACE)
            trigger = whole.triggers.get(name)
            if trigger is not None and trigger != name:
                expected = ratio_by_round(whole.rates(name), whole.rates(trigger))
                found = running.gain(name, trigger)
                assert astuple(found) == pytest.approx(astuple(expected), nan_ok=True)


def test_rows_that_are_not_settled_are_in_no_gain_and_in_no_later_sum() -> None:
    running = RunningCounts(compares=True)
    for number in range(5):
        for workload in (TRIGGER, BATCH):
            running.add(slice_row(slice_(workload, number, 10), 4, 0))
    still_open = {**slice_row(slice_(BATCH, 5, 70), 4, 0), "round": -1}
    assert running.with_rows([still_open]).counts(BATCH.name)["requests"] == 120
    running.update_gains({BATCH.name: TRIGGER.name})
    assert running.gain(BATCH.name, TRIGGER.name).rounds == 5
    assert running.with_rows([]).counts(BATCH.name)["requests"] == 50
    assert running.gain(TRIGGER.name, None) is NO_RATIO


def test_a_round_whose_rate_changes_counts_once() -> None:
    ratio = RunningRatio()
    for number in range(7):
        ratio.set((number, 0), number + 1.0, 1.0)
    ratio.set((0, 0), 0.0, 1.0)
    ratio.set((6, 0), 3.0, 1.0)
    expected = ratio_by_round(dict(enumerate((0, 2, 3, 4, 5, 6, 3))), dict.fromkeys(range(7), 1.0))
    assert ratio.ratio() == expected
    assert RunningRatio().ratio() is NO_RATIO
