"""The recording proxy: nothing changes on the way, and every byte is in a request, or said to be in none."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pytest
from mock_client import (
    BATCH,
    EVENTS,
    Client,
    batch_body,
    batch_item,
    chunked,
    dribbled,
    ledger,
    publish,
    request,
    request_head,
    signed_target,
    trigger_body,
)
from proxied import proxied

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.request.parser import Publication
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.observe.forwarding import upstream
from wiretax.observe.forwarding.connection import PUBLISHER
from wiretax.observe.forwarding.recording import Recording
from wiretax.wire.connections.closing import count_ended, end_side
from wiretax.wire.connections.tcp_info import AVAILABLE
from wiretax.wire.counters import TcpCounters
from wiretax.wire.publishers.message_limit import MessageLimit

LOOPBACK = "127.0.0.1"
TRIGGER = publish(EVENTS, trigger_body())
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CLOSING = OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


def test_an_upstream_that_leaves_a_tls_handshake_unanswered_may_speak_plain_http(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """soketi's way."""
    monkeypatch.setattr(upstream, "TIMEOUT_S", 0.1)
    with socket.create_server((LOOPBACK, 0)) as silent:
        target = Endpoint("https", LOOPBACK, silent.getsockname()[1], DEMO)
        with pytest.raises(upstream.UpstreamError, match="check the address and the port, which may"):
            asyncio.run(upstream.check(target, ssl.create_default_context()))


@contextmanager
def scripted(*answers: bytes) -> Iterator[Endpoint]:
    """A server that takes one connection, sends each answer after reading something, and closes."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for answer in answers:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield Endpoint("http", LOOPBACK, listener.getsockname()[1], DEMO)
        thread.join(60)


def free_endpoint() -> Endpoint:
    with socket.create_server((LOOPBACK, 0)) as taken:
        return Endpoint("http", LOOPBACK, taken.getsockname()[1], DEMO)


def requests_of(seen: Recording) -> int:
    return sum(len(each.head) + each.body_bytes for each in seen.exchanges)


LIMITED = 3


@pytest.mark.parametrize("pipelined", [True, False])
def test_no_event_beyond_the_limit_is_forwarded(mock: Endpoint, pipelined: bool) -> None:
    calls = [publish(BATCH, batch_body(*[batch_item()] * size)) for size in (2, 2, 1)]
    before, limit = ledger(mock), MessageLimit(LIMITED)
    with proxied(mock, rewrites_host=True, limit=limit) as (endpoint, seen), Client(endpoint) as client:
        if pipelined:
            client.send(*dribbled(b"".join(calls)))
            answers = [client.read() for _ in calls]
        else:
            answers = [client.ask(call) for call in calls]
        # A call that publishes nothing goes on.
        assert client.ask(request_head(signed_target("/channels", b"", method="GET"), method="GET")).status != 403
    after = ledger(mock)
    assert [each.status for each in answers] == [200, 403, 403]
    said = (
        "wiretax observe: stopped at the limit: 2 of 3 messages (--max-messages) were sent, and the next call did "
    )
    assert [each.body.decode() for each in answers[1:]] == [f"{said}not fit; this call was not forwarded\n"] * 2
    assert after["events"] - before["events"] == limit.taken == 2
    assert [each.withheld for each in seen.exchanges] == [False, True, True, False]
    assert seen.unforwarded == sum(map(len, calls[1:]))
    received = sum(each.response_head_bytes + each.response_body_bytes for each in seen.exchanges)
    assert (requests_of(seen), received) == (seen.sent, seen.received) == (client.sent, client.received)
    assert after["request_bytes"] - before["request_bytes"] == seen.sent - seen.unforwarded + seen.host_growth
    assert after["response_bytes"] - before["response_bytes"] == seen.received - seen.unasked
    if sys.platform == "linux":
        assert seen.tcp is not None
        assert (seen.tcp.sent, seen.tcp.received) == (seen.sent, seen.received)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (publish(BATCH, b'{"batch":[{"name":"e","channel":"c","data":"x"}]'), 403),  # no JSON
        (publish("/somewhere", trigger_body()), 403),
        (publish("/users/u/terminate_connections", b"{}"), None),
        (publish(EVENTS, trigger_body(channels=["a", "b", "c"])), 200),
        (publish(EVENTS, trigger_body(channels=["a", "b", "c", "d"])), 403),
        (chunked(signed_target(EVENTS, trigger_body()), trigger_body()[:9], trigger_body()[9:]), 200),
        (b"\x16\x03\x01 hello\r\n\r\n", 0),
    ],
    ids=["unreadable", "elsewhere", "no publication", "channels", "too many", "chunked", "no request"],
)
def test_what_may_publish_beyond_the_limit_is_withheld(mock: Endpoint, sent: bytes, status: int | None) -> None:
    before = ledger(mock)
    with proxied(mock, limit=MessageLimit(LIMITED)) as (endpoint, seen), Client(endpoint) as client:
        if status == 0:
            client.send(sent)
            assert client.has_ended()
        else:
            answer = client.ask(sent)
            assert answer.status == status or (status is None and answer.status != 403)
    forwarded = status not in (0, 403)
    assert seen.unforwarded == (0 if forwarded else len(sent))
    assert ledger(mock)["request_bytes"] - before["request_bytes"] == len(sent) * forwarded


def test_a_refused_publisher_that_asks_for_the_end_gets_it(mock: Endpoint) -> None:
    call = publish(BATCH, batch_body(*[batch_item()] * (LIMITED + 1)), "Connection: close")
    with proxied(mock, limit=MessageLimit(LIMITED)) as (endpoint, seen), Client(endpoint) as client:
        assert client.ask(call).status == 403
        assert client.has_ended()
    assert seen.closed_by == {PUBLISHER: 1}
    assert seen.received == client.received


def test_a_request_that_is_never_complete_stays_with_the_proxy(mock: Endpoint) -> None:
    with proxied(mock, limit=MessageLimit(LIMITED)) as (endpoint, seen), Client(endpoint) as client:
        client.send(TRIGGER[:-5])
    assert [each.failure and each.failure.kind for each in seen.exchanges] == ["lost"]
    assert seen.unforwarded == requests_of(seen) == len(TRIGGER) - 5


@pytest.mark.parametrize("slices", [[TRIGGER], dribbled(TRIGGER)], ids=["whole", "byte by byte"])
def test_a_request_is_recorded_as_it_was_sent(mock: Endpoint, slices: list[bytes]) -> None:
    before = ledger(mock)
    with proxied(mock) as (endpoint, seen), Client(endpoint) as client:
        assert client.ask(*slices).body == b"{}"
    after = ledger(mock)
    (exchange,) = seen.exchanges
    assert exchange.head + trigger_body() == TRIGGER
    assert exchange.request_line_bytes + exchange.query_bytes == TRIGGER.index(b"\r\n") + 2
    assert exchange.body_bytes == len(trigger_body())
    assert exchange.response_head_bytes + exchange.response_body_bytes == client.received == seen.received
    assert exchange.failure is None
    assert exchange.ended_ns > exchange.began_ns
    assert after["request_bytes"] - before["request_bytes"] == seen.sent == client.sent
    assert (seen.stray, seen.unrequested, seen.connections) == (0, 0, 1)
    if sys.platform == "linux":
        assert seen.tcp is not None
        assert (seen.tcp.sent, seen.tcp.received) == (client.sent, client.received)


def test_pipelined_requests_are_told_apart(mock: Endpoint) -> None:
    batch = publish(BATCH, batch_body(batch_item(), batch_item()))
    with proxied(mock) as (endpoint, seen), Client(endpoint) as client:
        client.send(TRIGGER + batch + TRIGGER[:40], TRIGGER[40:])
        assert [client.read().status for _ in range(3)] == [200] * 3
    assert [each.publication and each.publication.events for each in seen.exchanges] == [1, 2, 1]
    assert [len(each.head) + each.body_bytes for each in seen.exchanges] == [
        len(TRIGGER),
        len(batch),
        len(TRIGGER),
    ]
    assert seen.connections == 1


def test_a_chunked_body_counts_as_framed_and_reads_as_sent(mock: Endpoint) -> None:
    body = trigger_body(data="line\\nline")
    whole = chunked(signed_target(EVENTS, body), body[:9], body[9:])
    with proxied(mock) as (endpoint, seen), Client(endpoint) as client:
        assert client.ask(whole + TRIGGER).status == 200
        assert client.read().status == 200
    first, second = seen.exchanges
    assert len(first.head) + first.body_bytes == len(whole)
    assert first.publication == Publication("trigger", 1, 1, len(b"line\\nline"))
    assert len(second.head) + second.body_bytes == len(TRIGGER)


@pytest.mark.parametrize("limit", [None, MessageLimit(LIMITED)], ids=["", "limited"])
def test_a_client_that_waits_to_be_told_to_go_on_is_told(mock: Endpoint, limit: MessageLimit | None) -> None:
    body = trigger_body()
    head = request_head(
        signed_target(EVENTS, body), f"Content-Length: {len(body)}", "Expect: 100-continue", "Connection: close"
    )
    with proxied(mock, limit=limit) as (endpoint, seen), Client(endpoint) as client:
        assert client.ask(head).status == 100
        answer = client.ask(body)
        while answer.status == 100:  # the mock's own
            answer = client.read()
        assert answer.status == 200
        assert client.has_ended()
    (exchange,) = seen.exchanges
    assert exchange.response_head_bytes + exchange.response_body_bytes == client.received
    assert exchange.response_body_bytes == 2


def test_an_answer_to_head_has_no_body(mock: Endpoint) -> None:
    with (
        scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", OK) as server,
        proxied(server) as (endpoint, seen),
        Client(endpoint) as client,
    ):
        client.send(request_head("/", method="HEAD"))
        client._receive()
        client._unread = b""
        assert client.ask(TRIGGER).body == b"{}"
    assert [each.response_body_bytes for each in seen.exchanges] == [0, 2]
    assert seen.exchanges[0].publication is None


def test_an_answer_that_ends_with_its_connection_is_whole() -> None:
    answer = b"HTTP/1.0 200 OK\r\n\r\n{}"
    with scripted(answer) as server, proxied(server) as (endpoint, seen), Client(endpoint) as client:
        client.send(TRIGGER)
        assert client.read_to_end() == answer
    (exchange,) = seen.exchanges
    assert exchange.answer is not None
    assert exchange.answer.acknowledged
    assert exchange.response_body_bytes == 2


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"{}")),
        ("br", pa.Codec("brotli").compress(b"{}", asbytes=True)),
        ("zstd", pa.Codec("zstd").compress(b"{}", asbytes=True)),
    ],
    ids=["gzip", "br", "zstd"],
)
def test_a_compressed_answer_is_understood(coding: str, packed: bytes) -> None:
    answer = (
        f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed
    )
    with scripted(answer) as server, proxied(server) as (endpoint, seen), Client(endpoint) as client:
        client.send(TRIGGER)
        assert client.read_to_end() == answer
    assert [each.answer and each.answer.kind for each in seen.exchanges] == ["acknowledged"]
    assert seen.exchanges[0].response_body_bytes == len(packed)


def test_bytes_that_form_no_request_are_passed_on_and_counted(mock: Endpoint) -> None:
    with proxied(mock) as (endpoint, seen), Client(endpoint) as client:
        assert client.ask(TRIGGER).status == 200
        assert client.ask(b"\x16\x03\x01 hello\r\n\r\n").status == 400
        assert client.has_ended()
    assert seen.stray == client.sent - len(TRIGGER)
    assert seen.stray_begin.startswith(b"\x16\x03\x01")
    assert seen.unrequested == client.received - sum(
        each.response_head_bytes + each.response_body_bytes for each in seen.exchanges
    )


def test_half_a_head_is_stray_and_half_a_body_is_a_lost_exchange(mock: Endpoint) -> None:
    with proxied(mock) as (endpoint, seen):
        with Client(endpoint) as client:
            client.send(TRIGGER[:50])
        with Client(endpoint) as client:
            client.send(TRIGGER[:-5])
    assert seen.stray == 50
    (exchange,) = seen.exchanges
    assert exchange.answer is None
    assert exchange.failure == ("lost", 0, "the publisher closed the connection before the request was complete")
    assert requests_of(seen) == len(TRIGGER) - 5


def test_a_client_that_ends_its_side_still_gets_its_answer(mock: Endpoint) -> None:
    with proxied(mock) as (endpoint, seen), Client(endpoint) as client:
        client.send(TRIGGER)
        client.end_writing()
        assert client.read_to_end().endswith(b"{}")
    assert [each.failure for each in seen.exchanges] == [None]


def test_a_client_that_crashes_leaves_a_lost_exchange() -> None:
    with socket.create_server((LOOPBACK, 0)) as deaf:
        upstream = Endpoint("http", LOOPBACK, deaf.getsockname()[1], DEMO)
        with proxied(upstream) as (endpoint, seen):
            client = Client(endpoint)
            client.send(TRIGGER)
            server, _ = deaf.accept()
            with server:
                assert server.recv(65_536)
                client.reset()
                assert server.recv(65_536) in (b"", TRIGGER)
    assert [each.failure for each in seen.exchanges] == [
        ("lost", 0, "the publisher closed the connection before the response")
    ]
    assert seen.sent == len(TRIGGER)


def test_a_server_that_owes_an_answer_when_the_publisher_has_ended_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wiretax.observe.forwarding.proxy.GRACE_S", 0.1)
    with ExitStack() as later, socket.create_server((LOOPBACK, 0)) as deaf:
        upstream = Endpoint("http", LOOPBACK, deaf.getsockname()[1], DEMO)
        with proxied(upstream, rewrites_host=True) as (endpoint, seen):
            later.enter_context(Client(endpoint)).send(TRIGGER)
            server = later.enter_context(deaf.accept()[0])
            assert server.recv(65_536)
    assert [each.failure for each in seen.exchanges] == [
        ("lost", 0, "the upstream had not answered 0.1 s after the command ended")
    ]


def test_an_upstream_that_is_gone_is_a_failure_to_connect() -> None:
    with proxied(free_endpoint()) as (endpoint, seen), Client(endpoint) as client:
        client.send(TRIGGER)
        assert client.has_ended()
    (exchange,) = seen.exchanges
    assert exchange.failure is not None
    assert exchange.failure.kind == "connect"
    assert exchange.failure.message.endswith("Connection refused")


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (b"", "lost", "{} closed the connection before the response"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "lost", "{} closed the connection before the response was complete"),
        (b"SSH-2.0-x\r\n", "malformed", "the answer is not HTTP/1.1"),
    ],
)
@pytest.mark.parametrize(("given", "who"), [(True, "the upstream"), (False, "the mock")])
def test_a_server_that_does_not_answer_whole_is_named(
    answer: bytes, kind: str, says: str, given: bool, who: str
) -> None:
    serving = scripted(answer)
    with serving as server, proxied(server, None, given) as (endpoint, seen), Client(endpoint) as client:
        client.send(TRIGGER)
        assert client.read_to_end() == answer
    (exchange,) = seen.exchanges
    assert exchange.failure is not None
    assert exchange.failure == (kind, 0, says.format(who))
    assert exchange.response_body_bytes == len(answer) == seen.received


def test_a_large_body_and_a_large_answer_pass_unharmed() -> None:
    size = 3_000_000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    sent = request("/apps/1/events", b"y" * size)
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                got = 0
                while got < len(sent):
                    got += len(connection.recv(65_536))
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        upstream = Endpoint("http", LOOPBACK, listener.getsockname()[1], DEMO)
        with proxied(upstream) as (endpoint, seen), Client(endpoint) as client:
            client.send(sent)
            assert client.read_to_end() == answer
        thread.join(60)
    assert (requests_of(seen), seen.sent, seen.received) == (len(sent), len(sent), len(answer))


def test_only_the_host_is_rewritten_and_recorded_as_it_was_sent() -> None:
    got: list[bytes] = []
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                got.append(connection.recv(65_536))
                connection.sendall(OK)

        thread = Thread(target=serve)
        thread.start()
        upstream = Endpoint("http", LOOPBACK, listener.getsockname()[1], DEMO)
        with proxied(upstream, rewrites_host=True) as (endpoint, seen), Client(endpoint) as client:
            assert client.ask(TRIGGER).status == 200
        thread.join(60)
    authority = upstream.authority.encode()
    assert b"".join(got)[: TRIGGER.index(b"{") + 99] == TRIGGER.replace(b"mock.test", authority)
    assert seen.exchanges[0].head + trigger_body() == TRIGGER
    assert seen.host_growth == len(authority) - len(b"mock.test")


def test_an_https_upstream_is_verified(tmp_path: Path) -> None:
    with embedded_mock(Limits(), CostModel(), MockTls("ecdsa", tmp_path / "ca.pem")) as server:
        trusted = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        with proxied(server, trusted, True) as (endpoint, seen), Client(endpoint) as client:
            assert client.ask(TRIGGER).status == 200
        assert [each.failure for each in seen.exchanges] == [None]
        with proxied(server, ssl.create_default_context(), True) as (endpoint, seen), Client(endpoint) as client:
            client.send(TRIGGER)
            assert client.has_ended()
        (exchange,) = seen.exchanges
        assert exchange.failure is not None
        assert exchange.failure.kind == "certificate"
        assert "certificate" in exchange.failure.message


def test_each_exchange_has_its_own_kernel_count(mock: Endpoint) -> None:
    if sys.platform != "linux":
        pytest.skip("the kernel keeps no count")
    with proxied(mock) as (endpoint, seen), Client(endpoint) as client:
        for size in (1, 2000):
            assert client.ask(publish(EVENTS, trigger_body(data="x" * size))).status == 200
    counts = {len(reading.exchanges): 0 for reading in seen.readings}
    assert set(counts) == {1}
    assert len(seen.exchanges) == 2
    for exchange in seen.exchanges:
        sent = sum(each.tcp.sent for each in seen.readings if each.exchanges == (exchange,) and each.tcp)
        assert sent == len(exchange.head) + exchange.body_bytes


@pytest.mark.parametrize(
    ("asked", "answered", "who"),
    [("", "Connection: close\r\n", "the upstream"), ("Connection: close\r\n", "Connection: close\r\n", PUBLISHER)],
)
def test_a_connection_is_closed_by_whoever_said_so_first(asked: str, answered: str, who: str) -> None:
    request = TRIGGER.replace(b"\r\nHost", b"\r\n" + asked.encode() + b"Host", 1)
    said = OK.replace(b"\r\n", b"\r\n" + answered.encode(), 1)
    serving = scripted(said)
    with serving as server, proxied(server, None, True) as (endpoint, seen), Client(endpoint) as client:
        client.send(request)
        assert client.read_to_end() == said
    assert seen.closed_by == {who: 1}


def test_a_kept_connection_is_closed_by_the_publisher(mock: Endpoint) -> None:
    with proxied(mock) as (endpoint, seen):
        for _ in range(2):
            with Client(endpoint) as client:
                assert client.ask(TRIGGER).status == 200
    assert seen.closed_by == {PUBLISHER: 2}


@pytest.mark.parametrize(
    ("answer", "closing"),
    [
        (OK, (PUBLISHER, False)),
        (CLOSING, ("the mock", True)),
        (OK.replace(b"1.1", b"1.0"), ("the mock", True)),
        (CLOSING.replace(b"1.1", b"1.0").replace(b"close", b"keep-alive"), (PUBLISHER, False)),
    ],
    ids=["1.1", "1.1 close", "1.0", "1.0 keep-alive"],
)
def test_an_answer_announces_whether_its_connection_closes(answer: bytes, closing: tuple[str, bool]) -> None:
    # The server waits for more, so the publisher is the first that closes.
    with (
        scripted(answer, b"") as server,
        proxied(server) as (endpoint, seen),
        socket.create_connection((LOOPBACK, endpoint.port)) as publisher,
    ):
        publisher.sendall(TRIGGER)
        read = b""
        while len(read) < len(answer):
            read += publisher.recv(65_536)
    assert read == answer
    assert [(each.initiator, each.by_server) for each in seen.closings.values()] == [closing]


@pytest.mark.skipif(not AVAILABLE, reason="the kernel keeps no counters")
def test_a_publisher_that_acknowledges_the_end_before_its_own_is_counted_to_the_segment() -> None:
    with (
        scripted(CLOSING) as server,
        proxied(server) as (endpoint, seen),
        socket.create_connection((LOOPBACK, endpoint.port)) as publisher,
    ):
        publisher.sendall(TRIGGER)
        read, ended = 0, False
        while not ended:
            more = len(publisher.recv(65_536))
            read, ended = read + more, not more
            # Acknowledge it now, as the kernel of a publisher does that takes more than 40 ms to close.
            publisher.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        own = count_ended(publisher, read, end_side(publisher))
    assert own is not None
    assert seen.tcp is not None
    assert all_segments(seen.tcp) == all_segments(own)
    assert [(each.initiator, each.by_server) for each in seen.closings.values()] == [("the mock", True)]


def all_segments(tcp: TcpCounters) -> tuple[int, int, int, int]:
    """Segments and header bytes in both directions, those of the close included."""
    out, back = tcp.segments_out + tcp.close_segments_out, tcp.segments_in + tcp.close_segments_in
    return out, back, tcp.headers_out, tcp.headers_in


def test_a_request_that_crosses_the_end_of_its_connection_is_lost_with_all_its_bytes() -> None:
    with scripted(CLOSING) as server, proxied(server) as (endpoint, seen), Client(endpoint) as client:
        client.send(TRIGGER)
        assert client.read_to_end() == CLOSING
        assert seen.open == 0
        client.send(TRIGGER)
    answered, crossed = seen.exchanges
    assert answered.failure is None
    assert crossed.failure == ("lost", 0, "the mock closed the connection before the response")
    assert crossed.ended_ns >= crossed.began_ns
    assert requests_of(seen) == seen.sent == client.sent
    if AVAILABLE:
        assert seen.tcp is not None
        assert seen.tcp.sent == client.sent
