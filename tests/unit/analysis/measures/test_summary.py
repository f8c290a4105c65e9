"""A run's summary: layers, ratios, percentiles and the table, with values computed by hand."""

from __future__ import annotations

import math
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from saved import kernel, latency_frame, record, slice_, slices_frame

from analysis.measures.counts import totals
from analysis.measures.event_bytes import bytes_per_event
from analysis.measures.latency import percentiles
from analysis.measures.summary import summarise
from analysis.measures.throughput import paired_ratio, rates
from analysis.tables.run_table import render_summary
from wiretax.channels.workload import Workload
from wiretax.wire.histogram import Histogram

TRIGGER = Workload.of("trigger")
BATCH = Workload.of("batch", 10)
FAN_OUT = Workload.of("multi_trigger", channels=10)


def test_layers_add_up_to_the_bytes_sent_and_received() -> None:
    cost = bytes_per_event(slices_frame(record(slice_(TRIGGER, 0, 20), slice_(BATCH, 0, 20))))
    one = cost.loc[TRIGGER.name]
    assert one[["payload", "envelope", "auth_query", "request_line", "headers"]].tolist() == [100, 50, 195, 35, 70]
    assert one["sent"] == 450
    assert one["received"] == 72
    assert one["overhead_factor"] == 4.5
    ten = cost.loc[BATCH.name]
    assert ten["sent"] == (300 + 50 + 1000) / 10
    assert ten["head_per_request"] == 300


def test_segments_cost_their_headers_if_the_kernel_counted_them() -> None:
    counted = slice_(BATCH, 0, 20)
    counted.tcp = kernel(40, 30)
    cost = bytes_per_event(slices_frame(record(counted))).loc[BATCH.name]
    assert cost["tcp_ip"] == 40 * 52 / 200
    assert cost["response_tcp_ip"] == 30 * 52 / 200
    unknown = slice_(BATCH, 1, 20)
    unknown.tcp = None
    cost = bytes_per_event(slices_frame(record(counted, unknown))).loc[BATCH.name]
    assert math.isnan(cost["tcp_ip"])
    assert cost["sent"] == 135


def test_failed_calls_add_to_the_bytes_of_acknowledged_events() -> None:
    failing = slice_(TRIGGER, 0, 10, unfinished_sent_bytes=450)
    failing.measured.events = failing.measured.messages = 5
    cost = bytes_per_event(slices_frame(record(failing))).loc[TRIGGER.name]
    assert cost["sent"] == (10 * 450 + 450) / 5


def test_without_acknowledgements_the_cost_is_unknown_and_not_zero() -> None:
    silent = slice_(TRIGGER, 0, 0)
    assert math.isnan(bytes_per_event(slices_frame(record(silent))).at[TRIGGER.name, "sent"])


def test_workers_add_up_and_share_their_time() -> None:
    made = record()
    for worker in (0, 1):
        made.add(slice_(TRIGGER, 0, 100, duration_s=2.0), users=4, worker=worker)
    frame = slices_frame(made)
    assert totals(frame).at[0, "duration_s"] == 2.0
    assert rates(frame).at[0, TRIGGER.name] == 100


def test_a_ratio_is_computed_round_by_round_so_that_drift_cancels() -> None:
    # The machine halves its speed from round to round; the ratio is always 4.
    speeds = [1000 / 2**number for number in range(8)]
    slices = [slice_(each, number, int(8 * speed)) for number, speed in enumerate(speeds) for each in (TRIGGER,)]
    frame = slices_frame(record(*slices))
    slow = rates(frame)[TRIGGER.name]
    ratio = paired_ratio(4 * slow, slow)
    assert (ratio.estimate, ratio.low, ratio.high, ratio.rounds) == (4.0, 4.0, 4.0, 8)


def test_only_rounds_that_have_both_are_paired() -> None:
    of = pd.Series({0: 10.0, 1: 20.0, 2: np.nan, 3: 30.0, 5: 0.0})
    to = pd.Series({0: 5.0, 1: 10.0, 2: 7.0, 4: 1.0, 5: 3.0})
    ratio = paired_ratio(of, to)
    assert (ratio.estimate, ratio.rounds) == (2.0, 2)
    assert math.isnan(ratio.low)
    nothing = paired_ratio(of.iloc[:0], to)
    assert nothing.rounds == 0
    assert math.isnan(nothing.estimate)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99])
def test_percentiles_are_exact_to_half_a_percent(quantile: float) -> None:
    values = np.random.default_rng(3).lognormal(13, 0.7, 20_000).astype(int)
    histogram = Histogram()
    histogram.record(values.tolist())
    buckets = histogram.buckets()
    frame = pd.DataFrame(
        {
            "round": 0,
            "workload": "w",
            "bucket_low_s": buckets.lows_s(),
            "bucket_high_s": buckets.highs_s(),
            "count": buckets.counts,
        }
    )
    exact = np.quantile(values, quantile, method="inverted_cdf") / 1e9
    assert percentiles(frame, {"it": quantile}).at["w", "it_s"] == pytest.approx(exact, rel=0.005)


def test_percentiles_merge_rounds() -> None:
    made = record(slice_(TRIGGER, 0, 490), slice_(TRIGGER, 1, 490))
    slow = slice_(TRIGGER, 2, 0)
    slow.measured.latency.record([9_000_000] * 20)
    made.add(slow, 4)
    found = percentiles(latency_frame(made)).loc[TRIGGER.name]
    assert found["p50_s"] == pytest.approx(0.001, rel=0.01)
    assert found["p99_s"] == pytest.approx(0.009, rel=0.01)
    assert found["samples"] == 1000


def full_summary() -> pd.DataFrame:
    counts = {TRIGGER: 1000, BATCH: 600, FAN_OUT: 500}
    made = record(*(slice_(each, number, count) for number in range(6) for each, count in counts.items()))
    return summarise(slices_frame(made), latency_frame(made))


def test_the_summary_compares_with_the_trigger_by_message() -> None:
    table = full_summary().set_index("api")
    assert list(table.index) == ["trigger", "batch", "multi_trigger"]
    assert math.isnan(table.at["trigger", "gain"])
    assert table.at["batch", "events_per_second"] == 6000
    assert table.at["batch", "gain"] == 6.0
    assert table.at["batch", "saving"] == pytest.approx(1 - 135 / 450)
    # One event to ten channels replaces ten triggers: 450 B per call for ten messages.
    assert table.at["multi_trigger", "events_per_second"] == 500
    assert table.at["multi_trigger", "gain"] == 5.0
    assert table.at["multi_trigger", "saving"] == pytest.approx(1 - 45 / 450)


def test_without_a_matching_trigger_there_is_no_comparison() -> None:
    other = Workload.of("trigger", payload_kind="ascii")
    made = record(*(slice_(each, number, 10) for number in range(6) for each in (other, BATCH)))
    table = summarise(slices_frame(made), latency_frame(made)).set_index("api")
    assert table.at["batch", "baseline"] is None or pd.isna(table.at["batch", "baseline"])
    assert math.isnan(table.at["batch", "gain"])


def lines_of(table: object, width: int) -> list[str]:
    console = Console(width=width, record=True, file=StringIO(), highlight=False)
    console.print(table)
    return [line.rstrip() for line in console.export_text().splitlines()]


PRINTED = """\
                                      sent  received    cable    head  overhead  saving               gain   p50   p99
payload  sent as         events/s  B/event   B/event  B/event  B/call         x       %        x [95 % CI]    ms    ms
  100 B  trigger            1,000    450.0      72.0    522.0     300      4.50       -                  -  1.00  1.00
         batch of 10        6,000    135.0       7.2    142.2     300      1.35    70.0  6.00 [6.00, 6.00]  1.00  1.00
         to 10 channels       500    450.0      72.0    522.0     300      4.50    90.0  5.00 [5.00, 5.00]  1.00  1.00
"""  # noqa: E501 - as wide as it is printed


def test_the_printed_table() -> None:
    assert lines_of(render_summary(full_summary(), 120), 120) == PRINTED.splitlines()


@pytest.mark.parametrize("width", [80, 90, 100, 110, 200])
def test_no_line_is_cut_at_common_widths(width: int) -> None:
    lines = lines_of(render_summary(full_summary(), width), width)
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)
    assert "6.00 [6.00, 6.00]" in "\n".join(lines)
