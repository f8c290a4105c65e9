"""Text of a hostile server, and of a hostile run, on the terminal of each command: it does nothing."""

from __future__ import annotations

import json
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from commands import Plan, Run, command, environment, paced
from raw_server import OK, RawServer, answer, raw_server
from warm import run_warm, start_warm
from web_ui import USERS, site

from wiretax.escaping import visible

ROOT = Path(__file__).parents[2]
# Clears the screen, sets the clipboard, forges a line with a command, turns text, and ends markup that is ours.
HOSTILE = "bad \x1b[2J\x1b]52;c;eA==\x07\r\n::error file=x::forged\n##[error]x \u202egnp.\u2066 \x9b2J [/] [red]y"
ERROR = answer("400 Bad", json.dumps({"error": HOSTILE}, ensure_ascii=False).encode(), "Server: a\x9b2J")
TEXT = answer("403 Forbidden", HOSTILE.encode(), "Date: \x9b2J", "Location: \x9b2J")
# No client takes these for HTTP.
HEADER = answer("200 OK", b"{}", "Server: \x1b[2J\x07")
STATUS = b"\x1b[2J\r\n::error ::x\r\n\r\n"
SEND = """
import os, http.client
connection = http.client.HTTPConnection(os.environ["PUSHER_HOST"], int(os.environ["PUSHER_PORT"]))
path, body = "/apps/1/events?auth_key=key&auth_signature=0", '{"name":"e","channels":["c"],"data":"d"}'
connection.request("POST", path, body)
connection.getresponse().read()
"""


def check(done: subprocess.CompletedProcess[str]) -> str:
    """What a command printed, once nothing in it can act."""
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed
    assert "internal error" not in printed
    for line in printed.split("\n"):
        assert visible(line) == line
        assert not line.strip().startswith("::")
        assert "##[" not in line
    return printed


@pytest.fixture(params=[ERROR, TEXT], ids=["error", "text"])
def hostile(request: pytest.FixtureRequest) -> Iterator[RawServer]:
    with raw_server(lambda _, __: request.param) as server:
        yield server


@pytest.fixture
def sick() -> Iterator[RawServer]:
    """A server that accepts the first calls, and answers each further one with another text."""
    with raw_server(lambda _, number: OK if number < 40 else ERROR) as server:
        yield server


@pytest.mark.parametrize("reply", [HEADER, STATUS], ids=["header", "status"])
def test_what_is_no_http(run: Run, plan: Plan, reply: bytes) -> None:
    with raw_server(lambda _, __: reply, closes=True) as server:
        check(run("run", plan(), "--endpoint", server.url()))
        check(run("doctor", "--endpoint", server.url()))


def test_run_and_doctor(run: Run, plan: Plan, hostile: RawServer) -> None:
    assert "\\x1b[2J" in check(run("run", plan(), "--endpoint", hostile.url()))
    assert "\\x1b[2J" in check(run("doctor", "--timeout", "1s", "--endpoint", hostile.url()))


def test_a_run_that_meets_errors_and_what_is_made_of_it(
    run: Run, plan: Plan, sick: RawServer, tmp_path: Path
) -> None:
    assert "\\x1b[2J" in check(run("run", plan(rounds=2), "--endpoint", sick.url()))
    [saved] = (tmp_path / "results").iterdir()
    (tmp_path / "gates.toml").write_text('schema = 1\n[[check]]\nid = "a"\nmetric = "saving"\nmin = 0.1\n')
    for github in ("", "true"):
        check_but_annotations(run("gate", "--gates", "gates.toml", GITHUB_ACTIONS=github))
    for name in ("summary.md", "junit.xml"):
        for line in (saved / name).read_text().splitlines():
            assert visible(line) == line
            assert not line.strip().startswith("::")


def check_but_annotations(done: subprocess.CompletedProcess[str]) -> None:
    ours = [
        line
        for line in done.stdout.split("\n")
        if not line.startswith(("::error title=wiretax ", "::warning title=wiretax "))
    ]
    check(subprocess.CompletedProcess(done.args, done.returncode, "\n".join(ours), done.stderr))
    for line in done.stdout.split("\n"):
        assert visible(line) == line


def test_a_run_from_somewhere_else(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "results" / "2026-01-31T12-00-00-\x1b[2J\n::error ::x"
    folder.parent.mkdir()
    shutil.copytree(ROOT / "results" / "reference" / "quick", folder)
    document = json.loads((folder / "run.json").read_text())
    document["plan"]["name"] = document["endpoint"] = HOSTILE
    document |= {"warnings": [HOSTILE], "invalid_because": [HOSTILE], "valid": False}
    (folder / "run.json").write_text(json.dumps(document))
    (tmp_path / "gates.toml").write_text('schema = 1\n[[check]]\nid = "a"\nmetric = "saving"\nmin = 0.1\n')
    assert "\\x1b[2J" in check(run("gate", "--gates", "gates.toml"))
    check_but_annotations(run("gate", "--gates", "gates.toml", GITHUB_ACTIONS="true"))
    check(run("advise", "--rate", "500/s", "--payload", "100", "--rtt", "1ms", "--budget", "1s"))
    # A shell puts names of files for a pattern.
    check(run("report", str(folder), str(folder)))
    check(run("run", "\x1b[2J\n::error ::x.toml"))
    check(run("gate", "--\x1b[2J\n::error ::x"))


def test_observe(run: Run, hostile: RawServer) -> None:
    done = run("observe", "--upstream", hostile.url(), "--", sys.executable, "-c", SEND)
    assert "\\x1b[2J" in check(done)


def test_locust(hostile: RawServer, sick: RawServer, tmp_path: Path) -> None:
    # As many calls on every machine; the sick server accepts the first 40.
    options = ["-f", str(paced(tmp_path)), "--headless", "-u", "1", "--max-messages", "60", "TriggerUser"]
    for server in (hostile, sick):
        done = run_warm("locust", *options, "--endpoint", server.url(), cwd=tmp_path, env=environment())
        assert "\\x1b[2J" in check(done)


@pytest.fixture
def redis_error() -> Iterator[int]:
    """The port of what speaks like Redis, and answers each command with an error."""

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline():
                with suppress(OSError):
                    self.wfile.write(b"-ERR \x1b[2J\x07::error ::x\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_feed(run: Run, redis_error: int) -> None:
    url = f"redis://:s3cretly@127.0.0.1:{redis_error}/0"
    done = run("feed", "--rate", "100/s", "--count", "3", "--redis", url, "--stream", HOSTILE)
    assert done.returncode == 5
    assert "\\x1b[2J" in check(done)
    assert "s3cretly" not in done.stdout + done.stderr


# What others send to a server that listens, and none of it is HTTP that ends well.
SENT = [
    f"POST /{HOSTILE} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
    b"\x1b[2J\x07 / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /\x1b[2J HTTP/1.1\r\nHost: a\x1b[2J\r\n::error ::x: y\r\n\r\n",
    f"POST /?auth_key=s3cretly HTTP/9.\x1b[2J\r\nHost: a\r\n{HOSTILE}\r\n\r\n{HOSTILE}".encode(),
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \x1b[2J\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x1b[2J::error ::x",
    b"\x16\x03\x01\x1b[2J\r\n::error ::x\r\n",
]


def send(port: int, tls: ssl.SSLContext | None = None) -> None:
    """Send each of these over its own connection, and read the answer."""
    for each in SENT:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, suppress(OSError):
            connection = plain if tls is None else tls.wrap_socket(plain)
            with connection:
                connection.sendall(each)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):
                    pass


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_mock(run: Run, tmp_path: Path, tls: bool) -> None:
    options = ["--tls", "--ca", "\x1b[2J\n::error ::x.pem"] if tls else []
    env = environment(WIRETAX_MOCK_SECRET="s3cretly")
    mock = start_warm("wiretax", "mock", "--port", "0", *options, cwd=tmp_path, env=env)
    assert mock.stdout is not None
    began = mock.stdout.readline()
    port = int(began.rpartition(":")[2])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    send(port)
    send(port, context)
    mock.terminate()
    out, err = mock.communicate(120)
    printed = check(subprocess.CompletedProcess([], mock.wait(), began + out, err))
    assert mock.wait() == 0
    assert ("\\x1b[2J" in printed) == tls
    assert "s3cretly" not in printed
    check(run("mock", "--port", "0", "--host", "\x1b[2J\n::error ::x"))
    check(run("mock", "--port", "0", "--tls", "--ca", "\x1b[2J\n::error ::x/ca.pem"))


def test_ui(sick: RawServer, tmp_path: Path) -> None:
    secret = "http://key:s3cretly@127.0.0.1:1/apps/1"
    fields = ("plan", "client", "batch_size", "payload_kind", "events", "host", "endpoint", "redis", "user_count")
    with raw_server(lambda _, __: ERROR) as rejecting, site(tmp_path, by=command("ui")) as made:
        port = made.http.base_url.port
        assert port is not None
        for name in fields:
            for value in (HOSTILE, secret, f"{secret}{HOSTILE}", f"redis://:s3cretly@{HOSTILE}"):
                made.http.post("/swarm", data={**USERS, name: value})
        made.http.post("/swarm", data={**USERS, HOSTILE: "s3cretly"})
        made.http.post("/swarm", data={**USERS, "endpoint": rejecting.url()})
        for path in ("/swarm", "/wiretax/runs/%1B[2J%0A::error ::x/make", "/wiretax/runs/%1B[2J%0A::error ::x/"):
            made.http.get(path)
            made.http.post(path)
        send(port)
        made.start(endpoint=sick.url(), plan="none", user_classes="TriggerUser")
        made.wait_until(lambda found: len(sick.requests) > 60)
        made.post("/stop")
    printed = check(subprocess.CompletedProcess([], 0, "".join(made.log), ""))
    assert "\\x1b[2J" in printed
    assert "s3cretly" not in printed
    assert "hidden" not in printed


def test_a_run_of_every_client(run: Run, hostile: RawServer) -> None:
    assert "\\x1b[2J" in check(run("run", "clients", "--endpoint", hostile.url()))
