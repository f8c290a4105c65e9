"""What became of events, by workload, and how late they were."""

from __future__ import annotations

import numpy as np
import pytest
from counted_deliveries import LAYERS, counted, delivered_run

from analysis.measures.deliveries import summarise_deliveries
from wiretax.channels.workload import Workload
from wiretax.runs.mode import OBSERVED

TRIGGER = Workload.of(rate=500.0, subscribers=1)
BATCH = Workload.of("batch", 10, rate=500.0, linger_s=0.02, subscribers=1)


def test_a_run_without_subscribers_has_no_row() -> None:
    assert summarise_deliveries(delivered_run()).empty


def test_counts_are_summed_over_rounds_and_times_are_of_all_rounds() -> None:
    slices = [
        counted(TRIGGER, 0, 30, total_ms=1.0),
        counted(TRIGGER, 1, 10, total_ms=3.0, lost=2, sent=12, acknowledged=12),
    ]
    [row] = summarise_deliveries(delivered_run(*slices)).to_dict("records")
    assert (row["rounds"], row["sent"], row["delivered"], row["lost"], row["expected"]) == (2, 42, 40, 2, 42)
    assert row["adds_up"]
    assert row["total_p50_s"] == pytest.approx(1e-3, rel=0.01)
    assert row["total_max_s"] == pytest.approx(3e-3, rel=0.01)
    assert np.isnan(row["total_p99_s"])  # 1,000 deliveries are needed
    assert row["after_p50_s"] == pytest.approx(1e-4, rel=0.01)
    assert (row["frame_header"], row["envelope"], row["payload"]) == tuple(
        LAYERS[name] for name in ("frame_header", "envelope", "payload")
    )


@pytest.mark.parametrize(("missing", "adds_up"), [(0, True), (1, False)])
def test_whether_events_and_deliveries_add_up(missing: int, adds_up: bool) -> None:
    run = delivered_run(counted(TRIGGER, 0, 30, expected=30 + missing))
    assert summarise_deliveries(run)["adds_up"].tolist() == [adds_up]


def test_an_event_may_arrive_before_its_response() -> None:
    run = delivered_run(counted(TRIGGER, 0, 30, times_ms={"before": 0.4, "after": 0.1}))
    [row] = summarise_deliveries(run).to_dict("records")
    assert row["early"] == 0.5
    assert row["after_p50_s"] < 0


def test_the_delay_of_a_batch_is_paired_with_the_triggers_round_by_round() -> None:
    delays_ms = [(1.0, 5.0), (2.0, 10.0), (1.5, 7.5), (1.2, 6.0), (1.1, 5.5), (1.8, 9.0)]
    slices = []
    for round_, (alone, batched) in enumerate(delays_ms):
        slices += [counted(TRIGGER, round_, 30, total_ms=alone), counted(BATCH, round_, 30, total_ms=batched)]
    trigger, batch = summarise_deliveries(delivered_run(*slices)).to_dict("records")
    assert np.isnan(trigger["delay_ratio"])
    assert batch["delay_ratio"] == pytest.approx(5.0, rel=0.02)
    assert batch["delay_ratio_low"] <= batch["delay_ratio"] <= batch["delay_ratio_high"]


def test_closed_loops_and_other_arrivals_have_no_ratio() -> None:
    closed = [Workload.of(subscribers=1), Workload.of("batch", 10, subscribers=1)]
    other = BATCH.replace(rate=50.0)
    slices = [counted(each, round_, 30) for round_ in range(4) for each in (*closed, TRIGGER, other)]
    assert summarise_deliveries(delivered_run(*slices))["delay_ratio"].isna().all()


def test_kinds_of_call_of_an_observed_publisher_are_rows_whatever_their_payload() -> None:
    observed = Workload.of(payload_kind=OBSERVED)
    small, large = (observed.replace(payload_bytes=size) for size in (20, 21))
    encrypted = small.replace(encrypted=True)
    slices = [
        counted(large, 0, 20, total_ms=4.0, alone=False),
        counted(encrypted, 0, 5, alone=False),
        counted(small, 0, 40, total_ms=1.0, alone=False),
    ]
    table = summarise_deliveries(delivered_run(*slices, mode="observe"))
    assert table["encrypted"].tolist() == [False, True]
    assert table["delivered"].tolist() == [60, 5]
    assert table["total_p50_s"].iloc[0] == pytest.approx(1e-3, rel=0.01)
    assert table["total_max_s"].iloc[0] == pytest.approx(4e-3, rel=0.01)
    # Bytes of shared connections belong to no row.
    assert table["cable"].isna().all()
