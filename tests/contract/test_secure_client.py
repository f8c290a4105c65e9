"""The client inside TLS, against the mock and against servers that are not to be trusted."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest
import trustme

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.mock.certificate import KEY_TYPES, KeyType, MockTls, server_context
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_target, read_ledger
from wiretax.wire.connections.response import ResponseMemo
from wiretax.wire.connections.target import Target, TrustError, client_context, target_of
from wiretax.wire.connections.tcp_info import AVAILABLE
from wiretax.wire.connections.tls_connection import TlsConnection
from wiretax.wire.connections.watchdog import Watchdog
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice

TIMEOUT_S = 30.0
# TLS 1.3: record head, content type, authentication tag.
RECORD_BYTES = 5 + 1 + 16
MOST_IN_RECORD = 16_384
LARGE = Workload.of("batch", 10, payload_bytes=10_000)
GOODBYE_BYTES = RECORD_BYTES + 2


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog(TIMEOUT_S)
    yield watchdog
    watchdog.stop()


@pytest.fixture(params=KEY_TYPES)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    with embedded_target(Limits(), CostModel(), request.param) as target:
        yield target


def connect(endpoint: Endpoint, context: ssl.SSLContext, watchdog: Watchdog) -> TlsConnection:
    made = TlsConnection(endpoint.host, endpoint.port, TIMEOUT_S, ResponseMemo(), context)
    watchdog.add(made)
    return made


def publish(connection: TlsConnection, endpoint: Endpoint, workload: Workload, times: int) -> Slice:
    source, slice_ = RequestSource.of(workload, endpoint, 1), Slice(workload, 0)
    publisher = Publisher(connection)
    for _ in range(times):
        publisher.publish(source, slice_, until_ns=0)
    return slice_


@pytest.mark.parametrize("workload", [Workload.of(), LARGE], ids=["small", "large"])
def test_every_byte_of_tls_is_a_records_or_the_handshakes(
    target: Target, watchdog: Watchdog, workload: Workload
) -> None:
    assert target.context is not None
    connection = connect(target.endpoint, target.context, watchdog)
    slice_ = publish(connection, target.endpoint, workload, 3)
    assert slice_.measured.events == 3 * workload.call.batch_size
    assert slice_.measured.connections == 1
    assert slice_.measured.sent_bytes == connection.sent
    connection.close()
    tls = connection.tls()
    records = 3 * -(-(slice_.measured.sent_bytes // 3) // MOST_IN_RECORD)
    assert tls.sent - tls.handshake_sent == records * RECORD_BYTES
    assert tls.received - tls.handshake_received == 3 * RECORD_BYTES
    # A ClientHello of 517 B, a change of cipher, Finished; and the goodbye.
    assert tls.handshake_sent == 597 + GOODBYE_BYTES
    assert tls.handshake_received > 1000
    if AVAILABLE:
        kernel = connection.tcp()
        assert kernel is not None
        assert kernel.sent == connection.sent + tls.sent
        assert kernel.received == connection.received + tls.received


def test_the_mock_counts_what_is_inside_tls(target: Target, watchdog: Watchdog) -> None:
    assert target.context is not None
    connection = connect(target.endpoint, target.context, watchdog)
    publish(connection, target.endpoint, Workload.of(), 5)
    ledger = read_ledger(target.endpoint, target.fresh_context())
    assert ledger is not None
    assert (ledger["request_bytes"], ledger["response_bytes"]) == (connection.sent, connection.received)
    assert ledger["requests"] == 5
    connection.close()


def test_calls_share_a_connection_as_many_as_the_workload_says(target: Target, watchdog: Watchdog) -> None:
    assert target.context is not None
    connection = connect(target.endpoint, target.context, watchdog)
    source, slice_ = (
        RequestSource.of(Workload.of(calls_per_connection=2), target.endpoint, 1),
        Slice(Workload.of(), 0),
    )

    def count(*_: object) -> None:
        slice_.open = slice_.open and heard.append(None) is None and len(heard) < 4

    heard: list[None] = []
    Publisher(connection).publish(source, slice_, listener=count)
    assert len(heard) == 4
    assert connection.opened == 2
    if AVAILABLE:
        kernel = connection.tcp()
        assert kernel is not None
        assert kernel.received == connection.received + connection.tls().received


@contextmanager
def served(serve: Callable[[socket.socket], None]) -> Iterator[Endpoint]:
    """A server of one connection, in a thread of its own."""

    def run() -> None:
        accepted, _ = listener.accept()
        with accepted:
            serve(accepted)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=run)
        thread.start()
        yield Endpoint("https", "127.0.0.1", listener.getsockname()[1], DEMO)
        thread.join(TIMEOUT_S)


def failure_of(connection: TlsConnection, endpoint: Endpoint) -> tuple[str, str]:
    slice_ = publish(connection, endpoint, Workload.of(), 1)
    (failure,) = slice_.measured.failed
    assert slice_.measured.requests == 0
    assert slice_.measured.unfinished == 1
    return failure.kind, failure.message


def test_a_certificate_of_nobody_known_is_not_taken(target: Target, watchdog: Watchdog) -> None:
    connection = connect(target.endpoint, client_context(None, insecure=False), watchdog)
    kind, message = failure_of(connection, target.endpoint)
    assert kind == "certificate"
    assert "local issuer certificate" in message or "self-signed" in message
    assert connection.sent == 0


def test_a_certificate_for_another_host_is_not_taken(tmp_path: Path, watchdog: Watchdog) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.test").configure_cert(context)
    with served(lambda accepted: shake_hands(context, accepted)) as endpoint:
        connection = connect(endpoint, client_context(tmp_path / "ca.pem", insecure=False), watchdog)
        kind, message = failure_of(connection, endpoint)
    assert kind == "certificate"
    assert "IP address mismatch" in message
    assert connection.sent == 0


def shake_hands(context: ssl.SSLContext, accepted: socket.socket) -> None:
    with suppress(OSError), context.wrap_socket(accepted, server_side=True) as secured:
        secured.recv(1000)


def test_insecure_takes_any_certificate(target: Target, watchdog: Watchdog) -> None:
    connection = connect(target.endpoint, client_context(None, insecure=True), watchdog)
    assert publish(connection, target.endpoint, Workload.of(), 1).measured.events == 1
    connection.close()


def test_a_server_that_does_not_speak_tls_is_a_failure_of_tls(watchdog: Watchdog) -> None:
    def answer(accepted: socket.socket) -> None:
        accepted.recv(1000)
        accepted.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with served(answer) as endpoint:
        kind, _ = failure_of(connect(endpoint, client_context(None, insecure=False), watchdog), endpoint)
    assert kind == "tls"


@pytest.mark.parametrize(("content", "says"), [(None, "can't be read"), ("none", "not certificates in PEM")])
def test_a_file_of_authorities_that_is_none_is_said(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(TrustError, match=says):
        client_context(file, insecure=False)


def test_trust_without_tls_is_refused() -> None:
    with pytest.raises(TrustError, match="go with https://"):
        target_of(Endpoint("http", "127.0.0.1", 80, DEMO), insecure=True)


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_the_mocks_certificate_names_loopback_and_its_host(tmp_path: Path, key_type: KeyType) -> None:
    context = server_context("mock.test", MockTls(key_type, tmp_path / "ca.pem"))
    client = client_context(tmp_path / "ca.pem", insecure=False)
    for host in ("localhost", "127.0.0.1", "::1", "mock.test"):
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends = [
            client.wrap_bio(to_client, to_server, server_hostname=host),
            context.wrap_bio(to_server, to_client, server_side=True),
        ]
        for _ in range(3):
            for end in ends:
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        assert ends[0].version() == "TLSv1.3"
