"""Locust as its users would drive the API without wiretax. Settings come as ``PUSHER_URL`` and ``BENCH_*``."""

from __future__ import annotations

import json
import os
from itertools import cycle, islice
from time import perf_counter, time
from typing import Any

from locust import FastHttpUser, HttpUser, User, task

from wiretax.channels.bodies.events import bodies
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import CHANNEL, EVENT_NAME, Workload

BATCH_SIZE = int(os.environ["BENCH_BATCH_SIZE"])
DATA: list[str] = json.loads(os.environ["BENCH_DATA"])
ENDPOINT = Endpoint.parse(os.environ["PUSHER_URL"])
WORKLOAD = Workload.of("trigger") if BATCH_SIZE == 1 else Workload.of("batch", BATCH_SIZE)
PROFILE = load_profile(WORKLOAD.transport.client)
JSON = {"Content-Type": "application/json"}
# As others run, a generator is stopped for longer than a library waits by default.
TIMEOUT_S = 600


class Signer:
    """wiretax's own signing and JSON, so that these can't be what sets Locust's clients apart."""

    head = RequestHead(ENDPOINT, PROFILE, WORKLOAD.call.api, WORKLOAD.transport.connection)
    next_body = staticmethod(bodies(WORKLOAD, PROFILE, DATA))

    @classmethod
    def next_request(cls) -> tuple[str, bytes]:
        """Target and body."""
        body = cls.next_body()
        return cls.head.target(body, int(time())).decode(), body


class FastUser(FastHttpUser):
    """Locust's fast client."""

    connection_timeout = network_timeout = TIMEOUT_S

    @task
    def publish(self) -> None:
        target, body = Signer.next_request()
        # Locust's types know no bytes, but it takes them as they are.
        self.client.post(target, data=body, headers=JSON, name=WORKLOAD.name)  # type: ignore[arg-type]


class PlainUser(HttpUser):
    """Locust's default client, which is requests."""

    @task
    def publish(self) -> None:
        target, body = Signer.next_request()
        self.client.post(target, data=body, headers=JSON, name=WORKLOAD.name)


class LibraryUser(User):
    """The official Python library, timed as Locust's documentation times a client it does not know."""

    supply = cycle(DATA)

    def on_start(self) -> None:
        # Imported by who needs it: the other user runs where it is not installed.
        import pusher  # type: ignore[import-untyped]

        app = ENDPOINT.app
        self.library = pusher.Pusher(
            app.app_id,
            app.key,
            app.secret,
            ssl=False,
            host=ENDPOINT.host,
            port=ENDPOINT.port,
            timeout=TIMEOUT_S,
        )

    @task
    def publish(self) -> None:
        began = perf_counter()
        failure: Exception | None = None
        try:
            self.send()
        except Exception as error:
            failure = error
        hooks: Any = self.environment.events
        hooks.request.fire(
            request_type="POST",
            name=WORKLOAD.name,
            response_time=(perf_counter() - began) * 1e3,
            response_length=0,
            exception=failure,
            context={},
        )

    def send(self) -> None:
        if BATCH_SIZE == 1:
            self.library.trigger(CHANNEL, EVENT_NAME, next(self.supply))
        else:
            data = islice(self.supply, BATCH_SIZE)
            self.library.trigger_batch([{"channel": CHANNEL, "name": EVENT_NAME, "data": text} for text in data])
