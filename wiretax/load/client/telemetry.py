"""Sizes for Locust's ``--otel``, which by itself exports durations and numbers of users only.

Each exchange is recorded in two histograms, named like OpenTelemetry's attributes ``http.request.size`` and
``http.response.size``, and as a span that has them. Exporters, sampling and resource are those that Locust set up.
"""

from __future__ import annotations

import os
from typing import Any

from locust.env import Environment

from wiretax.load.client.outside_listener import REQUEST_SIZE, RESPONSE_SIZE
from wiretax.load.client.stats_feed import ExchangeFailed

LOCUSTS = "locust.opentelemetry"
# From the smallest head to a large batch, by powers of two.
BOUNDARIES = [float(2**power) for power in range(6, 21)]
# Those of the registry for a span or a metric of a call.
CALL_METHOD, STATUS, ERROR = "http.request.method", "http.response.status_code", "error.type"


def export_sizes(environment: Environment) -> None:
    """Have sizes recorded if Locust records durations, that is with ``--otel`` and OpenTelemetry's SDK."""
    request = environment.events.request
    if not any(getattr(each, "__module__", "") == LOCUSTS for each in request._handlers):
        return
    from opentelemetry import metrics

    meter = metrics.get_meter("wiretax")
    histograms = {
        key: meter.create_histogram(
            key, unit="By", description=description, explicit_bucket_boundaries_advisory=BOUNDARIES
        )
        for key, description in (
            (REQUEST_SIZE, "HTTP bytes of a request: request line, header fields and body"),
            (RESPONSE_SIZE, "HTTP bytes of a response: status line, header fields and body"),
        )
    }
    trace = _tracing()

    def record(**sample: Any) -> None:
        # Requests of users that are not wiretax's have no sizes.
        if REQUEST_SIZE not in sample:
            return
        attributes = _attributes(sample)
        for key, histogram in histograms.items():
            histogram.record(sample[key], {"name": sample["name"], **attributes})
        if trace is not None:
            trace(sample, attributes)

    request.add_listener(record)  # type: ignore[no-untyped-call]


def _attributes(sample: dict[str, Any]) -> dict[str, Any]:
    """What a call was, and how it ended."""
    attributes = {CALL_METHOD: sample["request_type"]}
    if sample["response"] is not None:
        attributes[STATUS] = sample["response"].status_code
    if isinstance(sample["exception"], ExchangeFailed):
        attributes[ERROR] = sample["exception"].type
    return attributes


def _tracing() -> Any:
    """A function that makes a span of a sample; None without an exporter of spans."""
    if os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none":
        return None
    from opentelemetry import trace

    tracer = trace.get_tracer("wiretax")

    def trace_call(sample: dict[str, Any], attributes: dict[str, Any]) -> None:
        began_ns = round(sample["start_time"] * 1e9)
        span = tracer.start_span(
            f"{sample['request_type']} {sample['name']}",
            kind=trace.SpanKind.CLIENT,
            start_time=began_ns,
            attributes={**attributes, REQUEST_SIZE: sample[REQUEST_SIZE], RESPONSE_SIZE: sample[RESPONSE_SIZE]},
        )
        if sample["exception"] is not None:
            span.set_status(trace.StatusCode.ERROR, str(sample["exception"]))
        span.end(began_ns + round(sample["response_time"] * 1e6))

    return trace_call
