"""Connections are counted to their end: segments and IP bytes are the capture's, however a connection closes."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread
from typing import Any, NamedTuple

import pytest
from proxied import proxied
from tshark import Frame, by_stream, capturing, is_usual, read_frames

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.mock.certificate import MockTls, server_context
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import NO_FAULTS, Fault, FaultList, Kind
from wiretax.mock.process import embedded_target
from wiretax.observe.forwarding.recording import Recording
from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.response import ResponseMemo
from wiretax.wire.connections.segments import ETHERNET_MAXSEG
from wiretax.wire.connections.stream_connection import StreamConnection
from wiretax.wire.connections.target import Target, target_of
from wiretax.wire.connections.tcp_info import AVAILABLE
from wiretax.wire.connections.tls_connection import TlsConnection
from wiretax.wire.connections.watchdog import Watchdog
from wiretax.wire.counters import TcpCounters
from wiretax.wire.publishers.httpx_publisher import HttpxPublisher
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None or not AVAILABLE, reason="tshark is not installed, or no counters"
)

TIMEOUT_S = 30.0
# A server that never answers is given up after this time.
STALLED_S = 0.3
# Each of these users has a connection at a time, and sends so many calls.
USERS, CALLS = 3, 4
# How often a case is captured until one of its connections is usual.
ATTEMPTS = 5
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
KEPT, CLOSES = Workload.of(), Workload.of(connection="close")
SHARED = Workload.of(calls_per_connection=2)
LARGE = Workload.of("batch", 10, payload_bytes=10_000)


def counted(tcp: TcpCounters) -> tuple[int, int, int]:
    """Segments out and in, and the bytes of their IP packets."""
    data = tcp.sent + tcp.retransmitted + tcp.received + tcp.close_received
    return (
        tcp.segments_out + tcp.close_segments_out,
        tcp.segments_in + tcp.close_segments_in,
        data + tcp.headers_out + tcp.headers_in,
    )


def size(frames: list[Frame], server: int) -> tuple[int, int, int]:
    """The same of captured frames."""
    return (
        sum(frame.segments for frame in frames if frame.destination == server),
        sum(frame.segments for frame in frames if frame.source == server),
        sum(frame.wire_bytes for frame in frames),
    )


class Ended(NamedTuple):
    """A connection that is over: its ports, and what the client counted of it."""

    client: int
    server: int
    tcp: TcpCounters


class Case(NamedTuple):
    """One way for connections to end: those that did, and who closed how many by the client's count."""

    connections: list[Ended]
    opened: int
    closed_by_server: int
    closed_by_client: int


def noting(kind: type[Connection], ended: list[Ended], server: int) -> type[Connection]:
    """A connection that notes each socket it had, also one that did not come up."""

    class Noting(kind):  # type: ignore[valid-type, misc]
        def _end(self, connection: socket.socket) -> TcpCounters | None:
            port = connection.getsockname()[1]
            tcp: TcpCounters | None = super()._end(connection)
            assert tcp is not None
            ended.append(Ended(port, server, tcp))
            return tcp

    return Noting


def publish(target: Target, workload: Workload, times: int = CALLS, timeout_s: float = TIMEOUT_S) -> Case:
    """What several users come to that send a workload so often each, one after the other."""
    endpoint, ended = target.endpoint, list[Ended]()
    where: Any = (endpoint.host, endpoint.port, timeout_s, ResponseMemo())
    watchdog = Watchdog(timeout_s)
    counts = [0, 0, 0]
    for _ in range(USERS):
        connection: Any
        publisher: Publisher | HttpxPublisher
        if target.context is None:
            connection = noting(Connection, ended, endpoint.port)(*where, ETHERNET_MAXSEG)
            publisher = Publisher(connection)
        elif workload.transport.by_library:
            context = target.fresh_context()
            assert context is not None
            connection = noting(StreamConnection, ended, endpoint.port)(*where, context, ETHERNET_MAXSEG)
            publisher = HttpxPublisher(connection, context, endpoint, workload)
        else:
            connection = noting(TlsConnection, ended, endpoint.port)(*where, target.context, ETHERNET_MAXSEG)
            publisher = Publisher(connection)
        watchdog.add(connection)
        source, slice_ = RequestSource.of(workload, endpoint, 1), Slice(workload, 0)
        left = [None] * times

        def count(*_: object, slice_: Slice = slice_, left: list[None] = left) -> None:
            left.pop()
            slice_.open = bool(left)

        publisher.publish(source, slice_, listener=count)
        connection.close()
        watchdog.remove(connection)
        for number, name in enumerate(("opened", "closed_by_server", "closed_by_client")):
            counts[number] += getattr(connection, name)
    watchdog.stop()
    return Case(ended, *counts)


@contextmanager
def scripted(serve: Callable[[socket.socket], None], scheme: str = "http") -> Iterator[Endpoint]:
    """A server in threads that answers each connection as a test says."""
    stopping = Event()

    def run() -> None:
        while not stopping.is_set():
            with suppress(OSError):
                accepted, _ = listener.accept()
                Thread(target=answer, args=(accepted,), daemon=True).start()

    def answer(accepted: socket.socket) -> None:
        with suppress(OSError), accepted:
            serve(accepted)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Accepted sockets inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, ETHERNET_MAXSEG)
        Thread(target=run, daemon=True).start()
        yield Endpoint(scheme, "127.0.0.1", listener.getsockname()[1], DEMO)
        stopping.set()


def read_request(connection: Any) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += (more := connection.recv(65_536))
        if not more:
            raise EOFError
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)


def half_closing(connection: socket.socket) -> None:
    """Ends its side with its answer and waits for the client's end."""
    read_request(connection)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    connection.sendall(LAST)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1000):
        pass


def deaf_to_goodbyes(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    """Closes its socket with its answer, and says and awaits no close_notify."""

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True) as secured:
            read_request(secured)
            secured.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            secured.sendall(LAST)

    return serve


def faults(*kinds: Kind) -> FaultList:
    return FaultList(tuple(Fault(kind, 1 / len(kinds)) for kind in kinds))


LOST = faults("close-unsaid", "reset", "half-body", "half-reset")


Frames = dict[Ended, list[Frame]]


class Observed(NamedTuple):
    """A recording proxy: its port, and what it saw."""

    port: int
    recording: Recording


class Captured(NamedTuple):
    """All cases, the frames of each connection in them, the proxies, and all frames of the first capture."""

    cases: dict[str, Case]
    frames: Frames
    proxies: list[Observed]
    all: list[Frame]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    """Each case, and each connection's frames, all in one capture; in more if a case has no usual connection."""
    folder = tmp_path_factory.mktemp("closing")
    cases: dict[str, Case] = {}
    with ExitStack() as closing:

        def mock(tls: bool, broken: FaultList = NO_FAULTS, keep_alive: bool = True) -> Target:
            made = embedded_target(Limits(), CostModel(), "rsa" if tls else None, broken, keep_alive)
            return closing.enter_context(made)

        context = server_context("127.0.0.1", MockTls("rsa", folder / "deaf.pem"))
        plain, secure = mock(False), mock(True)
        closes, closes_secure = mock(False, keep_alive=False), mock(True, keep_alive=False)
        loses, loses_secure = mock(False, LOST), mock(True, LOST)
        stalls = mock(False, faults("stall"))
        halves = Target(closing.enter_context(scripted(half_closing)))
        deaf = closing.enter_context(scripted(deaf_to_goodbyes(context), "https"))
        deaf_target = target_of(deaf, folder / "deaf.pem")
        nobody = Target(Endpoint("http", "127.0.0.1", free_port(), DEMO))
        targets = [plain, secure, closes, closes_secure, loses, loses_secure, stalls, halves, deaf_target, nobody]
        observed = {each: closing.enter_context(proxied(each.endpoint)) for each in (plain, closes)}
        targets += [Target(endpoint) for endpoint, _ in observed.values()]
        library = Workload.of(client=LIBRARY, tls=True)
        library_2 = Workload.of(client=LIBRARY, tls=True, http="2")
        missing: list[tuple[str, Target, Workload, *tuple[Any, ...]]] = [
            ("kept", plain, KEPT),
            ("kept, large", plain, LARGE),
            ("client closes", plain, CLOSES),
            ("client closes after two calls", plain, SHARED),
            ("server closes", closes, KEPT),
            ("server closes, large", closes, LARGE),
            ("server closes before the client", closes, SHARED),
            ("server half-closes", halves, KEPT),
            ("server breaks off", loses, KEPT),
            ("TLS, kept", secure, KEPT),
            ("TLS, kept, large", secure, LARGE),
            ("TLS, client closes", secure, CLOSES),
            ("TLS, client closes after two calls", secure, SHARED),
            ("TLS, server closes", closes_secure, KEPT),
            ("TLS, server hears no goodbye", deaf_target, KEPT),
            ("TLS, server breaks off", loses_secure, KEPT),
            ("httpx, kept", secure, library),
            ("httpx, server closes", closes_secure, library),
            ("HTTP/2, kept", secure, library_2),
            ("HTTP/2, client closes", secure, library_2.replace(connection="close")),
            ("client gives up", stalls, KEPT, 1, STALLED_S),
            ("refused", nobody, KEPT, 1),
        ]
        ports = [each.endpoint.port for each in targets]
        every, streams = list[Frame](), Frames()
        for attempt in range(ATTEMPTS):
            file = folder / f"{attempt}.pcapng"
            with capturing(ports, file):
                for name, target, *sent in missing:
                    cases[name] = publish(target, *sent)
                for through, _ in () if attempt else observed.values():
                    publish(Target(through), SHARED)
            frames = read_frames(file)
            every = every or frames
            streams |= apart(frames, [each for name, *_ in missing for each in cases[name].connections])
            # A busy machine may make all connections of a case unusual.
            missing = [case for case in missing if not usual_of(cases[case[0]], streams)]
            if not missing:
                break
    proxies = [Observed(endpoint.port, recording) for endpoint, recording in observed.values()]
    return Captured(cases, streams, proxies, every)


def usual_of(case: Case, frames: Frames) -> list[Ended]:
    """Its connections that a model can know."""
    return [each for each in case.connections if is_usual(frames[each])]


def apart(frames: list[Frame], connections: list[Ended]) -> Frames:
    """Frames by connection. A port may be taken again, so connections of the same two ports follow each other."""
    by_ports: dict[tuple[int, int], list[list[Frame]]] = defaultdict(list)
    for stream in by_stream(frames):
        by_ports[stream[0].source, stream[0].destination].append(stream)
    return {each: by_ports[each.client, each.server].pop(0) for each in connections}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


CASES = (
    "kept",
    "kept, large",
    "client closes",
    "client closes after two calls",
    "server closes",
    "server closes, large",
    "server closes before the client",
    "server half-closes",
    "server breaks off",
    "TLS, kept",
    "TLS, kept, large",
    "TLS, client closes",
    "TLS, client closes after two calls",
    "TLS, server closes",
    "TLS, server hears no goodbye",
    "TLS, server breaks off",
    "httpx, kept",
    "httpx, server closes",
    "HTTP/2, kept",
    "HTTP/2, client closes",
    "client gives up",
    "refused",
)


@pytest.mark.parametrize("name", CASES)
def test_what_is_counted_is_what_was_captured(ended: Captured, name: str) -> None:
    cases, frames, *_ = ended
    usual = usual_of(cases[name], frames)
    assert usual, "every connection of this case was unusual"
    for each in usual:
        assert counted(each.tcp) == size(frames[each], each.server), [
            (">" if frame.destination == each.server else "<", frame.length, frame.ip_bytes, frame.finishes)
            for frame in frames[each]
        ]


@pytest.mark.parametrize(
    ("name", "opened", "by_server", "by_client"),
    [
        ("kept", 3, 0, 3),
        ("client closes after two calls", 6, 0, 6),
        ("server closes", 12, 12, 0),
        ("server closes before the client", 12, 12, 0),
        ("server half-closes", 12, 12, 0),
        ("TLS, kept", 3, 0, 3),
        ("TLS, client closes after two calls", 6, 0, 6),
        ("TLS, server closes", 12, 12, 0),
        ("TLS, server hears no goodbye", 12, 12, 0),
        ("httpx, kept", 3, 0, 3),
        ("httpx, server closes", 12, 12, 0),
        ("HTTP/2, kept", 3, 0, 3),
        ("HTTP/2, client closes", 12, 0, 12),
        ("client gives up", 3, 0, 3),
        ("refused", 0, 0, 0),
    ],
)
def test_who_closed_is_known(ended: Captured, name: str, opened: int, by_server: int, by_client: int) -> None:
    assert ended.cases[name][1:] == (opened, by_server, by_client)


def test_the_last_reading_leaves_little_to_the_model(ended: Captured) -> None:
    for name in CASES:
        assert ended.cases[name].connections
        for each in ended.cases[name].connections:
            assert each.tcp.close_segments_out + each.tcp.close_segments_in <= 2


@pytest.mark.parametrize("number", [0, 1], ids=["publisher closes", "server closes"])
def test_an_observed_publishers_connections_are_counted_to_their_end(ended: Captured, number: int) -> None:
    port, recording = ended.proxies[number]
    frames = [frame for frame in ended.all if port in (frame.source, frame.destination)]
    assert recording.tcp is not None
    assert recording.connections == len(by_stream(frames)) == (6, 12)[number]
    assert sum(each.by_server for each in recording.closings.values()) == (0, 12)[number]
    assert recording.tcp.close_segments_out + recording.tcp.close_segments_in <= recording.connections
    unusual = sum(not is_usual(each) for each in by_stream(frames))
    pairs = zip(counted(recording.tcp), size(frames, port), (1, 2, 150), strict=True)
    assert all(abs(mine - seen) <= most * unusual for mine, seen, most in pairs)
