"""What the doctor finds between a user and a server: proxies, redirects, the wrong scheme, and limits."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from threading import Thread

import pytest
from raw_server import Reply, answer, raw_server
from typer.testing import CliRunner

from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.cli import app
from wiretax.doctor.endpoint import Examination
from wiretax.doctor.finding import Finding
from wiretax.escaping import EscapingConsole
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.options import MockOptions
from wiretax.mock.process import embedded_mock

COMMAND = "wiretax.commands.doctor"
SMALL = Limits(batch_size=3, data_bytes=2_000)


def page(status: str, *fields: str) -> bytes:
    """As nginx sends it."""
    body = f"<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n".encode()
    return answer(status, body, "Server: nginx/1.22.1", "Content-Type: text/html", *fields)


def doctor(endpoint: str, *options: str) -> tuple[int, list[str]]:
    """Run the command in this process: its exit code, and the lines it printed."""
    done = CliRunner().invoke(app, ["doctor", "--endpoint", endpoint, "--timeout", "2s", *options])
    assert "hidden" not in done.stdout
    assert DEMO.secret not in done.stdout
    return done.exit_code, done.stdout.splitlines()


def against(reply: Reply | bytes, *options: str) -> str:
    """The last line about a server that fails the command."""
    with raw_server(reply if callable(reply) else lambda _, __: reply) as server:
        code, lines = doctor(server.url(), *options)
    assert code == 1, lines
    assert lines[-1].startswith("failed")
    return lines[-1]


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("404 Not Found", "have the proxy in front of it forward /apps"),
        ("405 Not Allowed", "have the proxy in front of it forward /apps"),
        ("200 OK", "have the proxy in front of it forward /apps"),
        # Neither tells that the app is known, as the API's own 401 and 403 do.
        ("401 Authorization Required", "a proxy or firewall in front of the server rejects the call"),
        ("403 Forbidden", "a proxy or firewall in front of the server rejects the call"),
        ("502 Bad Gateway", "a proxy answers that can't reach the server"),
    ],
)
def test_a_page_in_place_of_the_api_is_named_with_its_sender(status: str, advice: str) -> None:
    line = against(page(status))
    assert f'an HTML page ("{status}") from nginx/1.22.1; ' in line
    assert advice in line


@pytest.mark.parametrize("reply", [answer("404 Not Found", b"404 page not found\n"), answer("200 OK", b"")])
def test_a_proxy_without_a_page_is_one_of_the_causes(reply: bytes) -> None:
    """As Traefik and Caddy answer."""
    assert "have the proxy in front of it forward /apps, or check host and port" in against(reply)


def test_a_page_for_calls_that_publish_is_no_app() -> None:
    line = against(lambda request, _: page("401 No" if request.startswith(b"POST") else "404 Not Found"))
    assert "a proxy or firewall" in line


def test_a_redirect_to_https_names_the_url_to_use() -> None:
    def reply(request: bytes, _: int) -> bytes:
        target = request.split()[1].decode()
        return page("301 Moved Permanently", f"Location: https://ws.example{target}")

    line = against(reply)
    assert "301: redirects to https://ws.example/apps/1/channels; " in line
    assert "use https://KEY:SECRET@ws.example/apps/1;" in line
    assert "auth_signature" not in line


def test_the_wrong_scheme_is_found_by_asking_in_the_other(tmp_path: Path) -> None:
    tls = MockTls("ecdsa", tmp_path / "ca.pem")
    with embedded_mock(SMALL, CostModel()) as plain, embedded_mock(SMALL, CostModel(), tls) as secure:
        code, lines = doctor(f"https://key:hidden@127.0.0.1:{plain.port}/ws/apps/1")
        assert code == 1
        assert lines[-1].startswith("failed  TLS")
        assert "(WRONG_VERSION_NUMBER): the port speaks plain HTTP" in lines[-1]
        assert f"use http://KEY:SECRET@127.0.0.1:{plain.port}/ws/apps/1, or" in lines[-1]
        code, lines = doctor(f"http://key:hidden@127.0.0.1:{secure.port}/apps/1")
        assert code == 1
        assert lines[-1].startswith("failed  HTTP")
        assert "the port speaks TLS" in lines[-1]
        assert f"use https://KEY:SECRET@127.0.0.1:{secure.port}/apps/1, or" in lines[-1]


def test_a_plain_server_that_finds_a_request_bad_is_not_taken_for_one_of_tls() -> None:
    with raw_server(lambda request, _: answer("400 Bad Request" if b"GET / " in request else "200 OK")) as server:
        code, lines = doctor(server.url())
    assert code == 0, lines
    line = against(b"+OK POP3 ready\r\n")
    assert "TLS" not in line


def named(lines: list[str]) -> dict[str, str]:
    """The lines of limits by their names."""
    return {found[1]: line for line in lines if (found := re.match(r"\w+ +(\w+ limit) ", line))}


def test_limits_on_events_and_on_bytes_are_found_and_what_was_published_is_named() -> None:
    with embedded_mock(SMALL, CostModel()) as mock:
        code, lines = doctor(mock.secret_url, "--limits")
    assert code == 0
    limits = named(lines)
    assert list(limits) == ["batch limit", "data limit", "request limit"]
    assert "  3 (4 was refused: 4 events in one batch" in limits["batch limit"]
    assert "  2,000 B (2,001 B was refused: The data content of this event" in limits["data limit"]
    assert limits["data limit"].endswith("in plans, set [limits] data_bytes = 2000")
    assert "none below a full batch, 6,170 B of body" in limits["request limit"]
    assert all(re.search(r"the probe published \d+ events?\)", line) for line in limits.values())


def test_a_limit_on_the_whole_request_is_noted_and_a_run_still_works() -> None:
    with embedded_mock(SMALL, CostModel(), body_bytes=4_096) as mock:
        code, lines = doctor(mock.secret_url, "--batch-limit")
    assert code == 0
    line = named(lines)["request limit"]
    assert line.startswith("note")
    assert "  4,096 B of body (4,097 B was refused: more than 4096 bytes of body" in line
    assert "send at most 1,308 B of data per event in batches of 3" in line


@contextmanager
def impatient(limit: int, says: bytes) -> Iterator[str]:
    """A server that answers a request as soon as its head came, and reads no body beyond a limit."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as file, suppress(OSError):
            while request := file.readline():
                length = 0
                while (line := file.readline()) not in (b"\r\n", b""):
                    length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
                if length > limit:
                    connection.sendall(says)
                    return
                file.read(length)
                connection.sendall(answer("200 OK", b'{"channels":{}}' if request.startswith(b"GET") else b"{}"))

    def accept() -> None:
        with suppress(OSError):
            while True:
                Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    Thread(target=accept, daemon=True).start()
    try:
        yield f"http://key:hidden@127.0.0.1:{listener.getsockname()[1]}/apps/1"
    finally:
        listener.close()


@pytest.mark.parametrize("says", [page("413 Request Entity Too Large", "Connection: close"), b""])
def test_a_server_that_does_not_read_what_it_refuses_is_understood(says: bytes) -> None:
    """It may close before all was sent, which can look like a lost connection."""
    with impatient(700_000, says) as url:
        code, lines = doctor(url, "--limits")
    assert code == 0, lines
    assert "  100 or more (" in named(lines)["batch limit"]
    assert re.search(r"  699,945 B \(699,946 B was refused: \S", named(lines)["data limit"])
    assert re.search(r"  700,000 B of body \(700,001 B was refused: \S", named(lines)["request limit"])


def test_on_a_terminal_lines_fit_and_urls_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://KEY:SECRET@api.a-rather-long-name.example:8443/some/prefix/apps/1234567"
    findings = [
        Finding("TCP", "ok", "connected", ms=1.0),
        Finding("credentials", "failed", "301: \x1b[2J " + "far " * 18, f"use {url}; it is [b]there[/b]", 12.3),
    ]
    monkeypatch.setattr(Examination, "findings", lambda *_: iter(findings))
    for width in (80, 120):
        console = EscapingConsole(file=StringIO(), force_terminal=True, width=width, no_color=True)
        monkeypatch.setattr(f"{COMMAND}.out", console)
        assert doctor("http://key:hidden@127.0.0.1:1/apps/1")[0] == 1
        text = console.file.getvalue()  # type: ignore[attr-defined]
        first, *more, last = text.splitlines()
        assert first == "ok      TCP                 1.0 ms  connected"
        assert more[0].startswith("failed  credentials        12.3 ms  301: \\x1b[2J far far")
        assert all(len(line) <= width for line in (first, *more, last) if url not in line)
        assert url in text
        assert last.strip().endswith("it is [b]there[/b]")
        assert last.startswith(" " * 8)


def test_the_mock_has_an_option_for_each_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[MockOptions] = []
    monkeypatch.setattr("wiretax.commands.mock._serve", lambda options, shows_secret: given.append(options))
    sizes = ["--batch-size", "3", "--data-bytes", "2000", "--body-bytes", "4096"]
    assert CliRunner().invoke(app, ["mock", *sizes]).exit_code == 0
    [options] = given
    assert (options.limits, options.body_bytes) == (SMALL, 4096)
