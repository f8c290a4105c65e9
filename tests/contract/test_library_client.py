"""The real httpx on our own connection, against the mock and against servers that misbehave."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from gzip import compress
from pathlib import Path
from time import time
from typing import Any

import gevent
import httpx
import pytest
import trustme
from gevent.event import Event
from gevent.server import StreamServer
from gevent.ssl import SSLContext

from wiretax.channels.answers import UNDECODED
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.ledger import difference
from wiretax.mock.process import embedded_mock, read_ledger
from wiretax.runs.record import RunRecord
from wiretax.runs.writer import latency_table
from wiretax.wire.connections.response import MAX_RESPONSE_BYTES, ResponseMemo
from wiretax.wire.connections.stream_connection import StreamConnection
from wiretax.wire.connections.target import Target, target_of
from wiretax.wire.connections.watchdog import Watchdog
from wiretax.wire.ledger import Failure
from wiretax.wire.publishers.httpx_publisher import HttpxPublisher
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice

TIMEOUT_S = 0.5
TOO_LONG = f"a response of more than {MAX_RESPONSE_BYTES} bytes"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BOTH = pytest.mark.parametrize("http", ["1.1", "2"])


class User:
    """One user of the library, and what it measured."""

    def __init__(self, target: Target, watchdog: Watchdog, workload: Workload) -> None:
        context = target.fresh_context()
        assert context is not None
        endpoint = target.endpoint
        self.connection = StreamConnection(endpoint.host, endpoint.port, TIMEOUT_S, ResponseMemo(), context)
        self.publisher = HttpxPublisher(self.connection, context, endpoint, workload)
        self.source = RequestSource.of(workload, endpoint, 1)
        self.slice_ = Slice(workload, 0)
        watchdog.add(self.connection)

    def send(self, times: int = 1) -> Slice:
        for _ in range(times):
            self.publisher.publish(self.source, self.slice_, until_ns=0)
        self.slice_.settle()
        return self.slice_

    def witnesses_agree(self) -> bool:
        """The parts add up to what the connection carried, and with TLS to what the kernel did."""
        tallies = (self.slice_.measured, self.slice_.boundary)
        sent = sum(tally.sent_bytes for tally in tallies)
        received = sum(tally.received_bytes for tally in tallies)
        kernel, tls = self.connection.tcp(), self.connection.tls()
        if kernel is not None:
            assert kernel.sent == self.connection.sent + tls.sent
            unread = kernel.received - self.connection.received - tls.received
            assert unread == 0 or (unread > 0 and sum(tally.unfinished for tally in tallies))
        return (sent, received) == (self.connection.sent, self.connection.received)


def workload(http: str = "2", **more: Any) -> Workload:
    return Workload.of(client=LIBRARY, http=http, tls=True, **more)


@pytest.fixture(scope="module")
def secure_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    authority = tmp_path_factory.mktemp("authority") / "ca.pem"
    with embedded_mock(Limits(), CostModel(), MockTls("ecdsa", authority)) as endpoint:
        yield target_of(endpoint, Path(authority))


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog(TIMEOUT_S)
    yield watchdog
    for connection in watchdog._connections:
        connection.close()
    watchdog.stop()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Target]]:
    """Starts a server inside TLS that treats each connection as a function says."""
    servers: list[StreamServer] = []

    def start(treat: Callable[[Any], None], alpn: tuple[str, ...] = ("h2", "http/1.1")) -> Target:
        authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        context = SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA).configure_cert(context)
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        context.set_alpn_protocols(alpn)

        def handle(connection: Any, _: object) -> None:
            treat(connection)

        server = StreamServer(("127.0.0.1", 0), handle, ssl_context=context)
        server.start()
        servers.append(server)
        return target_of(Endpoint("https", "127.0.0.1", server.server_port, DEMO), tmp_path / "ca.pem")

    yield start
    for server in servers:
        server.stop(timeout=1)


@BOTH
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize(("api", "size"), [("trigger", 1), ("batch", 10)])
def test_all_witnesses_agree(
    secure_mock: Target, watchdog: Watchdog, http: str, connection: Any, api: Any, size: int
) -> None:
    before = read_ledger(secure_mock.endpoint, secure_mock.context)
    user = User(secure_mock, watchdog, workload(http, api=api, batch_size=size, connection=connection))
    measured = user.send(30).measured
    user.connection.close()
    assert (measured.requests, measured.events, measured.failures) == (30, 30 * size, 0)
    assert measured.connections == (30 if connection == "close" else 1)
    assert user.witnesses_agree()
    after = read_ledger(secure_mock.endpoint, secure_mock.context)
    assert before is not None
    assert after is not None
    counted = difference(after, before)
    assert (counted["request_bytes"], counted["response_bytes"]) == (measured.sent_bytes, measured.received_bytes)
    assert (counted["requests"], counted["events"]) == (30, 30 * size)


def test_its_http_1_1_is_the_profile_httpx_to_the_byte(secure_mock: Target, watchdog: Watchdog) -> None:
    measured = User(secure_mock, watchdog, workload("1.1")).send().measured
    head = RequestHead(secure_mock.endpoint, load_profile("httpx"), "trigger", "keep-alive")
    sizes = head.sizes(measured.body_bytes)
    assert measured.request_line_bytes == sizes.request_line
    assert measured.auth_query_bytes == sizes.auth_query
    assert measured.header_bytes == sizes.headers


def test_its_http_2_is_that_of_a_client_of_httpx_alone(secure_mock: Target, watchdog: Watchdog) -> None:
    counted = []
    user = User(secure_mock, watchdog, workload())
    assert secure_mock.context is not None
    for publish in (user.send, lambda: plain_httpx(secure_mock, user.source)):
        before = read_ledger(secure_mock.endpoint, secure_mock.context)
        publish()
        after = read_ledger(secure_mock.endpoint, secure_mock.context)
        assert before is not None
        assert after is not None
        counted.append(difference(after, before))
    # Huffman's code makes two digests differ by a few bytes; all else is the same.
    assert counted[0]["request_bytes"] == pytest.approx(counted[1]["request_bytes"], abs=12)
    assert counted[0]["response_bytes"] == counted[1]["response_bytes"]


def plain_httpx(target: Target, source: RequestSource) -> None:
    headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip, deflate"}
    body = source.next_body()
    url = f"https://{target.endpoint.authority}{source.head.target(body, int(time())).decode()}"
    with httpx.Client(
        http2=True, verify=target.fresh_context() or True, headers=headers, trust_env=False
    ) as client:
        assert client.post(url, content=body).status_code == 200


def test_a_later_call_costs_less_than_the_first(secure_mock: Target, watchdog: Watchdog) -> None:
    user = User(secure_mock, watchdog, workload())
    first = user.send().measured.counts()
    both = user.send().measured.counts()
    later = {name: both[name] - first[name] for name in first}
    assert later["header_bytes"] < first["header_bytes"]
    assert later["framing_sent_bytes"] < first["framing_sent_bytes"]
    assert later["auth_query_bytes"] > 100


def test_a_body_larger_than_the_window_is_counted_to_the_byte(secure_mock: Target, watchdog: Watchdog) -> None:
    user = User(secure_mock, watchdog, workload(api="batch", batch_size=10, payload_bytes=10_000))
    assert user.send(3).measured.events == 30
    assert user.witnesses_agree()


@BOTH
def test_a_refusal_is_a_failure_with_the_servers_words(secure_mock: Target, watchdog: Watchdog, http: str) -> None:
    user = User(secure_mock, watchdog, workload(http, api="batch", batch_size=11))
    ((failure, count),) = user.send().measured.failed.items()
    assert (failure.kind, failure.status, count) == ("rejected", 400, 1)
    assert failure.message
    assert user.witnesses_agree()


@BOTH
def test_a_server_that_says_nothing_is_a_timeout(
    serve: Callable[..., Target], watchdog: Watchdog, http: str
) -> None:
    def listen(connection: Any) -> None:
        while connection.recv(65_536):
            pass

    user = User(serve(listen), watchdog, workload(http))
    measured = user.send().measured
    ((failure, _),) = measured.failed.items()
    assert (failure.kind, failure.message) == ("timeout", "no answer within 0.5 s")
    assert measured.unfinished_sent_bytes > 200
    assert user.witnesses_agree()


@BOTH
def test_a_server_that_closes_is_a_loss(serve: Callable[..., Target], watchdog: Watchdog, http: str) -> None:
    def leave(connection: Any) -> None:
        connection.recv(65_536)
        connection.close()

    user = User(serve(leave), watchdog, workload(http))
    ((failure, _),) = user.send().measured.failed.items()
    assert failure.kind == "lost"
    assert user.witnesses_agree()


@pytest.mark.parametrize(("answer", "counted"), [(OK, (1, 0)), (OK[:-1], (0, 1))])
def test_a_call_that_ends_after_its_slice_counts_in_the_latency_of_the_slice(
    serve: Callable[..., Target], watchdog: Watchdog, answer: bytes, counted: tuple[int, int]
) -> None:
    def reply(connection: Any) -> None:
        connection.recv(65_536)
        user.slice_.close()
        connection.sendall(answer)
        while connection.recv(65_536):
            pass

    user = User(serve(reply), watchdog, workload("1.1"))
    assert not user.send().measured.requests
    record = RunRecord()
    record.add(user.slice_, 1)
    assert [(each["count"], each["censored"]) for each in latency_table(record).to_pylist()] == [counted]


@BOTH
def test_what_is_not_http_is_malformed(serve: Callable[..., Target], watchdog: Watchdog, http: str) -> None:
    def babble(connection: Any) -> None:
        connection.recv(65_536)
        connection.sendall(b"\x00\x00\x01\x06\x00\x00\x00\x00\x00\x00 this is neither\r\n\r\n")
        while connection.recv(65_536):
            pass

    user = User(serve(babble), watchdog, workload(http))
    ((failure, _),) = user.send().measured.failed.items()
    assert failure.kind == "malformed"
    assert user.witnesses_agree()


@pytest.mark.parametrize(
    ("content", "coding", "failure"),
    [
        (compress(b"{}"), "gzip", None),
        (compress(b'{"error":"no","code":400}'), "GZIP", Failure("error_body", 400, "no")),
        (
            compress(bytes(5_000_000)),
            "gzip",
            Failure("unreadable", 200, f"{UNDECODED}: its gzip data has more than 1,048,576 bytes once decoded"),
        ),
        (b"{}", "lzma", None),
        (bytes(MAX_RESPONSE_BYTES), "identity", Failure("malformed", 0, f"ResponseError: {TOO_LONG}")),
    ],
    ids=["gzip", "error", "bomb", "unknown", "long"],
)
def test_a_compressed_response_is_understood_up_to_a_bound(
    serve: Callable[..., Target], watchdog: Watchdog, content: bytes, coding: str, failure: Failure | None
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(content)}\r\n\r\n"

    def reply(connection: Any) -> None:
        connection.recv(65_536)
        with suppress(OSError):
            connection.sendall(head.encode() + content)
            while connection.recv(65_536):
                pass

    user = User(serve(reply), watchdog, workload("1.1"))
    measured = user.send().measured
    if coding == "lzma":
        [found] = measured.failed
        assert (found.kind, found.message.partition(":")[0]) == ("unreadable", UNDECODED)
    else:
        assert list(measured.failed) == ([] if failure is None else [failure])
    assert user.witnesses_agree()


def test_a_server_without_http_2_is_said_so(serve: Callable[..., Target], watchdog: Watchdog) -> None:
    target = serve(lambda connection: connection.recv(1), alpn=("http/1.1",))
    ((failure, _),) = User(target, watchdog, workload()).send().measured.failed.items()
    assert (failure.kind, "does not offer h2" in failure.message) == ("alpn", True)


def test_a_certificate_of_nobody_is_not_trusted(secure_mock: Target, watchdog: Watchdog) -> None:
    stranger = Target(secure_mock.endpoint, context=ssl.create_default_context())
    ((failure, _),) = User(stranger, watchdog, workload()).send().measured.failed.items()
    assert failure.kind == "certificate"


@BOTH
def test_a_user_killed_in_an_exchange_leaves_no_byte_uncounted(
    serve: Callable[..., Target], watchdog: Watchdog, http: str
) -> None:
    asked = Event()

    def listen(connection: Any) -> None:
        while connection.recv(65_536):
            asked.set()

    user = User(serve(listen), watchdog, workload(http))
    greenlet = gevent.spawn(user.send)
    assert asked.wait(30)
    greenlet.kill()
    measured = user.slice_.measured
    assert (measured.unfinished, measured.failures) == (1, 0)
    assert user.witnesses_agree()
