"""What the doctor finds: against the mock, and against servers with one thing wrong each."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.utils import formatdate
from itertools import cycle
from pathlib import Path
from threading import Event as ThreadEvent
from threading import Thread
from time import time

import pytest
from commands import Run, free_port
from raw_server import RawServer, Reply, answer, raw_server
from typer.testing import CliRunner

from wiretax.channels.answers import Answer
from wiretax.channels.endpoint import DEMO, Credentials, Endpoint
from wiretax.channels.limits import Limits
from wiretax.cli import app
from wiretax.doctor.endpoint import Examination
from wiretax.doctor.finding import Finding
from wiretax.doctor.limit_search.batches import MOST_EVENTS, find_batch_limit
from wiretax.doctor.machine import TOOLS, examine_machine
from wiretax.doctor.subscription import subscription
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock, read_ledger
from wiretax.wire.connections.target import Target, target_of

CHANNELS = b'{"channels":{}}'


@pytest.fixture(scope="module")
def mock() -> Iterator[Endpoint]:
    with embedded_mock(Limits(), CostModel()) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def secure_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Endpoint, Path]]:
    authority = tmp_path_factory.mktemp("tls") / "ca.pem"
    with embedded_mock(Limits(), CostModel(), MockTls("ecdsa", authority)) as endpoint:
        yield endpoint, authority


def examine(target: Target, batch_limit: bool = False, timeout_s: float = 5.0) -> dict[str, Finding]:
    return {each.name: each for each in Examination(target, timeout_s).findings(batch_limit)}


def last(findings: dict[str, Finding]) -> Finding:
    return list(findings.values())[-1]


def examine_raw(
    reply: Reply, closes: bool = False, timeout_s: float = 5.0
) -> tuple[dict[str, Finding], RawServer]:
    with raw_server(reply, closes) as server:
        return examine(Target(Endpoint.parse(server.url())), timeout_s=timeout_s), server


def dated(seconds_off: float) -> Reply:
    return lambda _, __: answer("200 OK", CHANNELS, f"Date: {formatdate(time() + seconds_off, usegmt=True)}")


def test_a_healthy_mock_passes_in_order_with_a_time_each_and_is_sent_no_event(mock: Endpoint) -> None:
    before = read_ledger(mock)
    findings = examine(Target(mock))
    after = read_ledger(mock)
    assert list(findings) == ["URL", "DNS", "TCP", "clock", "credentials", "keep-alive", "subscription"]
    assert {name for name, each in findings.items() if each.state != "ok"} <= {"clock"}
    assert all(each.ms >= 0 for each in findings.values())
    assert findings["TCP"].ms > 0
    assert before is not None
    assert after is not None
    assert after["events"] == before["events"]
    assert after["requests"] == before["requests"] + 3


def test_tls_is_verified_and_described(secure_mock: tuple[Endpoint, Path]) -> None:
    endpoint, authority = secure_mock
    findings = examine(target_of(endpoint, authority))
    assert findings["TLS"].state == "ok"
    assert "ALPN h2" in findings["TLS"].found
    assert "expires in" in findings["TLS"].found
    assert findings["keep-alive"].state == "ok"
    unknown = last(examine(target_of(endpoint)))
    assert (unknown.name, unknown.state) == ("TLS", "failed")
    assert "--ca FILE" in unknown.advice
    # Another name of the same address, which the certificate does not have.
    other = last(examine(target_of(Endpoint("https", "127.1", endpoint.port, DEMO), authority)))
    assert (other.name, other.state) == ("TLS", "failed")
    assert "mismatch" in other.found
    blind = examine(target_of(endpoint, insecure=True))
    assert blind["TLS"].state == "note"
    assert "not verified" in blind["TLS"].found
    assert blind["credentials"].state == "ok"


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        (Credentials(DEMO.app_id, DEMO.key, "wrong"), "401: Invalid signature"),
        (Credentials(DEMO.app_id, "wrong", DEMO.secret), "401: Unknown auth_key"),
        (Credentials("999", DEMO.key, DEMO.secret), "401: No app with this id"),
    ],
)
def test_wrong_credentials_are_told_by_the_server(mock: Endpoint, credentials: Credentials, says: str) -> None:
    found = last(examine(Target(Endpoint("http", mock.host, mock.port, credentials))))
    assert (found.name, found.state, found.found) == ("credentials", "failed", says)
    assert "app id, key and secret" in found.advice
    assert credentials.secret not in repr(found)


def test_a_host_without_an_address_and_a_port_without_a_listener() -> None:
    nowhere = last(examine(Target(Endpoint("http", "no-such-host.invalid", 80, DEMO))))
    assert (nowhere.name, nowhere.state) == ("DNS", "failed")
    assert "check the host's spelling" in nowhere.advice
    silent = last(examine(Target(Endpoint("http", "127.0.0.1", free_port(), DEMO))))
    assert (silent.name, silent.state) == ("TCP", "failed")
    assert "start the server" in silent.advice


def test_a_server_that_closes_at_paths_it_does_not_know_is_asked_for_none_outside_its_prefix() -> None:
    """soketi's way."""

    def reply(request: bytes, _: int) -> bytes:
        return answer("200 OK", CHANNELS) if request.split(b" ")[1].startswith(b"/ws/") else b""

    with raw_server(reply, closes=True) as server:
        endpoint = Endpoint.parse(server.url())
        assert examine(Target(replace(endpoint, prefix="/ws")))["credentials"].state == "ok"
        outside = last(examine(Target(endpoint)))
        secure = last(examine(target_of(replace(endpoint, scheme="https", prefix="/ws")), timeout_s=0.5))
    assert (outside.state, outside.advice) == ("failed", "check port, scheme (http or https) and path of the URL")
    assert secure.found.endswith("the port speaks plain HTTP")


@pytest.mark.parametrize(
    ("seconds_off", "state", "says"),
    [
        (0, "ok", "within a second"),
        (5, "ok", "behind the server's"),
        (300, "note", "behind the server's"),
        (700, "failed", "behind the server's"),
        (-700, "failed", "ahead of the server's"),
    ],
)
def test_clocks_are_compared_before_a_signature_depends_on_them(seconds_off: int, state: str, says: str) -> None:
    findings, server = examine_raw(dated(seconds_off))
    assert findings["clock"].state == state
    assert says in findings["clock"].found
    assert ("credentials" in findings) == (state != "failed")
    if state == "failed":
        assert "NTP" in findings["clock"].advice
        assert b"auth_signature" not in b"".join(server.requests)


def test_a_server_that_closes_after_each_answer_is_noted_whether_it_says_so_or_not() -> None:
    says, _ = examine_raw(lambda _, __: answer("200 OK", CHANNELS, "Connection: close"), closes=True)
    assert [each.state for each in says.values()].count("failed") == 0
    assert "each call needs a new connection" in says["keep-alive"].advice
    silent, _ = examine_raw(lambda _, __: answer("200 OK", CHANNELS), closes=True)
    assert [each.state for each in silent.values()].count("failed") == 0
    assert "without sending Connection: close" in silent["keep-alive"].found


@pytest.mark.parametrize(
    ("reply", "name", "state", "says"),
    [
        # soketi: a 200 with an error in the body.
        (
            answer("200 OK", b'{"error":"The app does not exist","code":401}'),
            "credentials",
            "failed",
            "401: The app",
        ),
        (answer("403 Forbidden", b"disabled"), "credentials", "failed", "403: disabled"),
        (answer("429 Too Many Requests", b"slow down"), "credentials", "failed", "429: slow down"),
        # Whatever is asked: the wrong app, or no server of this API.
        (answer("404 Not Found", b"The app 1 could not be found."), "credentials", "failed", "404: The app 1"),
        (answer("404 Not Found", b""), "credentials", "failed", "404: Not Found"),
        (answer("405 Method Not Allowed", b""), "credentials", "failed", "405: Method Not Allowed"),
        (answer("301 Moved Permanently", b""), "credentials", "failed", "301: Moved"),
        (answer("500 Internal Server Error", b"oops"), "credentials", "failed", "500: oops"),
        (answer("200 OK", b"<html>"), "credentials", "failed", "expected a JSON object"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP", "failed", "not an HTTP/1.1 response"),
        (None, "HTTP", "failed", "no response within 1 s"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{",
            "HTTP",
            "failed",
            "no whole response (39 B of one) within 1 s",
        ),
    ],
)
def test_what_a_server_says_instead_is_told(reply: bytes | None, name: str, state: str, says: str) -> None:
    findings, _ = examine_raw(lambda _, __: reply, timeout_s=1)
    assert findings[name].state == state
    assert says in findings[name].found
    assert findings[name].advice
    if state == "failed":
        assert last(findings).name == name


def test_a_server_that_has_the_app_and_can_not_be_asked_for_channels_is_no_failure() -> None:
    def reply(request: bytes, _: int) -> bytes:
        return answer("401 Unauthorized", b"no") if request.startswith(b"POST") else answer("404 Not Found", b"")

    findings, server = examine_raw(reply)
    assert findings["credentials"].state == "note"
    assert "the app accepts publishing" in findings["credentials"].found
    assert last(findings).name == "subscription"
    # One that is signed by nobody, so that it is no event.
    (publish,) = [each for each in server.requests if each.startswith(b"POST")]
    assert b"/apps/1/events?" in publish


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        ("404 Not Found", b"The app 1 could not be found.", "check the app id in the URL"),
        ("404 Not Found", b"", "if it is right, this is not a server of the HTTP API"),
        ("404 Not Found", b"<html>", "have the proxy in front of it forward /apps"),
        ("401 Unauthorized", b"Timestamp expired", "clock by NTP"),
        ("401 Unauthorized", b"Invalid signature", "app id, key and secret"),
        ("403 Forbidden", b"no", "disabled or over its quota"),
        ("429 Too Many Requests", b"no", "wait"),
        ("301 Moved Permanently", b"", "redirects"),
        ("502 Bad Gateway", b"", "the server failed"),
        ("200 OK", b"<html>", "not a server of the HTTP API"),
        (
            "200 OK\r\nContent-Encoding: lzma",
            b"{}",
            "send responses in gzip, x-gzip, deflate, br, zstd or uncompressed",
        ),
    ],
)
def test_what_is_to_be_done_has_one_cause(status: str, body: bytes, advice: str) -> None:
    findings, _ = examine_raw(lambda _, __: answer(status, body))
    assert advice in last(findings).advice
    assert "users" not in last(findings).advice


@pytest.mark.parametrize("limit", [1, 9, 10, 13, 64, 99, 100, 250])
def test_the_batch_limit_is_found_and_little_is_published_for_it(limit: int) -> None:
    published = 0

    def publish(body: bytes) -> Answer:
        nonlocal published
        size = body.count(b'"data"')
        if size > limit:
            return Answer("rejected", 400, "too many")
        published += size
        return Answer("acknowledged", 200, "")

    found = find_batch_limit(publish)
    assert found.state == "ok"
    assert found.found.startswith(
        f"{min(limit, 100)} or more" if limit >= 100 else f"{limit} ({limit + 1} was refused"
    )
    assert f"the probe published {published} event{'s' * (published > 1)})" in found.found
    assert published <= MOST_EVENTS


def test_a_refusal_for_another_reason_is_no_batch_limit() -> None:
    for status in (401, 429, 500):
        found = find_batch_limit(lambda _, status=status: Answer("rejected", status, "no"))  # type: ignore[misc]
        assert (found.state, found.found) == ("failed", f"{status}: no")
    nothing = find_batch_limit(lambda _: Answer("rejected", 413, "no"))
    assert nothing.state == "failed"


def test_the_machine_is_described_a_line_each_with_what_to_do_where_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    findings = {each.name: each for each in examine_machine()}
    for name, *_, remedy in TOOLS:
        assert findings[name].state == "note"
        assert remedy in findings[name].advice
    assert {"kernel's count", "processor", "clock", "uvloop", "notebooks", "TLS", "open files"} <= set(findings)
    assert all(each.state != "failed" for each in findings.values())
    assert all(each.advice for each in findings.values() if each.state == "note")
    monkeypatch.delattr(socket, "TCP_INFO")
    without = {each.name: each for each in examine_machine()}["kernel's count"]
    assert without.state == "note"
    assert "verify byte counts" in without.advice


def test_the_command_prints_and_exits_by_what_it_found(run: Run, mock: Endpoint) -> None:
    url = f"http://{DEMO.key}:{DEMO.secret}@{mock.host}:{mock.port}/apps/{DEMO.app_id}"
    machine = run("doctor")
    assert machine.returncode == 0, machine.stderr
    assert "kernel's count" in machine.stdout
    sound = run("doctor", "--batch-limit", PUSHER_URL=url)
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "10 (11 was refused: " in sound.stdout
    assert " ms  " in sound.stdout
    wrong = run("doctor", "--endpoint", url.replace(DEMO.secret, "hidden"))
    assert wrong.returncode == 1
    assert wrong.stdout.splitlines()[-1].startswith("failed  credentials")
    assert DEMO.secret not in sound.stdout + sound.stderr
    assert "hidden" not in wrong.stdout + wrong.stderr


def always(said: bytes) -> Reply:
    return lambda _, __: said


def assert_exits(code: int, says: tuple[str, ...], endpoint: str, *arguments: str) -> None:
    """Run the command in this process, and look at its exit code and at the last line it printed."""
    done = CliRunner().invoke(app, ["doctor", "--endpoint", endpoint, "--timeout", "1s", *arguments])
    last_line = done.stdout.splitlines()[-1]
    assert done.exit_code == code, last_line
    assert all(words in last_line for words in says), last_line


def test_the_exit_code_is_1_where_a_run_could_not_work(mock: Endpoint, secure_mock: tuple[Endpoint, Path]) -> None:
    def demo(scheme: str, port: int) -> str:
        return f"{scheme}://{DEMO.key}:{DEMO.secret}@127.0.0.1:{port}/apps/{DEMO.app_id}"

    secure, authority = secure_mock
    assert_exits(1, ("failed  TCP", "nothing listens at"), demo("http", free_port()))
    assert_exits(1, ("failed  TLS", "can't be trusted", "--ca FILE"), demo("https", secure.port))
    assert_exits(0, ("ok      subscription",), demo("https", secure.port), "--ca", str(authority))
    assert_exits(1, ("failed  TLS", "the handshake failed", "plain HTTP"), demo("https", mock.port))
    for status, body, says in (
        ("401 Unauthorized", b"Invalid signature", "check app id, key and secret"),
        ("403 Forbidden", b"disabled", "the app may be disabled"),
        ("404 Not Found", b"No app 1.", "No app 1; check the app id in the URL"),
        ("200 OK", b"<html>", "this is not a server of the HTTP API"),
    ):
        with raw_server(always(answer(status, body))) as server:
            assert_exits(1, ("failed  credentials", says), server.url())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--endpoint", "http://k:hidden@h/x"], "its path is not /apps/APP_ID"),
        (["--endpoint", "http://k@h/apps/1"], "lacks the key or the secret"),
        (["--batch-limit"], "needs an --endpoint"),
        (["--endpoint", "http://k:hidden@192.0.2.1/apps/1", "--batch-limit"], "add --yes if you mean it"),
    ],
)
def test_bad_input_is_one_line(run: Run, arguments: list[str], says: str) -> None:
    done = run("doctor", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hidden" not in done.stdout + done.stderr


@contextmanager
def dripping(data: bytes, whole: int = 0) -> Iterator[int]:
    """A server that answers a number of requests, and then sends a byte of ``data`` at a time, again and again."""
    over = ThreadEvent()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        answered = 0
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                while connection.recv(65_536) and answered < whole:
                    connection.sendall(answer("200 OK", CHANNELS))
                    answered += 1
                for byte in cycle(data):
                    connection.sendall(bytes([byte]))
                    if over.wait(0.02):
                        return

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.close()
        thread.join(10)


# A server holds an unlimited step for as long as it likes: without a limit these tests don't end.
HEAD = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20


@pytest.mark.parametrize(
    ("scheme", "data", "whole", "name", "found"),
    [
        ("http", HEAD, 0, "HTTP", r"no whole response \(\d+ B of one\) within 1 s"),
        ("http", HEAD, 1, "credentials", r"no whole response \(\d+ B of one\) within 1 s"),
        ("http", HEAD, 2, "keep-alive", r"no whole response \(\d+ B of one\) within 1 s"),
        ("http", HEAD, 3, "batch limit", r"no whole response \(\d+ B of one\) within 1 s"),
        (
            "https",
            b"\x16\x03\x03\x40\x00",
            0,
            "TLS",
            r"the handshake failed \(no whole TLS handshake within 1 s\)",
        ),
    ],
)
def test_a_server_that_sends_a_byte_at_a_time_does_not_hold_a_step(
    scheme: str, data: bytes, whole: int, name: str, found: str
) -> None:
    with dripping(data, whole) as port:
        endpoint = Endpoint.parse(f"{scheme}://k:s@127.0.0.1:{port}/apps/1")
        target = target_of(endpoint, insecure=endpoint.scheme == "https")
        finding = last(examine(target, batch_limit=True, timeout_s=1))
    assert (finding.name, finding.state) == (name, "failed")
    assert re.fullmatch(found, finding.found), finding.found


def test_a_resolver_that_does_not_answer_does_not_hold_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    never = ThreadEvent()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(60))
    finding = last(examine(Target(Endpoint.parse("http://k:s@slow.example/apps/1")), timeout_s=0.1))
    never.set()
    assert finding.found == "slow.example has no address (no answer of the resolver within 0.1 s)"


def test_the_search_for_the_largest_batch_ends_though_each_of_its_calls_is_in_time() -> None:
    slow = ThreadEvent()

    def reply(request: bytes, _: int) -> bytes:
        if b"batch_events" not in request:
            return answer("200 OK", CHANNELS)
        slow.wait(0.375)
        return answer("200 OK" if request.count(b'"data"') <= 75 else "400 Bad Request", b"{}")

    with raw_server(reply) as server:
        finding = last(examine(Target(Endpoint.parse(server.url())), batch_limit=True, timeout_s=0.5))
        batches = sum(b"batch_events" in each for each in server.requests)
    # It takes eleven calls to find 75, which are 4.1 s, and the search has 3 s.
    assert (finding.name, finding.state) == ("batch limit", "failed")
    assert batches <= 9


def test_a_server_without_subscribers_can_still_be_published_to(mock: Endpoint) -> None:
    closed = Target(replace(mock, port=free_port()))
    found = subscription(closed, 1.0)
    assert (found.name, found.state) == ("subscription", "note")
    assert "subscriber 1 can't connect: Connection refused" in found.found
    assert "deliveries can't be counted" in found.advice
    assert mock.app.secret not in repr(found)


def test_the_service_has_another_host_for_subscribers() -> None:
    service = Endpoint("https", "api-eu.pusher.com", 443, DEMO)
    assert service.for_subscribers().host == "ws-eu.pusher.com"
    other = Endpoint("https", "events.example.com", 443, DEMO)
    assert other.for_subscribers() == other
