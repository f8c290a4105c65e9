"""Names with several addresses: each is tried in order, users are spread over them, and counts stay whole."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.server import StreamServer

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Workload
from wiretax.load.client.preflight import EndpointRefusedError, preflight
from wiretax.load.client.session import Session
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock, read_ledger
from wiretax.wire.connections.target import Target, target_of
from wiretax.wire.ledger import Peer
from wiretax.wire.slices import Slice

TIMEOUT_S = 0.3
NAME = "several.test"
TRIGGER = Workload.of(payload_bytes=10)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The addresses of the name, each with its port: the ports that are asked for are ignored."""
    places: list[tuple[str, int]] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *rest: Any, **more: Any) -> list[Any]:
        if host != NAME:
            return list(real(host, port, *rest, **more))
        found: list[Any] = []
        for each in places:
            found += real(*each, type=socket.SOCK_STREAM)
        return found

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return places


@contextmanager
def answering(*hosts: str) -> Iterator[list[tuple[str, int]]]:
    """A server at each of these addresses that acknowledges all it is sent; their addresses and ports."""

    def serve(connection: Any, _: object) -> None:
        with connection:
            while connection.recv(65_536):
                connection.sendall(OK)

    with ExitStack() as closing:
        servers = [StreamServer((host, 0), serve) for host in hosts]
        for each in servers:
            each.start()
            closing.callback(each.stop)
        yield [(host, each.server_port) for host, each in zip(hosts, servers, strict=True)]


def closed(host: str) -> tuple[str, int]:
    """An address that refuses connections."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as free:
        free.bind((host, 0))
        port: int = free.getsockname()[1]
        return host, port


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """An address that accepts nothing: its backlog is full, so the kernel drops what comes."""
    with ExitStack() as closing:
        listener = closing.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(2):
            waiting = closing.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()


@contextmanager
def session(target: Target | None = None) -> Iterator[Session]:
    made = Session([target or Target(Endpoint("http", NAME, 80, DEMO))], 1, TIMEOUT_S)
    try:
        yield made
    finally:
        made.close()


def publish(session: Session, workload: Workload = TRIGGER, users: int = 1, calls: int = 1) -> list[Slice]:
    """Each user sends some calls over its own connection."""
    slices = []
    connections = [session.connect(workload) for _ in range(users)]
    for connection in connections:
        publisher, slice_ = session.publisher(connection, workload), Slice(workload, 0)
        for _ in range(calls):
            publisher.publish(session.source(workload), slice_, until_ns=0)
        slice_.settle()
        slices.append(slice_)
    for connection in connections:
        session.disconnect(connection)
    return slices


@pytest.mark.parametrize("first", ["::1", "127.0.0.2"])
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_the_next_address_is_tried_if_the_first_refuses(
    resolver: list[tuple[str, int]], first: str, connection: Any
) -> None:
    workload = TRIGGER.replace(connection=connection)
    with answering("127.0.0.1") as [place], session() as own:
        resolver += [closed(first), place]
        slices = publish(own, workload, users=3, calls=2)
        witness = own.witness()
    assert [each.measured.requests for each in slices] == [2, 2, 2]
    assert not any(each.measured.failures for each in slices)
    opened = 3 if connection == "keep-alive" else 6
    assert witness.peers == {Peer("endpoint", "127.0.0.1", 80): opened}
    assert witness.connections.opened == opened
    sent = sum(each.measured.sent_bytes for each in slices)
    assert sent == witness.sent_bytes
    if witness.tcp is not None:
        assert witness.tcp.sent == sent


def test_an_address_that_does_not_answer_takes_a_timeout_and_then_the_next_is_tried(
    resolver: list[tuple[str, int]],
) -> None:
    with silent() as nowhere, answering("127.0.0.1") as [place], session() as own:
        resolver += [nowhere, place]
        [slice_] = publish(own)
    assert (slice_.measured.requests, slice_.measured.failures) == (1, 0)


def test_a_connection_that_every_address_refuses_fails_in_one_line(resolver: list[tuple[str, int]]) -> None:
    resolver += [closed("127.0.0.1"), closed("127.0.0.2")]
    with session() as own:
        [slice_] = publish(own)
        [(failure, count)] = slice_.measured.failed.items()
        assert (failure.kind, failure.message) == ("connect", "Connection refused, at each of 2 addresses")
        assert count == 1
        with pytest.raises(EndpointRefusedError, match=r"nothing listens at http://several\.test/"):
            preflight(own, [TRIGGER], 0)


def test_users_are_spread_over_the_addresses_of_one_family(resolver: list[tuple[str, int]]) -> None:
    hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1")
    with answering(*hosts) as places, session() as own:
        resolver += places
        publish(own, users=7, calls=3)
        witness = own.witness()
    assert witness.peers == {
        Peer("endpoint", "127.0.0.1", 80): 3,
        Peer("endpoint", "127.0.0.2", 80): 2,
        Peer("endpoint", "127.0.0.3", 80): 2,
    }


def test_a_user_whose_server_ends_moves_to_another_address(resolver: list[tuple[str, int]]) -> None:
    with ExitStack() as closing, session() as own:
        [kept] = closing.enter_context(answering("127.0.0.1"))
        with answering("127.0.0.2") as [gone]:
            resolver += [gone, kept]
            connection = own.connect(TRIGGER.replace(connection="close"))
            workload = TRIGGER.replace(connection="close")
            slice_ = Slice(workload, 0)
            publisher = own.publisher(connection, workload)
            publisher.publish(own.source(workload), slice_, until_ns=0)
        gevent.sleep(0)
        publisher.publish(own.source(workload), slice_, until_ns=0)
        slice_.settle()
        own.disconnect(connection)
        assert slice_.measured.requests == 2
        assert len(own.witness().peers) == 2


def test_the_next_address_is_tried_inside_tls_too(resolver: list[tuple[str, int]], tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    with embedded_mock(Limits(), CostModel(), MockTls("ecdsa", authority)) as mock:
        resolver += [closed("::1"), (mock.host, mock.port)]
        target = target_of(Endpoint("https", NAME, mock.port, DEMO), insecure=True)
        for client in ("reference", "httpx-library"):
            with session(target) as own:
                workload = Workload.of(payload_bytes=10, client=client, tls=True)
                [slice_] = publish(own, workload, calls=2)
                assert slice_.measured.requests == 2
                assert list(own.witness().peers.values()) == [1]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_ledgers_of_all_addresses_add_up(resolver: list[tuple[str, int]], order: Sequence[int]) -> None:
    named = Endpoint("http", NAME, 80, DEMO)
    with ExitStack() as closing:
        mocks = [closing.enter_context(embedded_mock(Limits(), CostModel())) for _ in range(2)]
        for count, mock in enumerate(mocks, 1):
            with session(Target(mock)) as own:
                publish(own, calls=count)
        places = [(mock.host, mock.port) for mock in mocks]
        # One mock twice counts once, and an address that refuses is no server.
        resolver += [closed("::1"), *(places[at] for at in order), places[0]]
        ledger = read_ledger(named)
        assert ledger is not None
        assert ledger["events"] == 3
        assert "instance" not in ledger
    assert read_ledger(named) is None
