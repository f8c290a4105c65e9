"""Locust's own statistics: every call once, sub-millisecond times as they are, rates of slices, files complete."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from time import time

import gevent
import locust_unpatched  # noqa: F401
import pytest
from locust import stats
from locust.env import Environment
from saved import slice_

from wiretax.channels.workload import Workload
from wiretax.load.client.locust_stats import CompleteCsvWriter, FineEntry, bucket_response_time, finish_csv, shown
from wiretax.load.client.locust_stats import use_fine_statistics as use
from wiretax.load.client.stats_feed import METHOD, StatsFeed
from wiretax.runs.record import RunRecord
from wiretax.wire.failures import MOST_TEXTS, OTHER, Failure
from wiretax.wire.slices import Slice

TRIGGER, BATCH = Workload.of(), Workload.of(api="batch", batch_size=10)
TIMEOUT = Failure("timeout", 0, "no answer within 10 s")
MS = 1_000_000


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """One whose statistics are the fine ones, as for users of the scenarios."""
    for name in ("bucket_response_time", "StatsEntry", "StatsCSVFileWriter"):
        monkeypatch.setattr(stats, name, getattr(stats, name))
    use()
    made = Environment()
    made.create_local_runner()
    return made


@pytest.mark.parametrize(
    ("milliseconds", "key"),
    [(0.0, 0), (0.00123, 0.0012), (0.04826, 0.0483), (0.4826, 0.483), (4.826, 4.83), (48.26, 48.3), (482.6, 483)],
)
def test_response_times_keep_three_digits(milliseconds: float, key: float) -> None:
    assert bucket_response_time(milliseconds) == key


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(None, "0"), (0.04826, "0.0483"), (48.26, "48.3"), (10_482.6, "10500")]
)
def test_tables_show_them(milliseconds: float | None, text: str) -> None:
    assert shown(milliseconds) == text


def test_times_below_a_millisecond_are_those_of_wiretax(environment: Environment) -> None:
    made = Slice(TRIGGER, 0)
    made.measured.requests = 1000
    made.latencies_ns.extend(range(1_000, 1_001_000, 1_000))  # 1 to 1,000 us
    made.settle()
    # What the chart shows is what came since ten seconds ago.
    environment.stats.total._cache_response_times(int(time()) - 10)  # type: ignore[no-untyped-call]
    StatsFeed(environment).tell(made)
    entry = environment.stats.get(TRIGGER.name, METHOD)
    for quantile in (0.5, 0.95, 0.99):
        expected_ms = made.measured.latency.percentile_s(quantile) * 1e3
        assert entry.get_response_time_percentile(quantile) == pytest.approx(expected_ms, rel=0.02)
    assert entry.median_response_time == pytest.approx(0.5, rel=0.02)
    assert environment.stats.total.get_current_response_time_percentile(0.5) == pytest.approx(0.5, rel=0.02)
    row = entry.to_dict()
    assert (row["min_response_time"], row["max_response_time"]) == pytest.approx((0.001, 1.0), rel=0.01)
    line = entry.to_string(current=False)
    assert line.split()[:2] == ["POST", TRIGGER.name]
    assert [float(text) for text in line.replace("|", " ").split()[4:8]] == pytest.approx(
        [0.5, 0.001, 1.0, 0.5], rel=0.02
    )
    _, _, p50, *_, longest, requests = entry.percentile().split()
    assert (float(p50), float(longest), int(requests)) == pytest.approx((0.5, 1.0, 1000), rel=0.02)


def test_each_call_is_told_once_however_late_it_ends_and_however_it_fails(environment: Environment) -> None:
    feed, made = StatsFeed(environment), slice_(TRIGGER, 0, 100)
    feed.tell(made)
    # Ended after the slice; timed out in it; rejected; cut off by the end of its user.
    made.boundary.requests += 1
    made.boundary.response_body_bytes += 2
    made.boundary.latency.record([400 * MS])
    for tally, failure, age_ns in (
        (made.measured, TIMEOUT, 10_000 * MS),
        (made.boundary, Failure("rejected", 403, "no"), 2 * MS),
    ):
        tally.latency.record_censored([age_ns])
        tally.failures += 1
        tally.failed[failure] += 1
    made.measured.unfinished += 1
    made.boundary.requests += 1
    made.boundary.response_body_bytes += 2
    made.boundary.unfinished += 1
    made.boundary.latency.record_censored([5 * MS])
    feed.tell(made)
    feed.tell(made)
    for entry in (environment.stats.get(TRIGGER.name, METHOD), environment.stats.total):
        calls = sum(each.requests + each.unfinished for each in (made.measured, made.boundary))
        assert entry.num_requests == calls == 104
        assert entry.num_failures == made.measured.failures + made.boundary.failures == 2
        # All have a time, which of those without an acknowledgement is how old they were.
        assert entry.num_none_requests == 0
        assert sum(entry.response_times.values()) == 104
        assert entry.get_response_time_percentile(1.0) == pytest.approx(10_000, rel=0.01)
        assert entry.get_response_time_percentile(0.985) == pytest.approx(400, rel=0.01)
        assert entry.total_content_length == 102 * 2
    errors = {each.error.args[0]: each for each in environment.stats.errors.values()}  # type: ignore[union-attr]
    assert {name: each.occurrences for name, each in errors.items()} == {
        "timeout: no answer within 10 s": 1,
        "rejected 403: no": 1,
    }
    assert all(each.first_seen and each.last_seen for each in errors.values())


def test_locust_keeps_a_limited_number_of_error_texts_however_many_slices_have_new_ones(
    environment: Environment,
) -> None:
    feed, record = StatsFeed(environment), RunRecord()
    for part in range(20):
        made = slice_(TRIGGER, part, 100)
        for number in range(100):
            made.measured.failed.add(Failure("rejected", 400, chr(0x100 + part) * number))
        feed.tell(made)
        record.add(made, 1)
    assert len(environment.stats.errors) == MOST_TEXTS + 1
    assert sum(each.occurrences for each in environment.stats.errors.values()) == 20 * 100
    rows = record.failure_rows()
    assert len(rows) == MOST_TEXTS + 1
    assert sum(row["count"] for row in rows) == 20 * 100
    assert rows[0] == {"workload": TRIGGER.name, **Failure("rejected", 400, OTHER)._asdict(), "count": 1881}


def test_the_average_size_is_right_before_a_users_turn_is_counted(environment: Environment) -> None:
    feed, made = StatsFeed(environment), slice_(TRIGGER, 0, 100)
    made.measured.latency.record([MS] * 50)  # under way: noted, and counted at the end of the turn
    feed.tell(made)
    assert environment.stats.total.avg_content_length == 2
    made.measured.requests += 50
    made.measured.response_body_bytes += 50 * 2
    feed.tell(made)
    assert environment.stats.total.total_content_length == 150 * 2


def test_what_ends_after_a_reset_and_began_before_it_is_not_told(environment: Environment) -> None:
    feed, made = StatsFeed(environment), slice_(TRIGGER, 0, 100)
    feed.tell(made)
    feed.mute(made)
    environment.stats.reset_all()
    made.boundary.latency.record([MS])
    feed.tell(made)
    assert environment.stats.total.num_requests == 0


def test_a_workloads_rate_is_that_of_its_slices(environment: Environment) -> None:
    feed = StatsFeed(environment)
    for number in range(3):
        feed.tell_slices([slice_(TRIGGER, number, 100, duration_s=0.5)])
        # Two workers hold a slice at the same time.
        feed.tell_slices([slice_(BATCH, number, 100, duration_s=0.5) for _ in range(2)])
    rates = {name: environment.stats.get(name, METHOD) for name in (TRIGGER.name, BATCH.name)}
    assert {name: each.current_rps for name, each in rates.items()} == {TRIGGER.name: 200, BATCH.name: 400}
    assert {name: each.total_rps for name, each in rates.items()} == {TRIGGER.name: 200, BATCH.name: 400}
    assert environment.stats.total.current_rps == 300
    assert environment.stats.total.num_requests == 900
    environment.stats.reset_all()
    assert environment.stats.total.current_rps == 0


def test_a_slice_that_was_cut_counts_in_the_requests_and_not_in_the_rate(environment: Environment) -> None:
    made = slice_(TRIGGER, 0, 100, duration_s=0.5)
    made.counts = False
    StatsFeed(environment).tell_slices([made])
    assert environment.stats.total.num_requests == 100
    assert isinstance(environment.stats.total, FineEntry)
    assert not environment.stats.total._slices


def test_json_is_the_same_each_time_it_is_written(environment: Environment) -> None:
    StatsFeed(environment).tell(slice_(TRIGGER, 0, 100))
    first = json.dumps(environment.stats.serialize_stats())
    assert json.loads(first)[0]["num_requests"] == 100
    assert json.dumps(environment.stats.serialize_stats()) == first


def test_a_workers_report_begins_anew(monkeypatch: pytest.MonkeyPatch, environment: Environment) -> None:
    environment.stats = environment.runner.environment.stats = stats.RequestStats(use_response_times_cache=False)  # type: ignore[union-attr]
    StatsFeed(environment).tell(slice_(TRIGGER, 0, 100))
    assert environment.stats.serialize_stats()[0]["num_requests"] == 100
    assert environment.stats.serialize_stats() == []


@pytest.fixture
def rows(environment: Environment, tmp_path: Path) -> Iterator[Path]:
    writer = stats.StatsCSVFileWriter(environment, stats.PERCENTILES_TO_REPORT, str(tmp_path / "out"))
    assert isinstance(writer, CompleteCsvWriter)
    greenlet = gevent.spawn(writer.stats_writer)
    gevent.sleep(0)  # it writes its first rows, and sleeps for a second
    yield tmp_path
    assert greenlet.dead
    writer.close_files()


def test_csv_files_end_with_the_last_figures(environment: Environment, rows: Path) -> None:
    StatsFeed(environment).tell(slice_(TRIGGER, 0, 100))
    finish_csv(environment)
    writer = environment.wiretax_csv_writer  # type: ignore[attr-defined]
    writer.requests_flush()
    writer.stats_history_flush()
    totals = list(csv.DictReader((rows / "out_stats.csv").read_text().splitlines()))
    assert [(row["Name"], row["Request Count"]) for row in totals] == [
        (TRIGGER.name, "100"),
        ("Aggregated", "100"),
    ]
    assert float(totals[0]["50%"]) == pytest.approx(1.0, rel=0.01)
    history = list(csv.DictReader((rows / "out_stats_history.csv").read_text().splitlines()))
    assert [row["Total Request Count"] for row in history] == ["0", "100"]
