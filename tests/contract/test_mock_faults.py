"""What a mock that was told to get requests wrong sends and closes, and that its ledger knows of it.

Only lower bounds on time are asserted, as for the cost model.
"""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest
from mock_client import EVENTS, Client, ended_mock, ledger, publish, trigger_body

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.load.plan.faults import parse_fault
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import JSON, TEXT, FaultList
from wiretax.mock.process import embedded_mock, embedded_target
from wiretax.mock.protocols.http1 import OK
from wiretax.wire.connections.response import ResponseMemo
from wiretax.wire.connections.tls_connection import TlsConnection
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice

BODY = trigger_body()
HEAD = OK[:-2]
FREE, DELAYED = CostModel(), CostModel(rtt=0.005)


@contextmanager
def faulty(*faults: str, cost: CostModel = FREE, after: int = 0) -> Iterator[Endpoint]:
    faulted = FaultList(tuple(map(parse_fault, faults)), after=after)
    with embedded_mock(Limits(), cost, None, faulted) as endpoint:
        yield endpoint


def trigger(client: Client) -> None:
    client.send(publish(EVENTS, BODY))


def assert_counted(mock: Endpoint, client: Client, kind: str) -> None:
    """One request, taken whatever became of its answer, and every byte of both."""
    counts = ledger(mock)
    assert counts["faults"] == {kind: 1}
    assert (counts["requests"], counts["events"], counts["rejected"]) == (1, 1, {})
    assert (counts["request_bytes"], counts["response_bytes"]) == (client.sent, client.received)


def test_answers_that_take_nothing_for_the_requests_that_are_drawn() -> None:
    refusals = {
        "rate-limit:0.1": (429, JSON, "1", b'{"error":"Too many requests.","code":429}'),
        "rate-limit:0.1:20s": (429, JSON, "20", b'{"error":"Too many requests.","code":429}'),
        "server-error:0.1": (500, JSON, None, b'{"error":"Internal server error.","code":500}'),
        "plain-text:0.1": (503, TEXT, None, b"Service Unavailable"),
        "error-body:0.1": (200, JSON, None, b'{"error":"The received data is incorrect.","code":400}'),
        "not-json:0.1": (200, TEXT, None, b"It works!"),
    }
    expected = {None: (200, JSON, None, b"{}")} | {parse_fault(text): seen for text, seen in refusals.items()}
    faults = FaultList(tuple(map(parse_fault, refusals)), seed=7)
    drawn = [[faults.draw(connection, request) for request in range(80)] for connection in range(2)]
    assert set(drawn[0]) == set(expected), "a draw that shows too little"
    with embedded_mock(Limits(), FREE, None, faults) as mock:
        # Who only reads the ledger is no connection to count by.
        assert ledger(mock)["faults"] == {}
        for row in drawn:
            with Client(mock) as client:
                answers = [client.ask(publish(EVENTS, BODY)) for _ in row]
            seen = [
                (each.status, each.headers["content-type"], each.headers.get("retry-after"), each.body)
                for each in answers
            ]
            assert seen == [expected[fault] for fault in row]
        counts = ledger(mock)
    hit = Counter(fault.kind for row in drawn for fault in row if fault is not None)
    assert counts["faults"] == counts["rejected"] == hit
    assert (counts["requests"], counts["events"]) == (160, 160 - hit.total())


@pytest.mark.parametrize(
    ("kind", "cost", "sent"),
    [
        ("half-body", FREE, HEAD + b"{"),
        ("half-body", DELAYED, HEAD + b"{"),
        ("close", FREE, HEAD[:-2] + b"Connection: close\r\n\r\n{}"),
        ("close-unsaid", DELAYED, OK),
    ],
)
def test_an_answer_after_which_the_connection_is_closed(kind: str, cost: CostModel, sent: bytes) -> None:
    with faulty(kind, cost=cost) as mock, Client(mock) as client:
        trigger(client)
        assert client.read_to_end() == sent
        assert_counted(mock, client, kind)


def test_a_close_that_was_asked_for_is_said_once() -> None:
    with faulty("close") as mock, Client(mock) as client:
        client.send(publish(EVENTS, BODY, "Connection: close"))
        assert client.read_to_end().count(b"Connection: close") == 1


@pytest.mark.parametrize(
    ("kind", "cost", "sent"), [("reset", DELAYED, b""), ("half-reset", FREE, OK[: len(OK) // 2])]
)
def test_a_connection_is_reset_before_an_answer_and_amid_one(kind: str, cost: CostModel, sent: bytes) -> None:
    with faulty(kind, cost=cost) as mock, Client(mock) as client:
        trigger(client)
        with pytest.raises(ConnectionResetError):
            client.read_to_end()
        assert client.received == len(sent)
        assert_counted(mock, client, kind)


def test_a_stalled_connection_answers_nothing_any_more() -> None:
    with faulty("stall") as mock, Client(mock) as client:
        client.send(publish(EVENTS, BODY), publish(EVENTS, BODY))
        assert not client.has_more(within=0.05)
        assert_counted(mock, client, "stall")
        client.end_writing()
        assert client.has_ended()


@pytest.mark.parametrize(("kind", "length"), [("short-length", b"1"), ("long-length", b"3")])
def test_a_content_length_that_is_wrong(kind: str, length: bytes) -> None:
    with faulty(kind) as mock, Client(mock) as client:
        trigger(client)
        assert client.has_more(within=30)
        client.end_writing()
        assert client.read_to_end() == OK.replace(b"Content-Length: 2", b"Content-Length: " + length)
        assert_counted(mock, client, kind)


def test_a_slow_answer_comes_late_and_whole() -> None:
    with faulty("slow:1:60ms", cost=DELAYED) as mock, Client(mock) as client:
        request = publish(EVENTS, BODY)
        began = monotonic()
        assert client.ask(request).status == 200
        assert monotonic() - began >= 0.06 + DELAYED.rtt
        assert_counted(mock, client, "slow")


def test_what_is_asked_behind_a_slow_answer_is_answered_behind_it() -> None:
    shares = FaultList((parse_fault("slow:0.5:50ms"),))
    hit = [shares.draw(0, number) is not None for number in range(8)]
    assert True in hit
    assert False in hit[hit.index(True) :], "a draw that shows nothing"
    with faulty("slow:0.5:50ms") as mock, Client(mock) as client:
        for number in range(8):
            client.send(publish(EVENTS, trigger_body(channels=[f"c{number}"], info="user_count")))
        answers = [client.read().text for _ in range(8)]
    assert [f'"c{number}"' in answer for number, answer in enumerate(answers)] == [True] * 8


def test_the_first_requests_can_be_spared() -> None:
    with faulty("server-error", after=3) as mock, Client(mock) as client:
        assert [client.ask(publish(EVENTS, BODY)).status for _ in range(5)] == [200, 200, 200, 500, 500]


def test_a_request_that_can_not_be_read_is_refused_as_ever() -> None:
    with faulty("stall") as mock, Client(mock) as client:
        assert client.ask(b"GARBAGE\r\n\r\n").status == 400
        assert client.has_ended()
        assert ledger(mock)["faults"] == {}


def test_a_mock_with_faults_offers_no_http_2() -> None:
    with embedded_target(Limits(), CostModel(), "ecdsa", FaultList((parse_fault("slow:0.1"),))) as target:
        context = target.fresh_context()
        assert context is not None
        context.set_alpn_protocols(["h2", "http/1.1"])
        address = (target.endpoint.host, target.endpoint.port)
        with (
            socket.create_connection(address, timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=target.endpoint.host) as secure,
        ):
            assert isinstance(secure, ssl.SSLSocket)
            assert secure.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize("kind", ["half-body", "close-unsaid"])
def test_the_client_hears_a_goodbye_inside_tls_and_waits_for_nothing_more(kind: str) -> None:
    """A server that has said goodbye may wait for the client's before it closes the socket."""
    with embedded_target(Limits(), CostModel(), "ecdsa", FaultList((parse_fault(kind),))) as target:
        assert target.context is not None
        # Nothing ends by a timeout here, as there is no watchdog: an exchange that waits would wait for ever.
        connection = TlsConnection(target.endpoint.host, target.endpoint.port, 5.0, ResponseMemo(), target.context)
        source, slice_ = RequestSource.of(Workload.of(), target.endpoint, 1), Slice(Workload.of(), 0)
        publisher = Publisher(connection)
        for _ in range(20):
            publisher.publish(source, slice_, until_ns=0)
        connection.close()
    assert {failure.kind for failure in slice_.measured.failed} <= {"lost"}
    tally = slice_.measured
    assert tally.unfinished == tally.unknown == 20 - tally.events
    assert tally.unfinished == 20 if kind == "half-body" else tally.events > 0


def test_faults_are_checked_before_anything_listens() -> None:
    done = ended_mock("--port", "0", "--fault", "reset:0.1,stal:0.1", "--fault", "close:0.2")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("wiretax: --fault: unknown fault 'stal'; one of slow, half-body, ")
    assert "(did you mean stall?)" in done.stderr
