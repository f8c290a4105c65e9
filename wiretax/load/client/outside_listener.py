"""Locust's request event, for code that listens to it: a user's, a plugin's, or that of Locust's ``--otel``.

The event is fired for each exchange, with the sizes of its request and response under OpenTelemetry's names.
Locust's own statistics don't depend on it: they come from ``StatsFeed``.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any

from locust.env import Environment
from locust.event import EventHook

from wiretax.load.client.stats_feed import METHOD, ExchangeFailed
from wiretax.wire.failures import Failure, Failures
from wiretax.wire.publishers.sample import Listener, Sample

# Attributes of OpenTelemetry's registry: all bytes of HTTP, head and body.
REQUEST_SIZE, RESPONSE_SIZE = "http.request.size", "http.response.size"
Handler = Callable[..., Any]


class OutsideHandlers(EventHook):
    """The handlers of an environment's request event, without the one that fills Locust's statistics."""

    def __init__(self, environment: Environment) -> None:
        self._hook = environment.events.request

    @property
    def _handlers(self) -> list[Handler]:  # type: ignore[override]
        # Looked up each time, since a handler may be added or removed during a test.
        return [each for each in self._hook._handlers if getattr(each, "__module__", "") != "locust.runners"]

    def __bool__(self) -> bool:
        return bool(self._handlers)


def outside_listener(environment: Environment) -> Listener | None:
    """A function that fires Locust's request event, if code other than Locust's statistics listens to it; else
    None."""
    handlers = OutsideHandlers(environment)
    if not handlers:
        return None
    shown: dict[str, Failures] = {}

    def fire(sample: Sample) -> None:
        response, failure, name = sample.response, sample.failure, sample.workload.name
        if response is not None and not response.acknowledged:
            failure = Failure(response.answer.kind, response.answer.status, response.answer.message)
        if failure is not None:
            failure = shown.setdefault(name, Failures()).add(failure)
        sizes = {REQUEST_SIZE: sample.sent_bytes, RESPONSE_SIZE: sample.received_bytes}
        handlers.fire(  # type: ignore[no-untyped-call]
            request_type=METHOD,
            name=name,
            response_time=sample.latency_ns / 1e6,
            response_length=response.body_bytes if response else 0,
            response=response,
            exception=None if failure is None else ExchangeFailed.of(failure),
            context={},
            start_time=time() - sample.latency_ns / 1e9,
            **sizes,
        )

    return fire
