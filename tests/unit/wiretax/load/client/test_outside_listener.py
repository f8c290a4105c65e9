"""Locust's request event for others: who hears of an exchange, and what."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import locust_unpatched  # noqa: F401
import pytest
from locust.contrib.csv_request_logger import CsvRequestLogger
from locust.env import Environment
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from wiretax.channels.answers import Answer
from wiretax.channels.workload import Workload
from wiretax.load.client.outside_listener import outside_listener
from wiretax.load.client.telemetry import export_sizes
from wiretax.wire.connections.response import Response
from wiretax.wire.failures import MOST_TEXTS, Failure
from wiretax.wire.publishers.sample import Sample

TRIGGER = Workload.of()
MS = 1_000_000
ACCEPTED = Response(Answer("acknowledged", 200, ""), True, 70, 2, True, status_code=200)
INSIDE = Response(Answer("error_body", 4100, "over quota"), False, 70, 30, True, status_code=200)
TIMEOUT = Failure("timeout", 0, "no answer within 10 s")
SAMPLES = (
    Sample(TRIGGER, 3 * MS, 400, 72, ACCEPTED),
    Sample(TRIGGER, 2 * MS, 400, 100, INSIDE),
    Sample(TRIGGER, 10_000 * MS, 400, 17, None, TIMEOUT),
)


@pytest.fixture
def environment() -> Environment:
    made = Environment()
    made.create_local_runner()
    return made


def test_without_handlers_of_others_nothing_is_fired(environment: Environment) -> None:
    assert outside_listener(environment) is None


def test_a_handler_of_locusts_own_modules_hears_of_each_exchange(environment: Environment, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    CsvRequestLogger(str(log)).register(environment)
    fire = outside_listener(environment)
    assert fire is not None
    for sample in SAMPLES:
        fire(sample)
    columns = ("name", "response_time_ms", "response_length", "status_code", "exception")
    rows = [tuple(row[name] for name in columns) for row in csv.DictReader(log.read_text().splitlines())]
    assert rows == [
        (TRIGGER.name, "3.0", "2", "200", ""),
        (TRIGGER.name, "2.0", "30", "200", "error_body 4100: over quota"),
        (TRIGGER.name, "10000.0", "0", "0", "timeout: no answer within 10 s"),
    ]


def test_sizes_have_the_names_of_opentelemetry(environment: Environment) -> None:
    heard: list[dict[str, Any]] = []
    environment.events.request.add_listener(lambda **sample: heard.append(sample))
    fire = outside_listener(environment)
    assert fire is not None
    for sample in SAMPLES:
        fire(sample)
    sizes = [(each["http.request.size"], each["http.response.size"]) for each in heard]
    assert sizes == [(400, 72), (400, 100), (400, 17)]


def test_locusts_statistics_are_not_filled_twice(environment: Environment) -> None:
    environment.events.request.add_listener(lambda **_: None)
    fire = outside_listener(environment)
    assert fire is not None
    fire(SAMPLES[0])
    assert environment.stats.total.num_requests == 0


def test_a_handler_that_comes_or_goes_during_a_test(environment: Environment) -> None:
    heard: list[str] = []
    hook = environment.events.request
    first = hook.add_listener(lambda **_: heard.append("first"))
    fire = outside_listener(environment)
    assert fire is not None
    fire(SAMPLES[0])
    hook.remove_listener(first)
    hook.add_listener(lambda **_: heard.append("second"))
    fire(SAMPLES[0])
    assert heard == ["first", "second"]


def test_a_listener_of_the_users_is_given_a_limited_number_of_error_texts(environment: Environment) -> None:
    heard: set[str] = set()
    environment.events.request.add_listener(lambda exception, **_: heard.add(str(exception)))
    fire = outside_listener(environment)
    assert fire is not None
    for number in range(1000):
        fire(Sample(TRIGGER, MS, 0, 0, None, Failure("rejected", 400, "b" * number)))
    assert len(heard) == MOST_TEXTS + 1


def test_sizes_are_exported_beside_locusts_durations_and_say_how_calls_ended(
    monkeypatch: pytest.MonkeyPatch, environment: Environment
) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)

    def record_duration(**_: Any) -> None:
        """As Locust's --otel adds it."""

    hook = environment.events.request
    export_sizes(environment)
    assert outside_listener(environment) is None
    record_duration.__module__ = "locust.opentelemetry"
    hook.add_listener(record_duration)
    export_sizes(environment)
    fire = outside_listener(environment)
    assert fire is not None
    for sample in SAMPLES:
        fire(sample)
    # A request of an HttpUser beside them.
    hook.fire(request_type="GET", name="/", response_time=1.0, response_length=2, exception=None)  # type: ignore[no-untyped-call]
    data = reader.get_metrics_data()
    assert data is not None
    [scope] = data.resource_metrics[0].scope_metrics
    assert {metric.name: metric.unit for metric in scope.metrics} == {
        "http.request.size": "By",
        "http.response.size": "By",
    }
    ends: dict[str, dict[Any, float]] = {
        metric.name: {
            (point.attributes.get("http.response.status_code"), point.attributes.get("error.type")): point.sum
            for point in metric.data.data_points
        }
        for metric in scope.metrics
    }
    assert ends["http.response.size"] == {(200, None): 72, (200, "4100"): 100, (None, "timeout"): 17}
    provider.shutdown()
