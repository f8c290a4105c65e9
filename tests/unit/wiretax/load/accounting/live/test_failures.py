"""Failures of a running test by kind: counted once, with text that can't act."""

from __future__ import annotations

from typing import get_args

import pytest
from saved import record, slice_

from wiretax.channels.answers import Kind
from wiretax.channels.workload import Workload
from wiretax.load.accounting.live.failures import MEANINGS, MOST_ROWS, LiveFailures
from wiretax.runs.record import RunRecord
from wiretax.wire.failures import Failure
from wiretax.wire.slices import Slice

TRIGGER, BATCH = Workload.of(), Workload.of(api="batch", batch_size=10)
LIMITED, LOST = Failure("rejected", 429, "slow down"), Failure("lost", 0, "reset by peer")


def failed(workload: Workload, round_: int, **_: object) -> Slice:
    made = slice_(workload, round_, 10)
    made.measured.failed[LIMITED] += 3
    made.boundary.failed[LOST] += 1
    return made


def test_failures_of_the_record_and_of_open_slices_are_counted_by_kind_over_all_workloads() -> None:
    shown = LiveFailures()
    # The warm-up's are among them, as in failures.parquet.
    shown.read(2.0, record(failed(TRIGGER, -1), failed(BATCH, 0)), [failed(TRIGGER, 1)])
    assert shown.total == 12
    assert [(row["kind"], row["status"], row["message"], row["count"]) for row in shown.rows()] == [
        ("rejected", 429, "slow down", 9),
        ("lost", 0, "reset by peer", 3),
    ]
    assert {*shown.rows()[0]["workloads"]} == {TRIGGER.name, BATCH.name}


def test_a_slice_that_is_recorded_later_is_not_counted_twice() -> None:
    shown, kept, open_ = LiveFailures(), RunRecord(), failed(TRIGGER, 0)
    shown.read(2.0, kept, [open_])
    kept.add(open_, 4)
    shown.read(4.0, kept)
    assert [(row["count"], row["last_s"]) for row in shown.rows()] == [(3, 2.0), (1, 2.0)]
    kept.add(failed(TRIGGER, 1), 4)
    shown.read(6.0, kept)
    assert [(row["count"], row["last_s"]) for row in shown.rows()] == [(6, 6.0), (2, 6.0)]


def test_a_servers_message_is_one_line_and_cannot_act() -> None:
    made = slice_(TRIGGER, 0, 1)
    made.measured.failed[Failure("rejected", 500, "a\n\x1b[2Jb\u202ec<script>")] += 1
    shown = LiveFailures()
    shown.read(2.0, record(made))
    assert shown.rows()[0]["message"] == r"a\n\x1b[2Jb\u202ec<script>"


def test_only_the_most_frequent_ones_are_rows() -> None:
    made = slice_(TRIGGER, 0, 1)
    for number in range(MOST_ROWS + 5):
        made.measured.failed[Failure("lost", 0, "x" * number)] += number + 1
    shown = LiveFailures()
    shown.read(2.0, record(made))
    assert (len(shown.rows()), shown.different) == (MOST_ROWS, MOST_ROWS + 5)
    assert shown.rows()[0]["count"] == MOST_ROWS + 5


@pytest.mark.parametrize("kind", sorted({*get_args(Kind)} - {"acknowledged"}))
def test_each_kind_of_answer_has_words(kind: str) -> None:
    assert kind in MEANINGS
