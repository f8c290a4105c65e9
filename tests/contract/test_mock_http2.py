"""The mock's HTTP/2: the same rules and the same ledger, on the port that speaks TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from hyperframe.frame import HeadersFrame
from mock_client import BATCH, EVENTS, TIMEOUT_S, batch_body, batch_item, signed_target, trigger_body

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.ledger import LEDGER_PATH, difference
from wiretax.mock.process import embedded_mock, read_ledger
from wiretax.wire.connections.target import Target, target_of

MOST_BYTES = 1_048_576 + 6 * 10 * 10_240


@pytest.fixture(scope="module", params=[CostModel(), CostModel(rtt=0.02)], ids=["free", "delayed"])
def secure_mock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    authority = tmp_path_factory.mktemp("authority") / "ca.pem"
    with embedded_mock(Limits(), request.param, MockTls("ecdsa", authority)) as endpoint:
        yield target_of(endpoint, Path(authority))


class Client:
    """One HTTP/2 connection, its bytes counted inside TLS, its answers kept by stream.

    Attributes:
        sent: bytes handed to TLS.
        received: bytes taken from it.
        statuses: of the answers, by stream.
        bodies: what came of them.
        ended: streams whose answers are whole, in the order they became so.
        resets: why streams were reset by the mock.
        goodbye: the error of its GOAWAY; None as long as there was none.
    """

    def __init__(self, target: Target) -> None:
        assert target.context is not None
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection((target.endpoint.host, target.endpoint.port), timeout=TIMEOUT_S)
        self._socket = context.wrap_socket(plain, server_hostname=target.endpoint.host)
        assert self._socket.selected_alpn_protocol() == "h2"
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.sent = self.received = 0
        self.statuses: dict[int, int] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: list[int] = []
        self.resets: dict[int, int] = {}
        self.goodbye: int | None = None
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def flush(self) -> None:
        self.send_raw(self.h2.data_to_send())

    def send_raw(self, data: bytes) -> None:
        self._socket.sendall(data)
        self.sent += len(data)

    def begin(self, target: str, method: str = "POST", end: bool = False, **fields: str) -> int:
        """Send a head; the stream."""
        stream = self.h2.get_next_available_stream_id()
        head = {":method": method, ":scheme": "https", ":authority": "mock.test", ":path": target, **fields}
        self.h2.send_headers(stream, list(head.items()), end_stream=end)
        self.flush()
        return stream

    def post(self, target: str, body: bytes) -> int:
        """Send a whole request; the stream."""
        stream = self.begin(target)
        self.send_body(stream, body)
        return stream

    def send_body(self, stream: int, body: bytes) -> None:
        """Send a body as the mock's window allows, until it is out or the mock does not want more."""
        while body and stream not in self.resets:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if not room:
                self.read()
                continue
            self.h2.send_data(stream, body[:room], end_stream=len(body) <= room)
            body = body[room:]
            self.flush()

    def read(self) -> None:
        """Take what the mock says next."""
        data = self._socket.recv(65_536)
        self.received += len(data)
        assert data, "the mock closed the connection"
        events = self.h2.receive_data(data)
        for event in events:
            match event:
                case ResponseReceived():
                    self.statuses[event.stream_id] = int(dict(event.headers)[":status"])
                case DataReceived():
                    self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case StreamEnded():
                    self.ended.append(event.stream_id)
                case StreamReset():
                    self.resets[event.stream_id] = event.error_code
                case ConnectionTerminated():
                    self.goodbye = event.error_code
                case _:
                    pass
        self.flush()

    def has_ended(self) -> bool:
        """Whether the mock closes the connection after what it has to say."""
        while self._socket.recv(65_536):
            pass
        return True

    def wait(self, *streams: int) -> None:
        """Read until these streams are answered."""
        while not set(streams) <= set(self.ended):
            self.read()


@pytest.fixture
def client(secure_mock: Target) -> Iterator[Client]:
    with Client(secure_mock) as client:
        yield client


def ledger(target: Target) -> dict[str, Any]:
    read = read_ledger(target.endpoint, target.context)
    assert read is not None
    return read


def test_httpx_publishes_over_http_2(secure_mock: Target) -> None:
    before = ledger(secure_mock)
    endpoint = secure_mock.endpoint
    assert secure_mock.context is not None
    with httpx.Client(http2=True, verify=secure_mock.context, trust_env=False) as client:
        for path, body in ((EVENTS, trigger_body()), (BATCH, batch_body(batch_item(), batch_item()))):
            answer = client.post(f"https://{endpoint.authority}{signed_target(path, body)}", content=body)
            assert (answer.http_version, answer.status_code, answer.content) == ("HTTP/2", 200, b"{}")
    counted = difference(ledger(secure_mock), before)
    assert (counted["requests"], counted["events"], counted["connections"]) == (2, 3, 1)


def test_the_ledger_counts_a_clients_bytes(secure_mock: Target) -> None:
    before = ledger(secure_mock)
    with Client(secure_mock) as client:
        for body in (trigger_body(), trigger_body(data="é" * 1000)):
            client.wait(client.post(signed_target(EVENTS, body), body))
        counted = difference(ledger(secure_mock), before)
        assert (counted["request_bytes"], counted["response_bytes"]) == (client.sent, client.received)
    assert (counted["requests"], counted["events"], counted["messages"], counted["connections"]) == (2, 2, 2, 1)


def test_the_ledger_can_be_read_over_http_2_and_that_is_not_counted(secure_mock: Target, client: Client) -> None:
    before = ledger(secure_mock)
    stream = client.begin(LEDGER_PATH.decode(), method="GET", end=True)
    client.wait(stream)
    assert client.statuses[stream] == 200
    assert b'"request_bytes"' in client.bodies[stream]
    after = ledger(secure_mock)
    assert after["requests"] == before["requests"]


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [({"secret": "wrong"}, 401, "signature"), ({"auth_timestamp": "1"}, 401, "timestamp")],
)
def test_what_the_rules_refuse_is_refused_and_the_connection_goes_on(
    secure_mock: Target, client: Client, changes: dict[str, Any], status: int, reason: str
) -> None:
    before = ledger(secure_mock)
    body = trigger_body()
    refused = client.post(signed_target(EVENTS, body, **changes), body)
    taken = client.post(signed_target(EVENTS, body), body)
    client.wait(refused, taken)
    assert (client.statuses[refused], client.statuses[taken]) == (status, 200)
    counted = difference(ledger(secure_mock), before)
    assert (counted["requests"], counted["events"], counted["rejected"]) == (2, 1, {reason: 1})


def test_questions_are_answered_between_events(secure_mock: Target, client: Client) -> None:
    before = ledger(secure_mock)
    path, body = f"/apps/{DEMO.app_id}/channels/presence-c/users", trigger_body()
    asked = client.begin(signed_target(path, b"", method="GET", body_md5=None), method="GET", end=True)
    taken = client.post(signed_target(EVENTS, body), body)
    ended = f"/apps/{DEMO.app_id}/users/u/terminate_connections"
    ended_by = client.post(signed_target(ended, b"{}"), b"{}")
    client.wait(asked, taken, ended_by)
    assert [client.bodies[each] for each in (asked, taken, ended_by)] == [b'{"users":[]}', b"{}", b"{}"]
    counted = difference(ledger(secure_mock), before)
    assert (counted["requests"], counted["events"], counted["rejected"]) == (3, 1, {})


def test_two_streams_at_once_are_both_answered(secure_mock: Target, client: Client) -> None:
    before = ledger(secure_mock)
    body = trigger_body()
    first, second = client.begin(signed_target(EVENTS, body)), client.begin(signed_target(EVENTS, body))
    client.send_body(second, body)
    client.wait(second)
    assert first not in client.ended
    client.send_body(first, body)
    client.wait(first)
    assert {client.statuses[first], client.statuses[second]} == {200}
    assert difference(ledger(secure_mock), before)["events"] == 2


def test_a_body_larger_than_the_window_goes_through(client: Client) -> None:
    body = batch_body(*(batch_item(data="x" * 10_000) for _ in range(10)))
    stream = client.post(signed_target(BATCH, body), body)
    client.wait(stream)
    assert client.statuses[stream] == 200


def test_a_body_over_the_bound_is_refused_before_its_end(secure_mock: Target, client: Client) -> None:
    before = ledger(secure_mock)
    body = b"x" * (MOST_BYTES + 200_000)
    stream = client.post(signed_target(EVENTS, body), body)
    client.wait(stream)
    assert client.statuses[stream] == 413
    assert client.resets[stream] == ErrorCodes.NO_ERROR
    assert difference(ledger(secure_mock), before)["rejected"] == {"body_bytes": 1}
    small = trigger_body()
    after = client.post(signed_target(EVENTS, small), small)
    client.wait(after)
    assert client.statuses[after] == 200


def test_a_body_that_crosses_the_bound_with_its_end_is_refused(secure_mock: Target, client: Client) -> None:
    before = ledger(secure_mock)
    stream = client.post(signed_target(EVENTS, b""), b"x" * (MOST_BYTES + 1))
    client.wait(stream)
    assert client.statuses[stream] == 413
    assert difference(ledger(secure_mock), before)["rejected"] == {"body_bytes": 1}
    assert_usable(client)


@pytest.mark.parametrize("end", [False, True], ids=["with more to come", "whole"])
def test_a_head_just_over_the_bound_is_refused(secure_mock: Target, client: Client, end: bool) -> None:
    before = ledger(secure_mock)
    stream = client.begin(EVENTS, end=end, **{"x-long": "x" * 16_400})
    client.wait(stream)
    assert client.statuses[stream] == 431
    assert difference(ledger(secure_mock), before)["rejected"] == {"head_bytes": 1}
    assert_usable(client)


def assert_usable(client: Client) -> None:
    body = trigger_body()
    stream = client.post(signed_target(EVENTS, body), body)
    client.wait(stream)
    assert client.statuses[stream] == 200


def test_requests_before_a_bad_frame_are_answered_first(secure_mock: Target, client: Client) -> None:
    before = ledger(secure_mock)
    stream = client.h2.get_next_available_stream_id()
    head = {":method": "GET", ":scheme": "https", ":authority": "mock.test", ":path": "/nowhere"}
    client.h2.send_headers(stream, list(head.items()), end_stream=True)
    client.send_raw(client.h2.data_to_send() + b"\x00\x00\x01\x06\x00\x00\x00\x00\x00\x00")
    while client.goodbye is None:
        client.read()
    assert difference(ledger(secure_mock), before)["rejected"] == {"path": 1, "http": 1}


def test_a_head_over_the_bound_is_not_taken(secure_mock: Target, client: Client) -> None:
    before = ledger(secure_mock)
    body = trigger_body()
    client.begin(signed_target(EVENTS, body), **{"x-long": "x" * 20_000})
    while not (client.statuses or client.goodbye is not None):
        client.read()
    assert client.goodbye == ErrorCodes.ENHANCE_YOUR_CALM or 431 in client.statuses.values()
    assert difference(ledger(secure_mock), before)["requests"] == 1


def test_a_stream_that_its_client_resets_is_forgotten(secure_mock: Target, client: Client) -> None:
    before = ledger(secure_mock)
    body = trigger_body()
    left = client.begin(signed_target(EVENTS, body))
    client.h2.reset_stream(left)
    client.flush()
    stream = client.post(signed_target(EVENTS, body), body)
    client.wait(stream)
    assert left not in client.statuses
    assert difference(ledger(secure_mock), before)["requests"] == 1


def test_an_answer_waits_for_the_clients_window(client: Client) -> None:
    client.h2.update_settings({4: 0})  # SETTINGS_INITIAL_WINDOW_SIZE
    client.flush()
    body = trigger_body()
    stream = client.post(signed_target(EVENTS, body), body)
    while stream not in client.statuses:
        client.read()
    assert stream not in client.bodies
    client.h2.increment_flow_control_window(100, stream)
    client.flush()
    client.wait(stream)
    assert client.bodies[stream] == b"{}"


def test_what_is_not_http_2_ends_the_connection_with_a_reason(secure_mock: Target, client: Client) -> None:
    before = ledger(secure_mock)
    client.send_raw(b"\x00\x00\x01\x06\x00\x00\x00\x00\x00\x00")  # a PING of one byte
    while client.goodbye is None:
        client.read()
    assert client.goodbye == ErrorCodes.FRAME_SIZE_ERROR
    assert difference(ledger(secure_mock), before)["rejected"] == {"http": 1}


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [("host", "mock.test"), ("host", "mock.test")],
        [(":authority", "mock.test"), ("host", "mock.test"), ("host", "mock.test")],
        [(":authority", "mock.test"), ("host", "another.test")],
    ],
    ids=["none", "two", "two and the authority", "another than the authority"],
)
def test_a_request_has_one_host(secure_mock: Target, client: Client, hosts: list[tuple[str, str]]) -> None:
    before = ledger(secure_mock)
    stream = client.h2.get_next_available_stream_id()
    head = [(":method", "GET"), (":scheme", "https"), (":path", "/nowhere"), *hosts]
    block = client.h2.encoder.encode(sorted(head, key=lambda field: not field[0].startswith(":")))
    client.send_raw(HeadersFrame(stream, block, flags=["END_HEADERS", "END_STREAM"]).serialize())
    while client.goodbye is None:
        client.read()
    assert client.goodbye == ErrorCodes.PROTOCOL_ERROR
    assert difference(ledger(secure_mock), before)["rejected"] == {"http": 1}


def test_a_host_in_place_of_the_authority_is_one(client: Client) -> None:
    stream = client.h2.get_next_available_stream_id()
    head = [(":method", "GET"), (":scheme", "https"), (":path", "/nowhere"), ("host", "mock.test")]
    client.h2.send_headers(stream, head, end_stream=True)
    client.flush()
    client.wait(stream)
    assert client.statuses[stream] == 404


def test_a_client_that_says_goodbye_is_let_go_and_the_mock_goes_on(secure_mock: Target, client: Client) -> None:
    client.h2.close_connection()
    client.flush()
    assert client.has_ended()
    with Client(secure_mock) as other:
        body = trigger_body()
        other.wait(other.post(signed_target(EVENTS, body), body))


def test_a_request_taken_back_in_the_same_breath_does_no_harm(client: Client) -> None:
    body = trigger_body()
    head = [(":method", "POST"), (":scheme", "https"), (":authority", "mock.test"), (":path", "/nowhere")]
    taken_back = client.h2.get_next_available_stream_id()
    client.h2.send_headers(taken_back, head, end_stream=True)
    client.h2.reset_stream(taken_back)
    client.flush()
    stream = client.post(signed_target(EVENTS, body), body)
    client.wait(stream)
    assert (client.statuses[stream], taken_back in client.statuses) == (200, False)
