"""Deliveries of a running test over time: by workload, or together while a free run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from wiretax.channels.workload import Workload
from wiretax.load.accounting.live.deliveries import NOTHING, TOGETHER, Incoming, LiveDeliveries
from wiretax.runs.record import RunRecord, workload_columns
from wiretax.wire.histogram import Histogram

WORKLOAD = Workload.of(subscribers=2)
SECONDS = 2.0


def add(record: RunRecord, round_: int, delays_s: Sequence[float], lost: int = 0) -> None:
    total = Histogram()
    total.record([round(each * 1e9) for each in delays_s])
    delivered = len(delays_s)
    row: dict[str, Any] = {
        **workload_columns(WORKLOAD),
        "round": round_,
        "stage": 0,
        "subscribers": 2,
        "duration_s": SECONDS,
        "missed": 0,
        "duplicated": 0,
        "acknowledged": (delivered + lost) // 2,
        "delivered": delivered,
        "lost": lost,
    }
    record.add_delivery(row, {"total": total})


def test_a_sample_has_what_came_since_the_one_before() -> None:
    shown, record = LiveDeliveries(), RunRecord()
    add(record, 0, [0.01] * 100)
    first = shown.sample(record, NOTHING, 2.0)[WORKLOAD.name]
    assert first[:2] == (50.0, 0.0)
    assert first[2:] == pytest.approx((0.01, 0.01), rel=0.01)
    assert shown.sample(record, NOTHING, 2.0) == {}
    add(record, 1, [0.5] * 30, lost=10)
    second = shown.sample(record, NOTHING, 2.0)[WORKLOAD.name]
    assert second[:2] == (15.0, 5.0)
    # 30 deliveries are enough for a p50, not for a p99.
    assert second.delay_p50_s == pytest.approx(0.5, rel=0.01)
    assert second.delay_p99_s is None
    (row,) = shown.rows()
    assert (row["delivered"], row["lost"], row["acknowledged"], row["subscribers"]) == (130, 10, 70, 2)
    assert (row["event"], row["p50_s"]) == ("100 B chat, reference", pytest.approx(0.01, rel=0.01))


def test_deliveries_of_a_free_run_are_seen_as_they_arrive_and_told_apart_at_its_end() -> None:
    shown, record = LiveDeliveries(), RunRecord()
    assert shown.sample(record, NOTHING, 2.0) == {}
    found = shown.sample(record, Incoming(2, [0.02] * 100), 2.0)
    assert found[TOGETHER][:2] == (50.0, None)
    assert found[TOGETHER].delay_p99_s == pytest.approx(0.02, rel=0.01)
    # Nothing came, and the subscribers are there.
    assert shown.sample(record, Incoming(2, []), 2.0)[TOGETHER][:2] == (0.0, None)
    (row,) = shown.rows()
    assert (row["sent_as"], row["event"], row["delivered"], row["lost"]) == (TOGETHER, None, 100, None)
    add(record, 0, [0.02] * 100, lost=4)
    # Its row is of the whole run, and no sample.
    assert shown.sample(record, NOTHING, 2.0) == {}
    assert [(each["name"], each["lost"]) for each in shown.rows()] == [(TOGETHER, None), (WORKLOAD.name, 4)]
