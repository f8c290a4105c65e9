"""What passes within a limit of messages, whatever is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiretax.channels.request.parser import SentEvent, read_publication
from wiretax.observe.forwarding.exchange import OpenExchange
from wiretax.observe.forwarding.gate import Gate, messages_of
from wiretax.observe.forwarding.heads import read_target
from wiretax.observe.forwarding.proxy import Proxy
from wiretax.observe.forwarding.recording import Recording
from wiretax.wire.publishers.message_limit import MessageLimit

BATCH, EVENTS = "batch_events", "events"
EVENT = {"name": "e", "channel": "c", "data": "x"}


def a_call(kind: str, size: int) -> tuple[bytes, bytes]:
    """The head and the body of a call with ``size`` messages; with 0, its body has none."""
    document: dict[str, Any] = {"batch": [EVENT] * size}
    if kind == EVENTS:
        document = {"name": "e", "channels": ["c"] * size, "data": "x"} if size else {}
    body = json.dumps(document).encode()
    return (
        f"POST /apps/1/{kind}?auth_key=k HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode(),
        body,
    )


CALLS = st.lists(
    st.tuples(st.sampled_from([BATCH, EVENTS]), st.integers(0, 12)).map(lambda drawn: a_call(*drawn)), max_size=20
)


@given(CALLS, st.integers(1, 40), st.integers(1, 30))
def test_no_message_beyond_the_limit_passes_and_every_byte_is_accounted_for(
    calls: list[tuple[bytes, bytes]], most: int, piece: int
) -> None:
    limit, recording, passed = MessageLimit(most), Recording(), list[bytes]()
    proxy = cast(Proxy, SimpleNamespace(limit=limit, recording=recording, rewrites_host=False, subscriptions=None))
    gate = Gate(proxy, passed.append, lambda: None)
    fits = True
    for head, body in calls:
        request = OpenExchange(head, 0)
        gate.add_head(head)
        for start in range(0, len(body), piece):
            gate.add_body(body[start : start + piece])
            request.body_bytes += len(body[start : start + piece])
        request.body = body
        before, taken = len(passed), limit.taken
        gate.end_request(request)
        messages = messages_of(head, read_publication(read_target(head), body))
        fits = fits and (messages is None or taken + messages <= most)
        went = fits and messages is not None
        assert b"".join(passed[before:]) == (head + body if went else b"")
        assert bool(request.refusal) == (not went)
    assert limit.taken <= most
    assert recording.unforwarded == sum(len(head + body) for head, body in calls) - len(b"".join(passed))


@pytest.mark.parametrize(
    ("line", "messages"),
    [
        ("GET /apps/1/channels", 0),
        ("HEAD /apps/1/channels", 0),
        ("POST /apps/1/users/7/terminate_connections?auth_key=k", 0),
        # A server may read these as calls that publish.
        ("POST /apps/1/events/", None),
        ("POST /apps/1/%65vents", None),
        ("POST http://127.0.0.1/apps/1/events", None),
        ("PUT /apps/1/anything", None),
    ],
)
def test_only_a_call_that_publishes_nothing_has_no_messages(line: str, messages: int | None) -> None:
    head = f"{line} HTTP/1.1\r\n\r\n".encode()
    assert messages_of(head, read_publication(read_target(head), b"{}")) == messages


class Channels:
    """Channels whose subscription is confirmed when a test says so."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.asked: list[list[str]] = []
        self.confirm = asyncio.Event()

    def lacking(self, events: Sequence[SentEvent]) -> list[str]:
        return [name for event in events for name in event.channels if name not in self.known]

    async def add(self, channels: Sequence[str]) -> None:
        self.asked.append([*channels])
        await self.confirm.wait()
        self.known.update(channels)


def test_requests_wait_for_the_subscription_to_their_channels_and_keep_their_order() -> None:
    async def scenario() -> None:
        channels, passed, ends = Channels(), list[bytes](), list[int]()
        proxy = cast(
            Proxy,
            SimpleNamespace(limit=None, recording=Recording(), rewrites_host=False, subscriptions=channels),
        )
        gate = Gate(proxy, passed.append, lambda: ends.append(len(passed)))
        calls = [a_call(EVENTS, 1), (b"GET /apps/1/channels HTTP/1.1\r\n\r\n", b""), a_call(BATCH, 2)]
        requests = []
        for head, body in calls:
            request = OpenExchange(head, 0)
            gate.add_head(head)
            if body:
                gate.add_body(body)
            request.body = body
            gate.end_request(request)
            requests.append(request)
        await asyncio.sleep(0)
        # The question behind the first request waits, too: answers come in the order of requests.
        assert (passed, gate.holds_complete, channels.asked) == ([], True, [["c"]])
        assert not any(request.forwarded for request in requests)
        channels.confirm.set()
        while gate.holds_complete:
            await asyncio.sleep(0)
        assert passed == [part for call in calls for part in call if part]
        assert ends == [len(passed)]
        assert all(request.forwarded and request.held_ns > 0 for request in requests)
        assert [len(request.events) for request in requests] == [1, 0, 2]

    asyncio.run(scenario())


def test_what_still_waits_when_a_connection_ends_went_nowhere() -> None:
    async def scenario() -> None:
        channels, recording, passed = Channels(), Recording(), list[bytes]()
        proxy = cast(
            Proxy, SimpleNamespace(limit=None, recording=recording, rewrites_host=False, subscriptions=channels)
        )
        gate = Gate(proxy, passed.append, lambda: None)
        head, body = a_call(EVENTS, 1)
        request = OpenExchange(head, 0)
        gate.add_head(head)
        gate.add_body(body)
        request.body = body
        gate.end_request(request)
        gate.close()
        channels.confirm.set()
        await asyncio.sleep(0)
        assert (passed, request.forwarded, recording.unforwarded) == ([], False, len(head + body))

    asyncio.run(scenario())
