"""The mock's HTTP/1.1 with any bytes in any pieces: it answers or refuses, and never takes what is not signed."""

from __future__ import annotations

from collections.abc import Iterator
from time import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mock_client import (
    BATCH,
    EVENTS,
    batch_body,
    batch_item,
    chunked,
    publish,
    request,
    signed_target,
    trigger_body,
)
from served import connect, cut, feed, mock_server, responses

from wiretax.mock.protocols.bodies import Body
from wiretax.mock.protocols.http1 import Http1Connection
from wiretax.mock.rules import Accepted, Rules
from wiretax.mock.server import MockServer

BODIES = [trigger_body(), batch_body(batch_item(), batch_item(data="é")), trigger_body(info="user_count")]
PATHS = [EVENTS, BATCH, EVENTS]


class WatchedRules(Rules):
    """Keeps the methods of requests and the bodies that were accepted."""

    methods: list[bytes]
    taken: list[bytes]

    def check(self, method: bytes, target: str, body: Body, now: float) -> Accepted:
        self.methods.append(method)
        accepted = super().check(method, target, body, now)
        if method == b"POST":
            self.taken.append(bytes(body))
        return accepted


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with mock_server() as server:
        server.rules = WatchedRules(server.options.app, server.options.limits)
        yield server


def signed(which: int, form: int) -> bytes:
    path, body = PATHS[which], BODIES[which]
    if form == 0:
        # One of these is signed as the module is loaded, and its turn may come more than ten minutes later.
        return publish(path, body, auth_timestamp=str(int(time()) + 500))
    if form == 1:
        return chunked(signed_target(path, body), body[:5], body[5:])
    if form == 2:
        return publish(path, body, "Connection: close")
    return publish(path, body, "Expect:\t100-continue")


SIGNED_EVENT = signed(0, 0)
SIGNED = st.builds(signed, st.integers(0, 2), st.integers(0, 3))
UNSIGNED = st.sampled_from(
    [
        request(EVENTS, BODIES[0]),
        request("/apps/123456/channels", method="GET"),
        request("*", method="OPTIONS"),
        request("api:443", method="CONNECT"),
        request(signed_target(EVENTS, BODIES[0], auth_signature="0" * 64), BODIES[0]),
        request(signed_target(EVENTS, BODIES[0], auth_timestamp="1"), BODIES[0]),
        publish(EVENTS, BODIES[0], "Transfer-Encoding: chunked"),
        publish(EVENTS, BODIES[0], "Transfer-Encoding: gzip"),
        publish(EVENTS, BODIES[0], secret="another"),
    ]
)
NOISE = st.one_of(
    st.sampled_from(
        [
            b"\r\n",
            b"\n",
            b"\r",
            b" ",
            b"\t",
            b"\0",
            b":",
            b"0\r\n\r\n",
            b"1\r\n",
            b"Host: b\r\n",
            b"\r\nHost: b",
            b"Content-Length: 3\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"HTTP/1.0",
            b"http://mock.test",
            b"\xff",
            b"HEAD ",
            b"gzip, ",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"%2e",
            b"&auth_key=x",
            b"#",
            b"Upgrade: h2c\r\n",
            b'"\\ud800"',
        ]
    ),
    st.binary(max_size=6),
)


def damage(raw: bytes, at: int, noise: bytes, lost: int) -> bytes:
    at %= len(raw) + 1
    return raw[:at] + noise + raw[at + lost :]


DAMAGED = st.builds(damage, SIGNED | UNSIGNED, st.integers(0, 700), NOISE, st.integers(0, 4))
STREAMS = st.lists(st.one_of(SIGNED, DAMAGED, UNSIGNED, NOISE), max_size=4).map(b"".join)
CUTS = st.lists(st.integers(1, 2000), max_size=12)


def answer(server: MockServer, pieces: list[bytes]) -> tuple[list[int], list[bytes], bool]:
    """The statuses of the final answers, the bodies that were accepted, and whether the mock closed."""
    rules = server.rules
    assert isinstance(rules, WatchedRules)
    rules.methods, rules.taken = [], []
    connection, transport = connect(Http1Connection, server)
    before = server.ledger.requests
    feed(connection, transport, pieces)
    # Requests that the rules don't see are refused, and are the last ones.
    bodiless = {number for number, method in enumerate(rules.methods) if method == b"HEAD"}
    statuses = [status for status, _ in responses(bytes(transport.written), bodiless) if status != 100]
    assert server.ledger.requests - before == len(statuses)
    assert connection.sent == len(transport.written)
    assert statuses.count(200) == len(rules.taken)
    connection.connection_lost(None)
    assert server.held == 0
    return statuses, rules.taken, transport.closed


# Noise may turn a method into HEAD, whose answer has no body.
@example(request("/apps/123456/channels", method="HEAD") + SIGNED_EVENT, [])
# A request whose fields are known, and one that hides another field in front of them.
@example(SIGNED_EVENT + SIGNED_EVENT.replace(b"Host:", b"Host: a\r\nHost:"), [len(SIGNED_EVENT)])
@given(STREAMS, CUTS)
def test_any_bytes_in_any_pieces_are_answered_alike(server: MockServer, raw: bytes, cuts: list[int]) -> None:
    whole = answer(server, [raw] if raw else [])
    assert all(body in BODIES for body in whole[1])
    assert answer(server, cut(raw, cuts)) == whole
    assert answer(server, cut(raw, range(len(raw)))) == whole
