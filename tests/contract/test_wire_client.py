"""The client against servers that misbehave: every way an exchange can end, none of them silent."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent.server import StreamServer

from wiretax.channels.bodies.events import Event
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.workload import Workload
from wiretax.runs.record import RunRecord
from wiretax.runs.writer import latency_table
from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.response import ResponseMemo
from wiretax.wire.connections.tcp_info import AVAILABLE
from wiretax.wire.connections.watchdog import Watchdog
from wiretax.wire.publishers.caller import Caller
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.publishers.sample import Sample
from wiretax.wire.slices import Slice

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
TIMEOUT_S = 0.3

Reply = Callable[[Any, int], None]


class ScriptedServer:
    """Answers each request as the script says, and keeps all that it read."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.received = 0
        self.connections = 0
        self.requests = 0
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()
        self.port: int = self._server.server_port

    def _serve(self, connection: Any, _: object) -> None:
        self.connections += 1
        with connection:
            while self._read_request(connection):
                self.requests += 1
                try:
                    self._reply(connection, self.requests)
                except OSError:
                    return

    def _read_request(self, connection: Any) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := self._receive(connection)):
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            if not (more := self._receive(connection)):
                return False
            body += more
        return True

    def _receive(self, connection: Any) -> bytes:
        try:
            data: bytes = connection.recv(65_536)
        except OSError:
            return b""
        self.received += len(data)
        return data

    def stop(self) -> None:
        self._server.stop(timeout=1)


class User:
    """One user's connection to a server, and what it measured."""

    def __init__(self, port: int, watchdog: Watchdog, workload: Workload) -> None:
        endpoint = Endpoint("http", "127.0.0.1", port, DEMO)
        self.connection = Connection("127.0.0.1", port, TIMEOUT_S, ResponseMemo())
        self.source = RequestSource.of(workload, endpoint, 1)
        self.slice_ = Slice(workload, 0)
        watchdog.add(self.connection)

    def send(self, times: int = 1) -> Slice:
        for _ in range(times):
            Publisher(self.connection).publish(self.source, self.slice_, until_ns=0)
        self.slice_.settle()
        return self.slice_

    def witnesses_agree(self) -> bool:
        """The parts add up to what the socket saw."""
        tallies = (self.slice_.measured, self.slice_.boundary)
        sent = sum(tally.sent_bytes for tally in tallies)
        received = sum(tally.received_bytes for tally in tallies)
        kernel = self.connection.tcp()
        if kernel is not None:
            # The kernel may hold what was never sent, and have received what was never read.
            unsent = self.connection.sent - kernel.sent
            unread = kernel.received - self.connection.received
            unfinished = sum(tally.unfinished for tally in tallies)
            assert 0 <= unsent <= sum(tally.unfinished_sent_bytes for tally in tallies)
            assert unread == 0 or (unread > 0 and unfinished)
        return (sent, received) == (self.connection.sent, self.connection.received)


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog(TIMEOUT_S)
    yield watchdog
    watchdog.stop()


@pytest.fixture
def serve(watchdog: Watchdog) -> Iterator[Callable[..., tuple[ScriptedServer, User]]]:
    made: list[tuple[ScriptedServer, User]] = []

    def start(reply: Reply, workload: Workload | None = None) -> tuple[ScriptedServer, User]:
        server = ScriptedServer(reply)
        made.append((server, User(server.port, watchdog, workload or Workload.of())))
        return made[-1]

    yield start
    for server, user in made:
        user.connection.close()
        server.stop()


def reset(connection: Any) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


def send(data: bytes) -> Reply:
    return lambda connection, _: connection.sendall(data)


def in_pieces(connection: Any, _: int) -> None:
    for position in range(len(OK)):
        connection.sendall(OK[position : position + 1])
        gevent.sleep(0)


def send_and_close(data: bytes) -> Reply:
    def reply(connection: Any, _: int) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)

    return reply


def test_a_connection_is_kept_and_every_byte_is_counted(serve: Any) -> None:
    server, user = serve(send(OK))
    slice_ = user.send(5)
    assert (slice_.measured.requests, slice_.measured.events, slice_.measured.failures) == (5, 5, 0)
    assert (server.connections, slice_.measured.connections) == (1, 1)
    assert slice_.measured.sent_bytes == server.received
    assert slice_.measured.received_bytes == 5 * len(OK)
    assert slice_.measured.latency.total == 5
    if AVAILABLE:
        assert slice_.tcp is not None
        assert (slice_.tcp.sent, slice_.tcp.received) == (server.received, 5 * len(OK))
        # A segment each way for each of five exchanges, and the handshake; acknowledgements ride along or not.
        assert slice_.tcp.segments_out >= 6
    assert user.witnesses_agree()


@pytest.mark.parametrize(
    "reply",
    [
        in_pieces,
        send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        send(b"HTTP/1.1 100 Continue\r\n\r\n" + OK),
        send(OK.replace(b"Content-Length: 2", b"Content-Length: 20000") + b" " * 19_998),
    ],
)
def test_any_honest_framing_is_read(serve: Any, reply: Reply) -> None:
    server, user = serve(reply)
    slice_ = user.send(3)
    assert (slice_.measured.events, slice_.measured.failures, server.connections) == (3, 0, 1)
    assert user.witnesses_agree()


@pytest.mark.parametrize(
    "reply",
    [
        send_and_close(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"),
        send_and_close(b"HTTP/1.1 200 OK\r\n\r\n{}"),
        send_and_close(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    ],
)
def test_a_server_that_closes_costs_a_connection_a_call_and_no_failure(serve: Any, reply: Reply) -> None:
    server, user = serve(reply)
    slice_ = user.send(3)
    assert (slice_.measured.events, slice_.measured.failures) == (3, 0)
    assert (server.connections, slice_.measured.connections) == (3, 3)
    assert user.witnesses_agree()


def test_a_workload_that_closes_opens_a_connection_a_call(serve: Any) -> None:
    closing = send_and_close(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
    server, user = serve(closing, Workload.of(connection="close"))
    user.send(3)
    assert server.connections == 3


@pytest.mark.parametrize(("client", "says_so"), [("python-aiohttp", False), ("python-tornado", True)])
def test_a_library_that_closes_opens_a_connection_a_call_whatever_it_says(
    serve: Any, client: str, says_so: bool
) -> None:
    server, user = serve(send(OK), Workload.of(client=client, connection="close"))
    head = user.source.head.render(b"{}", 1_795_479_409)
    slice_ = user.send(3)
    assert (server.connections, slice_.measured.connections, slice_.measured.events) == (3, 3, 3)
    assert (b"Connection: close\r\n" in head) == says_so
    assert user.witnesses_agree()


@pytest.mark.parametrize(
    ("reply", "kind", "status"),
    [
        (send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno!"), "rejected", 401),
        (send(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), "rejected", 500),
        (send(b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"error":"no","code":413}'), "error_body", 413),
        (send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), "unreadable", 200),
        (send(b"SSH-2.0-OpenSSH_9.2\r\n"), "malformed", 0),
        (send(OK + OK), "malformed", 0),
        (send(b""), "timeout", 0),
        (send(OK[:-1]), "timeout", 0),
        (send_and_close(b""), "lost", 0),
        (send_and_close(OK[:-1]), "lost", 0),
        (lambda connection, _: reset(connection), "lost", 0),
    ],
)
def test_each_way_to_fail_is_a_kind_of_its_own(serve: Any, reply: Reply, kind: str, status: int) -> None:
    server, user = serve(reply)
    slice_ = user.send(2)
    assert (slice_.measured.events, slice_.measured.failures) == (0, 2)
    ((failure, count),) = slice_.measured.failed.items()
    assert (failure.kind, failure.status, count) == (kind, status, 2)
    assert failure.message
    assert slice_.measured.latency.total == 0
    # How long an acknowledgement would have taken is not known, but it is at least this.
    assert slice_.measured.latency.censored.sum() == 2
    assert user.witnesses_agree()
    # Two exchanges, two requests: what was lost was not sent again.
    assert server.requests == 2


SOKETI = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
SOCKUDO_BUSY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 21\r\n\r\n"
REVERB = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nContent-Length: 36\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "kind", "status", "says", "retry_after"),
    [
        (
            send_and_close(SOKETI + b'Content-Length: 33\r\n\r\n{"error":"Rate limit","code":429}'),
            "error_body",
            429,
            "Rate limit",
            "",
        ),
        (send(SOCKUDO_BUSY + b'{"error":"Slow down"}'), "rejected", 429, "Slow down", "60"),
        (
            send(REVERB + b"Authentication signature is invalid."),
            "rejected",
            401,
            "Authentication signature is invalid.",
            "",
        ),
    ],
    ids=["soketi", "sockudo", "Reverb"],
)
def test_each_servers_no_is_heard_with_its_words_and_what_it_asks_for(
    serve: Any, reply: Reply, kind: str, status: int, says: str, retry_after: str
) -> None:
    _, user = serve(reply)
    heard: list[tuple[str, str, str]] = []
    publisher = Publisher(
        user.connection,
        lambda workload, response: heard.append((workload.name, response.answer.message, response.retry_after)),
    )
    publisher.publish(user.source, user.slice_, until_ns=0)
    # Again: an answer seen before is recognised by its bytes, and means the same.
    publisher.publish(user.source, user.slice_, until_ns=0)
    assert heard == [("trigger-100B-chat-reference", says, retry_after)] * 2
    ((failure, count),) = user.slice_.measured.failed.items()
    assert (failure.kind, failure.status, count) == (kind, status, 2)
    assert user.witnesses_agree()


@pytest.mark.parametrize("body", [b'{"ok":true}', b'{"batch":{}}', b'{"channels":{}}', b"{}"])
def test_each_servers_yes_is_one(serve: Any, body: bytes) -> None:
    server, user = serve(send_and_close(SOKETI + b"Content-Length: %d\r\n\r\n" % len(body) + body))
    slice_ = user.send(3)
    assert (slice_.measured.events, slice_.measured.failures, server.connections) == (3, 0, 3)
    assert user.witnesses_agree()


def test_whoever_hears_a_no_may_close_the_slice_and_nothing_more_is_sent(serve: Any) -> None:
    server, user = serve(send(SOCKUDO_BUSY + b'{"error":"Slow down"}'))
    Publisher(user.connection, lambda *_: user.slice_.close()).publish(user.source, user.slice_)
    assert server.requests == 1
    assert user.slice_.measured.failures == 1


def test_after_a_failure_the_next_exchange_has_a_fresh_connection(serve: Any) -> None:
    def reply(connection: Any, request: int) -> None:
        if request == 1:
            reset(connection)
        else:
            connection.sendall(OK)

    server, user = serve(reply)
    slice_ = user.send(3)
    assert (slice_.measured.events, slice_.measured.failures, server.requests) == (2, 1, 3)


def test_a_connection_the_server_closed_while_idle_is_opened_anew_without_a_failure(serve: Any) -> None:
    def reply(connection: Any, _: int) -> None:
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_WR)

    server, user = serve(reply)
    user.send()
    gevent.sleep(0.02)
    slice_ = user.send()
    assert (slice_.measured.events, slice_.measured.failures, server.connections) == (2, 0, 2)


def test_nobody_there_is_a_failure_to_connect(watchdog: Watchdog) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    user = User(port, watchdog, Workload.of())
    slice_ = user.send()
    ((failure, _),) = slice_.measured.failed.items()
    assert (failure.kind, failure.message) == ("connect", "Connection refused")
    assert slice_.measured.sent_bytes == 0


def test_a_host_without_an_address_is_a_failure_to_connect(watchdog: Watchdog) -> None:
    user = User(1, watchdog, Workload.of())
    user.connection = Connection("no-such-host.invalid", 80, TIMEOUT_S, ResponseMemo())
    slice_ = user.send()
    ((failure, _),) = slice_.measured.failed.items()
    assert failure.kind == "connect"


def test_a_large_body_goes_out_whole_through_a_small_window(serve: Any) -> None:
    server, user = serve(send(OK), Workload.of("batch", 10, payload_bytes=10_000))
    slice_ = user.send(5)
    assert slice_.measured.events == 50
    assert slice_.measured.sent_bytes == server.received > 500_000
    assert user.witnesses_agree()


def test_a_server_that_stops_reading_is_a_timeout_and_the_bytes_sent_are_known(watchdog: Watchdog) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        user = User(deaf.getsockname()[1], watchdog, Workload.of("batch", 1000, payload_bytes=10_000))
        slice_ = user.send()
        ((failure, _),) = slice_.measured.failed.items()
        assert (failure.kind, failure.message) == ("timeout", "no answer within 0.3 s")
        assert 0 < slice_.measured.unfinished_sent_bytes < 10_000_000
        assert user.witnesses_agree()


def test_an_exchange_that_ends_after_its_slice_is_kept_aside(serve: Any) -> None:
    server, user = serve(lambda connection, _: (user.slice_.close(), connection.sendall(OK)))
    slice_ = user.send()
    assert (slice_.measured.requests, slice_.boundary.requests, slice_.boundary.events) == (0, 1, 1)
    assert slice_.boundary.sent_bytes == server.received
    assert user.witnesses_agree()


def test_a_user_killed_in_an_exchange_leaves_no_byte_uncounted(serve: Any) -> None:
    server, user = serve(send(b""))
    greenlet = gevent.spawn(user.send)
    while not server.requests:
        gevent.sleep(0.001)
    greenlet.kill()
    user.slice_.settle()
    measured = user.slice_.measured
    assert (measured.unfinished, measured.failures) == (1, 0)
    assert measured.unfinished_sent_bytes == server.received
    assert user.witnesses_agree()


LATE_S = 0.05


@pytest.mark.parametrize("sends", ["publisher", "caller"])
@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        (OK, (1, 0)),
        (b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", (0, 1)),
        (OK[:-1], (0, 1)),
    ],
)
def test_a_call_that_ends_after_its_slice_counts_in_the_latency_of_the_slice(
    serve: Any, sends: str, answer: bytes, counted: tuple[int, int]
) -> None:
    def reply(connection: Any, _: int) -> None:
        user.slice_.close()
        gevent.sleep(LATE_S)
        connection.sendall(answer)

    _, user = serve(reply)
    if sends == "publisher":
        user.send()
    else:
        with Caller(user.connection, user.source, user.slice_) as caller:
            caller.call([Event("e", ("c",), "{}")])
    assert not user.slice_.measured.requests
    record = RunRecord()
    record.add(user.slice_, 1)
    (bucket,) = latency_table(record).to_pylist()
    assert (bucket["count"], bucket["censored"]) == counted
    assert bucket["bucket_high_s"] > LATE_S


def test_a_listener_hears_of_each_exchange_however_it_ended(serve: Any) -> None:
    def reply(connection: Any, request: int) -> None:
        if request == 2:
            reset(connection)
        else:
            connection.sendall(OK)

    _, user = serve(reply)
    heard: list[Sample] = []
    for _ in range(3):
        Publisher(user.connection).publish(
            user.source,
            user.slice_,
            until_ns=0,
            listener=heard.append,
        )
    ended = [(each.response is not None, each.failure.kind if each.failure else "") for each in heard]
    assert ended == [(True, ""), (False, "lost"), (True, "")]
