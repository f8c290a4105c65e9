"""The ASGI app judges requests as the mock does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers.asgi import App
from benchmarks.peers.job import Job
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload


def call(app: App, method: str, target: str, *pieces: bytes) -> tuple[int, bytes]:
    """One request whose body comes in pieces."""
    path, _, query = target.partition("?")
    scope = {"type": "http", "method": method, "raw_path": path.encode(), "query_string": query.encode()}
    left = list(pieces)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


@pytest.fixture
def request_(tmp_path: Path) -> tuple[str, bytes]:
    return Job(Endpoint("http", "127.0.0.1", 1, DEMO), Workload.of("batch", 10), tmp_path).fixed_request()


def test_a_signed_batch_is_accepted_and_counted(request_: tuple[str, bytes]) -> None:
    app, (target, body) = App(), request_
    assert call(app, "POST", target, body[:100], body[100:]) == (200, b"{}")
    counts = json.loads(call(app, "GET", "/_wiretax/ledger")[1])
    assert (counts["requests"], counts["events"], counts["rejected"]) == (1, 10, {})


def test_a_changed_body_is_refused(request_: tuple[str, bytes]) -> None:
    app, (target, body) = App(), request_
    assert call(app, "POST", target, body.replace(b"my", b"no"))[0] == 401
    assert sum(app.ledger.rejected.values()) == 1
    assert app.ledger.events == 0
