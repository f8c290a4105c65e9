"""The calls before a run: what they cost, which workloads they leave out, and what ends the run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from gevent.server import StreamServer
from gevent.ssl import SSLContext

from wiretax.channels.endpoint import DEMO, Credentials, Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.workload import LIBRARY, Workload
from wiretax.load.client.message_limit import MessageLimit
from wiretax.load.client.preflight import EndpointRefusedError, Preflight, preflight
from wiretax.load.client.session import Session
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.ledger import difference
from wiretax.mock.process import embedded_mock, read_ledger
from wiretax.wire.connections.target import Target, target_of
from wiretax.wire.ledger import Failure

TRIGGER = Workload.of(payload_bytes=10)
TEN, TWENTY, FIFTY = (TRIGGER.replace(api="batch", batch_size=size) for size in (10, 20, 50))
QUEUED = TWENTY.replace(rate=100.0, linger_s=0.01, publishers=2)
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
# Given a request and its number, from 1: what is answered, and None to hang up.
Reply = Callable[[bytes, int], bytes | None]


def tried(targets: list[Target], *workloads: Workload, message_limit: MessageLimit | None = None) -> Preflight:
    session = Session(targets, 1, 0.3, message_limit)
    try:
        return preflight(session, workloads, -1)
    finally:
        session.close()


def answer(status: str, body: bytes = b"{}", *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def server(reply: Reply, closes: bool = False, **tls: Any) -> Iterator[tuple[Endpoint, list[bytes]]]:
    """A server that answers as it is told, and what it was sent."""
    seen: list[bytes] = []

    def serve(connection: Any, _: object) -> None:
        data = b""
        while more := connection.recv(65_536):
            data += more
            found = LENGTH.search(data)
            if found is None or len(data) < data.index(b"\r\n\r\n") + 4 + int(found[1]):
                continue
            seen.append(data)
            data, said = b"", reply(seen[-1], len(seen))
            if said is not None:
                connection.sendall(said)
            if said is None or closes:
                break
        connection.close()

    listener = StreamServer(("127.0.0.1", 0), serve, **tls)
    listener.start()
    try:
        yield Endpoint("https" if tls else "http", "127.0.0.1", listener.server_port, DEMO), seen
    finally:
        listener.stop()


def events(request: bytes) -> int:
    return request.count(b'"name"')


def test_each_workload_is_tried_once_and_what_is_rejected_is_skipped_in_the_servers_words(mock: Endpoint) -> None:
    before = read_ledger(mock)
    message_limit = MessageLimit(1000)
    found = tried([Target(mock)], TWENTY, TRIGGER, FIFTY, TEN, QUEUED, message_limit=message_limit)
    assert [each.workload for each in found.skipped] == [TWENTY, FIFTY, QUEUED]
    assert found.skipped[0].failure == Failure("rejected", 400, "20 events in one batch, expected 1 to 10")
    assert str(found.skipped[0]) == (
        "batch20-10B-chat-reference was skipped: the endpoint answered 400: 20 events in one batch, expected 1 "
        "to 10"
    )
    assert found.skipped[0].as_row()["status"] == 400
    after = read_ledger(mock)
    assert before is not None
    assert after is not None
    counted = difference(after, before)
    assert (counted["requests"], counted["events"]) == (5, 11)
    assert [slice_.workload for slice_ in found.slices] == [TWENTY, TRIGGER, FIFTY, TEN, QUEUED]
    # All over one connection, and each counted against the limit.
    assert sum(slice_.measured.connections for slice_ in found.slices) == 1
    assert message_limit.taken == 20 + 1 + 50 + 10 + 20


@pytest.mark.parametrize("fields", [("Connection: close",), ()])
def test_a_server_that_says_no_with_200_and_closes_each_time_is_understood_alike(fields: tuple[str, ...]) -> None:
    """soketi's ways; and a server that does not even say that it closes."""
    no = answer("200 OK", b'{"error":"Cannot batch-send more than 10 messages at once","code":400}', *fields)
    yes = answer("200 OK", b"{}", *fields)
    with server(lambda request, _: no if events(request) > 10 else yes, closes=True) as (endpoint, _):
        found = tried([Target(endpoint)], TRIGGER, TWENTY, TEN)
    assert [(each.workload, each.failure.kind, each.failure.status) for each in found.skipped] == [
        (TWENTY, "error_body", 400)
    ]
    assert "400: Cannot batch-send more than 10 messages at once" in str(found.skipped[0])


def test_https_workloads_share_a_handshake_and_both_servers_are_tried(tmp_path: Path) -> None:
    with ExitStack() as closing:
        targets = []
        for server_, limit in (("endpoint", 10), ("against", 20)):
            authority = tmp_path / f"{server_}.pem"
            tls = MockTls("ecdsa", authority)
            mock = closing.enter_context(embedded_mock(Limits(batch_size=limit), CostModel(), tls))
            targets.append(target_of(mock, authority, server=server_))  # type: ignore[arg-type]
        plan = [each.replace(tls=True, server=to) for each in (TEN, TWENTY) for to in ("endpoint", "against")]
        found = tried(targets, *plan)
    assert [each.workload.name for each in found.skipped] == ["batch20-10B-chat-reference-tls"]
    assert sum(slice_.measured.connections for slice_ in found.slices) == 2


def test_a_server_without_http_2_has_those_workloads_skipped(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = SSLContext(trustme.ssl.PROTOCOL_TLS_SERVER)  # type: ignore[attr-defined]
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    one, two = (Workload.of(client=LIBRARY, tls=True, http=http) for http in ("1.1", "2"))
    with server(lambda _, __: answer("200 OK"), ssl_context=context) as (endpoint, _):
        target = target_of(endpoint, tmp_path / "ca.pem")
        found = tried([target], one, two)
        assert [each.workload for each in found.skipped] == [two]
        assert str(found.skipped[0]) == f"{two.name} was skipped: the endpoint does not offer h2 by ALPN"
        with pytest.raises(EndpointRefusedError, match="does not offer HTTP/2") as raised:
            tried([target], two)
    assert "certificate" not in str(raised.value)
    assert "trust" not in str(raised.value)


def refusal(reply: Reply, *workloads: Workload) -> tuple[str, int]:
    """What ends the run, and how many calls it took to see that."""
    with server(reply) as (endpoint, seen), pytest.raises(EndpointRefusedError) as raised:
        tried([Target(endpoint)], *(workloads or (TRIGGER, TEN)))
    said = str(raised.value)
    assert "\n" not in said
    return said, len(seen)


@pytest.mark.parametrize(
    ("reply", "calls", "says", "not_says"),
    [
        (answer("404 Not Found", b"The app 7 could not be found."), 1, "check the app id in --endpoint", "size"),
        (answer("404 Not Found", b""), 1, "if it is right, this is not a server of the HTTP API", "size"),
        (answer("404 Not Found", b"<html>"), 1, "have the proxy in front of it forward /apps", "app id"),
        (answer("403 Forbidden", b"<html>"), 1, "a proxy or firewall in front of the server rejects", "app id"),
        (answer("502 Bad Gateway", b"<html>"), 2, "a proxy answers that can't reach the server", "app id"),
        (answer("413 Too Large", b"<html>"), 2, "client_max_body_size", "app id"),
        (answer("200 OK", b'{"error":"Unknown app","code":404}'), 1, "check the app id in --endpoint", "size"),
        (
            answer("401 Unauthorized", b"Invalid signature"),
            1,
            "check app id, key and secret of --endpoint",
            "clock",
        ),
        (answer("401 Unauthorized", b"Timestamp expired"), 1, "set this machine's clock", "secret"),
        (answer("403 Forbidden", b"over quota"), 1, "disabled or over its quota", "secret"),
        (answer("413 Too Large", b"too big"), 2, "lower payload_bytes", "app"),
        (answer("400 Bad Request", b"no"), 2, "rejected all 2 workloads, trigger-10B-chat-reference first", "app"),
        (answer("500 Oops", b"oops"), 2, "check its log", "size"),
        (answer("301 Moved", b""), 2, "the server redirects", "size"),
        (answer("200 OK", b"<html>"), 2, "does not speak the HTTP API", "size"),
        (answer("200 OK", b"x", "Content-Encoding: lzma"), 2, "send responses in gzip, ", "host and port"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", 2, "does not speak HTTP/1.1", "size"),
        (None, 4, "closed the connection", "HTTP API"),
        (None, 4, "check port, scheme (http or https) and path of --endpoint", "HTTP API"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{", 1, "did not answer", "size"),
    ],
)
def test_what_ends_a_run_is_one_line_with_one_cause(
    reply: bytes | None, calls: int, says: str, not_says: str
) -> None:
    said, sent = refusal(lambda _, __: reply)
    assert says in said
    assert not_says not in said.replace("/apps/", "")
    assert sent == calls


def test_a_server_that_leaves_a_tls_handshake_unanswered_may_speak_plain_http() -> None:
    """soketi's way."""
    with server(lambda _, __: None) as (endpoint, _), pytest.raises(EndpointRefusedError) as raised:
        tried([target_of(replace(endpoint, scheme="https"))], TRIGGER.replace(tls=True))
    assert str(raised.value) == (
        f"https://127.0.0.1:{endpoint.port}/apps/{DEMO.app_id} made no TLS handshake (no whole TLS handshake "
        "within 0.3 s); check the port of --endpoint: it may speak plain HTTP"
    )


@pytest.mark.parametrize(
    ("host", "says"),
    [("127.0.0.1", "nothing listens at"), ("no-such-host.invalid", "check the host of --endpoint")],
)
def test_a_host_without_an_address_is_no_port_without_a_listener(host: str, says: str) -> None:
    with pytest.raises(EndpointRefusedError, match=says) as raised:
        tried([Target(Endpoint("http", host, 1, DEMO))], TRIGGER)
    assert ("nothing listens" in str(raised.value)) == (host == "127.0.0.1")


def test_a_429_is_waited_for_and_tried_again_and_fewer_users_are_no_help() -> None:
    slow_down = answer("429 Too Many Requests", b"slow down", "Retry-After: 0")
    with server(lambda _, number: slow_down if number % 2 else answer("200 OK")) as (endpoint, seen):
        found = tried([Target(endpoint)], TRIGGER, TEN)
    assert not found.skipped
    assert len(found.slices) == len(seen) == 4
    said, calls = refusal(lambda _, __: slow_down)
    assert calls == 4
    assert "rate" in said
    assert "users" not in said
    said, calls = refusal(lambda _, __: answer("429 Too Many Requests", b"", "Retry-After: 86400"))
    assert calls == 1


def test_what_may_pass_is_not_skipped() -> None:
    """One answer of 500, one that never comes: whether they are for good, the run will show."""
    stalled = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"
    once = {2: answer("500 Oops", b"oops"), 3: stalled}
    with server(lambda _, number: once.get(number, answer("200 OK"))) as (endpoint, _):
        found = tried([Target(endpoint)], TRIGGER, TEN, TWENTY)
    assert not found.skipped
    assert len(found.slices) == 3


def test_one_server_that_rejects_everything_ends_a_comparison(mock: Endpoint) -> None:
    other = Target(replace(mock, app=Credentials("1", DEMO.key, DEMO.secret)), server="against")
    with pytest.raises(EndpointRefusedError, match="of --against"):
        tried([Target(mock), other], TRIGGER, TRIGGER.replace(server="against"))
    with server(lambda _, __: answer("400 Bad Request", b"no")) as (endpoint, _):
        target = Target(endpoint, server="against")
        with pytest.raises(EndpointRefusedError, match="rejected trigger-10B-chat-reference-against"):
            tried([Target(mock), target], TRIGGER, TRIGGER.replace(server="against"))


def test_a_limit_without_room_for_all_calls_is_said(mock: Endpoint) -> None:
    with pytest.raises(EndpointRefusedError, match="--max-messages leaves no room"):
        tried([Target(mock)], TRIGGER, TEN, message_limit=MessageLimit(10))
