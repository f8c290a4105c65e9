"""``wiretax observe -- CMD``: a real library's publisher watched, and what is said when there is none to see."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from commands import Run, command, environment
from raw_server import answer, raw_server
from saved_runs import saved

from analysis.measures.summary import summarise
from wiretax.channels.endpoint import DEMO
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

# The environment of a plain ``pip install pusher``: there urllib3 offers no brotli and no zstandard.
CLIENT = """
import os, sys
for name in ("brotli", "brotlicffi", "zstandard", "backports.zstd", "compression.zstd"):
    sys.modules[name] = None
import pusher
env = os.environ
client = pusher.Pusher(app_id=env["PUSHER_APP_ID"], key=env["PUSHER_KEY"], secret=env["PUSHER_SECRET"],
                       ssl=env["PUSHER_SCHEME"] == "https", host=env["PUSHER_HOST"], port=int(env["PUSHER_PORT"]))
"""
PUBLISH = """
for _ in range(3):
    client.trigger("my-channel", "my-event", {"hello": "world"})
client.trigger(["a", "b", "c"], "my-event", {"hello": "world"})
client.trigger_batch([{"channel": "my-channel", "name": "my-event", "data": {"hello": "world"}}] * 10)
print("the publisher's own words")
"""


@pytest.fixture
def script(tmp_path: Path) -> Any:
    """Writes a publisher and returns the arguments that observe it."""

    def write(body: str = PUBLISH, client: str = CLIENT) -> list[str]:
        path = tmp_path / "publish.py"
        path.write_text(client + body)
        return ["--", sys.executable, "-W", "ignore", str(path)]

    return write


@pytest.fixture
def mock_url() -> Iterator[str]:
    with embedded_mock(Limits(), CostModel()) as mock:
        yield f"http://{DEMO.key}:{DEMO.secret}@{mock.host}:{mock.port}/apps/{DEMO.app_id}"


def assert_no_secret(folder: Path, *said: str) -> None:
    files = [file for file in (folder / "results").rglob("*") if file.is_file()]
    assert files
    assert not any(DEMO.secret.encode() in file.read_bytes() for file in files)
    assert DEMO.secret not in "".join(said)


def test_a_real_publisher_is_shown_and_saved_like_any_run(run: Run, script: Any, tmp_path: Path) -> None:
    done = run("observe", *script(), DEMO.secret)
    assert done.returncode == 0, done.stderr
    assert "the publisher's own words" in done.stdout
    assert "14 events in 5 requests on 1 connection\n  1 closed by the publisher\n" in done.stdout
    assert (
        "set for the command: PUSHER_URL, PUSHER_SCHEME, PUSHER_HOST, PUSHER_PORT, PUSHER_APP_ID," in done.stdout
    )
    assert "REVERB_APP_SECRET, REVERB_HOST, " in done.stdout
    assert "matches python: pusher 3.3.4, requests 2.34.2, urllib3 2.8.0" in done.stdout
    assert "mock agree to the byte" in done.stdout
    assert_no_secret(tmp_path, done.stdout, done.stderr)
    result = saved(tmp_path)
    assert result.meta["valid"]
    assert result.mode == result.meta["mode"] == "observe"
    assert result.meta["plan"]["name"] == "observe"
    assert result.meta["plan"]["command"][-1] == "***"
    assert result.meta["reconcile"]["server"]["events"] == result.server["events"] == 3 + 1 + 10
    rows = result.slices.set_index("api")
    assert list(rows["requests"]) == [3, 1, 1]
    assert set(rows["client"]) == {"python"}
    assert rows.at["trigger", "payload_bytes"] == len('{"hello": "world"}')
    assert rows.at["multi_trigger", "messages"] == 3
    parts = ["request_line_bytes", "auth_query_bytes", "header_bytes", "body_bytes"]
    assert rows[parts].sum().sum() == result.server["request_bytes"]
    if sys.platform == "linux":
        assert (rows["tcp_sent_bytes"] == rows[parts].sum(axis=1)).all()
    summary = summarise(result.slices, result.latency).set_index("api")
    lengths = {"host": 15, "host_with_port": 15, "app_id": 6, "key": 20, "prefix": 0}
    assert result.meta["addresses"] == [{"server": "endpoint", "tls": False, "rtt_s": None, **lengths}]
    # As captured from the library, with a port of five digits.
    assert summary.at["trigger", "head_per_request"] == 456
    assert summary.at["batch", "saving"] > 0.5
    # Every call has a latency, and a median needs twenty.
    assert list(summary["samples"]) == [3, 1, 1]
    assert summary["p50_s"].isna().all()


def test_how_a_publisher_differs_is_said_header_by_header(run: Run, script: Any, tmp_path: Path) -> None:
    altered = CLIENT + "import pusher.http\npusher.http.VERSION = '9.9.9'\n"
    done = run("observe", *script("client.trigger('a', 'e', 'x')\n", altered))
    assert done.returncode == 0, done.stderr
    assert "nearest to python" in done.stdout
    assert "with 1 difference\n  X-Pusher-Library: other value 'pusher-http-python 9.9.9'" in done.stdout
    assert set(saved(tmp_path).slices["client"]) == {"unknown"}


def test_a_library_that_is_too_old_for_batches_is_named(run: Run, script: Any, tmp_path: Path) -> None:
    old = CLIENT + "import pusher.http\npusher.http.VERSION = '1.2.3'\n"
    done = run("observe", *script("client.trigger('a', 'e', 'x')\n", old))
    assert done.returncode == 0, done.stderr
    assert "  pusher-http-python 1.2.3 can't publish batches: 1.3.0 is the first version that can\n" in done.stdout
    [found] = saved(tmp_path).meta["observed"]["without_batches"]
    assert found == {"library": "pusher-http-python", "version": "1.2.3", "since": "1.3.0"}


def test_what_a_private_header_holds_is_nowhere_and_one_client_is_told_once(
    run: Run, script: Any, tmp_path: Path
) -> None:
    traced = """
import itertools, requests
send, number = requests.Session.request, itertools.count()
def request(self, method, url, headers=None, **more):
    added = {"Authorization": "Bearer hidden-token", "traceparent": f"00-{next(number)}"}
    return send(self, method, url, headers={**headers, **added}, **more)
requests.Session.request = request
"""
    done = run("observe", *script(PUBLISH, CLIENT + traced))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("nearest to python") == 1
    assert (
        "with 2 differences\n  Authorization: added ('(not shown)')\n  traceparent: added ('00-0')" in done.stdout
    )
    assert "hidden-token" not in done.stdout
    assert not any(b"hidden-token" in file.read_bytes() for file in saved(tmp_path).folder.iterdir())


def test_a_web_proxy_is_not_in_the_way(run: Run, script: Any) -> None:
    done = run("observe", *script(), HTTP_PROXY="http://127.0.0.1:1", NO_PROXY="example.org")
    assert done.returncode == 0, done.stderr


def test_a_mock_that_ends_early_makes_the_run_invalid(script: Any, tmp_path: Path) -> None:
    kill = "import psutil\nfor each in psutil.Process(os.getppid()).children():\n"
    kill += "    if 'wiretax.mock' in each.cmdline():\n        each.kill()\n"
    kill += "        while each.status() != psutil.STATUS_ZOMBIE:\n            pass\n"
    # From the command line: a mock that is forked for the tests is no child of its command.
    arguments = command("observe", *script(PUBLISH + kill))
    done = subprocess.run(arguments, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 5
    assert "invalid  the mock ended before its ledger could be read" in done.stdout
    assert not saved(tmp_path).meta["valid"]


def test_a_server_that_closes_each_connection_is_named_and_not_the_publisher(run: Run, script: Any) -> None:
    """soketi's way."""
    reply = answer("200 OK", b'{"ok":true}', "Connection: close")
    with raw_server(lambda _, __: reply, closes=True) as server:
        done = run(
            "observe",
            "--upstream",
            server.url(),
            *script("for _ in range(2):\n    client.trigger('a', 'e', 'x')\n"),
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 requests on 2 connections\n  2 closed by the upstream\n" in done.stdout
    assert "  a connection for each call, since the upstream closes it; the profile keeps" in done.stdout


def test_a_connection_a_call_is_seen(run: Run, script: Any, tmp_path: Path) -> None:
    done = run(
        "observe", *script("client.trigger('a', 'e', 'x')\n", f"for _ in range(3):\n{indent(CLIENT, '    ')}    ")
    )
    assert done.returncode == 0, done.stderr
    assert "3 requests on 3 connections" in done.stdout
    assert "  opens a connection for each call; the profile keeps its connections\n" in done.stdout
    assert set(saved(tmp_path).slices["connection"]) == {"close"}


def test_an_upstream_gets_the_requests_and_its_own_signature(
    run: Run, script: Any, tmp_path: Path, mock_url: str
) -> None:
    done = run("observe", "--upstream", mock_url.replace("127.0.0.1", "localhost"), *script())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "http://localhost:" in done.stdout
    assert "agree to the byte" in done.stdout
    assert_no_secret(tmp_path, done.stdout, done.stderr)
    result = saved(tmp_path)
    assert result.meta["mock"] is None
    assert result.meta["observed"]["host_growth_bytes"] == 0  # localhost is as long as 127.0.0.1
    connections = result.meta["observed"]["connections"]
    port = int(mock_url.rpartition(":")[2].partition("/")[0])
    peer = {"server": "endpoint", "address": "127.0.0.1", "port": port, "connections": connections}
    assert result.meta["peers"] == [peer]
    assert result.server["events"] == 14


def test_an_upstream_gets_no_message_beyond_the_limit(
    run: Run, script: Any, tmp_path: Path, mock_url: str
) -> None:
    done = run("observe", "--upstream", mock_url, "--max-messages", "10", *script())
    # The library raises at the response.
    assert done.returncode == 1
    assert "PusherForbidden" in done.stderr
    limit = "stopped at the limit: 6 of 10 messages (--max-messages) were sent, and the next call did not fit"
    assert f"wiretax observe: {limit}; this call was not forwarded" in done.stderr
    assert "4 events in 5 requests, 1 of them not forwarded, on 1 connection\n" in done.stdout
    assert f"warning  {limit}; 1 call was answered with 403 instead\n" in done.stdout
    assert "failed" not in done.stdout
    assert "refuses" not in done.stdout  # no limit of the library
    assert "agree to the byte" in done.stdout
    result = saved(tmp_path)
    assert result.meta["valid"]
    assert result.meta["budget"] == {"max_messages": 10, "messages": 6, "spent": True}
    assert result.meta["observed"]["withheld_requests"] == 1
    assert list(result.slices["api"]) == ["trigger", "multi_trigger"]
    assert list(result.slices["messages"]) == [3, 3]
    assert result.server["events"] == 4
    assert_no_secret(tmp_path, done.stdout, done.stderr)


def test_a_limit_below_the_first_call_leaves_an_invalid_run(run: Run, script: Any, tmp_path: Path) -> None:
    done = run(
        "observe",
        "--max-messages",
        "1",
        *script(
            "try:\n    client.trigger(['a', 'b'], 'e', 'x')\nexcept pusher.errors.PusherForbidden:\n    pass\n"
        ),
    )
    assert done.returncode == 5
    assert "0 of 1 messages (--max-messages) were sent, and the next call did not fit" in done.stdout
    assert "no event was acknowledged" in done.stdout
    assert saved(tmp_path).server["requests"] == 0


def test_calls_that_a_limit_can_not_count_are_named(run: Run) -> None:
    post = "import http.client, os\nc = http.client.HTTPConnection('127.0.0.1', int(os.environ['PUSHER_PORT']))\n"
    post += "c.request('POST', '/apps/1/events', 'no JSON')\nprint(c.getresponse().read().decode())"
    done = run("observe", "--max-messages", "9", "--", sys.executable, "-c", post)
    assert done.returncode == 5
    why = "the messages of this call can't be counted (--max-messages)"
    assert f"wiretax observe: {why}; this call was not forwarded\n" in done.stdout
    assert f"warning  {why}; 1 call was answered with 403 instead\n" in done.stdout


def test_an_https_upstream_is_verified_unless_told_not_to(run: Run, script: Any, tmp_path: Path) -> None:
    with embedded_mock(Limits(), CostModel(), MockTls("ecdsa", tmp_path / "ca.pem")) as mock:
        url = f"https://{DEMO.key}:{DEMO.secret}@{mock.host}:{mock.port}/apps/{DEMO.app_id}"
        once = script("client.trigger('a', 'e', 'x')\n")
        trusted = run("observe", "--upstream", url, "--ca", str(tmp_path / "ca.pem"), *once)
        assert trusted.returncode == 0, trusted.stdout + trusted.stderr
        untrusted = run("observe", "--upstream", url, *once)
        assert untrusted.returncode == 5
        assert untrusted.stdout == ""  # the publisher was not started
        assert "can't reach the upstream" in untrusted.stderr
        assert "pass its authority with --ca FILE" in untrusted.stderr
        insecure = run("observe", "--upstream", url, "--insecure", *once)
    assert insecure.returncode == 0, insecure.stdout + insecure.stderr
    assert "certificate was not verified" in insecure.stdout
    assert "https is not" not in insecure.stderr


def test_a_command_that_fails_passes_its_code_on_and_keeps_what_it_did(
    run: Run, script: Any, tmp_path: Path
) -> None:
    done = run("observe", *script(PUBLISH + "sys.exit(7)\n"))
    assert done.returncode == 7
    assert "CMD ended with exit code 7" in done.stderr
    assert len(saved(tmp_path).slices) == 3
    done = run("observe", *script(PUBLISH + "sys.stdout.flush(); os.kill(os.getpid(), 9)\n"))
    assert done.returncode == 128 + 9
    assert "CMD was ended by SIGKILL" in done.stderr


def test_events_that_are_refused_are_failures_and_an_invalid_run(run: Run, script: Any, tmp_path: Path) -> None:
    wrong = (
        "client = pusher.Pusher(app_id=env['PUSHER_APP_ID'], key=env['PUSHER_KEY'], secret='wrong', ssl=False,\n"
    )
    wrong += "    host=env['PUSHER_HOST'], port=int(env['PUSHER_PORT']))\n"
    refused = "try:\n    client.trigger('a', 'e', 'x')\nexcept Exception:\n    pass\n"
    done = run("observe", *script(refused, CLIENT + wrong))
    assert done.returncode == 5
    assert "1 x rejected 401: Invalid signature; check app id, key and secret" in done.stdout
    assert "no event was acknowledged" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["observe"], 2, "no command to observe"),
        (["observe", "--", "no-such-publisher"], 2, "can't run no-such-publisher: no such command"),
        (["observe", "--", "/"], 2, "can't run /: "),
        (
            ["observe", "--upstream", "http://k:hidden@192.0.2.1/apps/1", "--", "true"],
            2,
            "add --yes if you mean it",
        ),
        (["observe", "--upstream", "http://127.0.0.1/apps/1", "--", "true"], 2, "lacks the key or the secret"),
        (
            ["observe", "--upstream", "http://k:hidden@127.0.0.1:1/apps/1", "--", "true"],
            5,
            "can't reach the upstream: 127.0.0.1:1: Connection refused",
        ),
        (["observe", "--insecure", "--", "true"], 2, "go with an https:// --upstream"),
        (["observe", "--results", "/proc/none", "--", "true"], 2, "can't be written"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing_behind(
    run: Run, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert "hidden" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_command_that_never_connects_is_told_what_to_check(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"REVERB_HOST=ws.example.org\nPUSHER_APP_SECRET={DEMO.secret}\n")
    done = run("observe", "--", sys.executable, "-c", "")
    assert done.returncode == 5
    assert done.stdout == ""
    assert DEMO.secret not in done.stderr
    said, title, *items = done.stderr.splitlines()
    assert said.startswith("wiretax: CMD published nothing: it never connected")
    assert title == "What to check, in this order:"
    assert [item[:5] for item in items] == [f"{number:3}. " for number in range(1, 9)]
    subjects = ("exit code 0", "PUSHER_URL", "PUSHER_HOST", "cluster", "TLS", "web proxy", ".env", "php artisan")
    assert all(subject in item for subject, item in zip(subjects, items, strict=True))
    assert ".env in this folder sets REVERB_HOST, PUSHER_APP_SECRET." in items[6]
    assert [file.name for file in tmp_path.iterdir()] == [".env"]


def test_a_server_that_is_stopped_before_it_published_gets_the_list_too(run: Run) -> None:
    # It stops the command that observes it, once that hears the signal.
    stop = "import os, re, signal\nparent = os.getppid()\nheard = 0\nwhile not heard >> signal.SIGTERM - 1 & 1:\n"
    stop += "    heard = int(re.search(r'SigCgt:\\s*(\\w+)', open(f'/proc/{parent}/status').read())[1], 16)\n"
    done = run("observe", "--", sys.executable, "-c", stop + "os.kill(parent, signal.SIGTERM)\nsignal.pause()")
    assert done.returncode == 130
    assert "CMD published nothing: it never connected" in done.stderr
    assert "  1. Did CMD get as far as publishing? It was ended by SIGTERM (exit code 143).\n" in done.stderr


def test_an_application_of_laravel_is_led_to_the_proxy(run: Run, script: Any, tmp_path: Path) -> None:
    reverb = CLIENT.replace('"PUSHER_KEY"', '"REVERB_APP_KEY"').replace('"PUSHER_SECRET"', '"REVERB_APP_SECRET"')
    for name in ("APP_ID", "SCHEME", "HOST", "PORT"):
        reverb = reverb.replace(f'"PUSHER_{name}"', f'"REVERB_{name}"')
    done = run("observe", *script("client.trigger('a', 'e', 'x')\n", reverb))
    assert done.returncode == 0, done.stderr
    assert "\n1 event in 1 request on 1 connection\n" in done.stdout
    assert "PUSHER_APP_KEY" in saved(tmp_path).meta["observed"]["variables"]


def test_a_command_that_fails_before_it_publishes_says_both(run: Run, tmp_path: Path) -> None:
    done = run("observe", "--", sys.executable, "-c", "raise SystemExit(3)")
    assert done.returncode == 3
    assert "CMD published nothing" in done.stderr
    assert "PUSHER_URL" in done.stderr
    assert "CMD ended with exit code 3" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_publisher_that_does_not_wait_for_answers_is_counted_to_the_byte(run: Run, tmp_path: Path) -> None:
    ask = "import os, socket\nfor _ in range(50):\n    s = socket.create_connection(('127.0.0.1', "
    ask += "int(os.environ['PUSHER_PORT'])))\n    s.sendall(b'POST /apps/1/events HTTP/1.1\\r\\nHost: x\\r\\n"
    done = run("observe", "--", sys.executable, "-c", ask + "Content-Length: 2\\r\\n\\r\\n{}')\nos._exit(0)")
    assert done.returncode == 5  # nothing was signed
    assert "50 requests on 50 connections" in done.stdout
    assert "agree to the byte" in done.stdout
    assert saved(tmp_path).server["requests"] == 50
    # One cause to a line.
    causes = [line.split(": ", 1)[1] for line in done.stdout.splitlines() if " x lost: " in line]
    assert causes in ([], ["the publisher closed the connection before the response"])


# Asks before it publishes, as an application that publishes to occupied channels only.
ASK_FIRST = """
if "c" not in client.channels_info()["channels"]:
    client.trigger("c", "e", "x", socket_id="12.34")
for channel in ("presence-c", "presence-d"):
    client.users_info(channel)
try:
    client.terminate_user_connections("u")
except Exception:
    pass
"""


def test_a_publisher_that_asks_first_publishes_and_its_questions_have_rows(
    run: Run, script: Any, tmp_path: Path
) -> None:
    done = run("observe", *script(ASK_FIRST))
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[:4] for row in rows if row[:1] == ["GET"]] == [
        ["GET", "channels", "1", "-"],
        ["GET", "channels/X/users", "2", "-"],
    ]
    # The library leaves the app out of this path.
    assert "POST another path" in done.stdout
    assert "rejected 404: Not found\n" in done.stdout
    result = saved(tmp_path)
    assert result.meta["valid"]
    assert result.slices["events"].sum() == 1
    assert result.server is not None
    calls = result.meta["observed"]["other_calls"]
    assert [(each["call"], each["requests"], each["failures"]) for each in calls] == [
        ("GET channels", 1, 0),
        ("GET channels/X/users", 2, 0),
        ("POST another path", 1, 1),
    ]
    total = {name: sum(each[name] for each in calls) for name in calls[0] if name.endswith("bytes")}
    sent = total["request_head_bytes"] + total["request_body_bytes"]
    received = total["response_head_bytes"] + total["response_body_bytes"]
    events = result.slices.iloc[0]
    parts = ("request_line_bytes", "auth_query_bytes", "header_bytes", "body_bytes")
    assert sent + sum(events[name] for name in parts) == result.server["request_bytes"]
    assert (
        received + events["response_head_bytes"] + events["response_body_bytes"] == result.server["response_bytes"]
    )
    assert f"that don't ({sent:,} B sent, {received:,} B received), on 1 connection" in done.stdout


def test_requests_that_publish_nothing_are_named(run: Run) -> None:
    get = "import http.client, os\nc = http.client.HTTPConnection('127.0.0.1', int(os.environ['PUSHER_PORT']))\n"
    done = run(
        "observe", "--", sys.executable, "-c", get + "c.request('GET', '/apps/1/channels')\nc.getresponse()"
    )
    assert done.returncode == 5
    assert "it made 1 request, none of them to /events or /batch_events: GET /apps/1/channels\n" in done.stderr
    assert "What to check" not in done.stderr


def test_tls_to_the_plain_port_is_explained(run: Run) -> None:
    shake = "import os, ssl, socket\ns = socket.create_connection(('127.0.0.1', int(os.environ['PUSHER_PORT'])))\n"
    shake += (
        "try:\n    ssl.create_default_context().wrap_socket(s, server_hostname='x')\nexcept OSError:\n    pass\n"
    )
    done = run("observe", "--", sys.executable, "-c", shake)
    assert done.returncode == 5
    assert "a TLS handshake, but the proxy speaks plain HTTP" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_publisher_hears_it_and_its_record_is_kept(
    script: Any, tmp_path: Path, number: signal.Signals
) -> None:
    wait = "import signal\nsignal.signal(signal.SIGTERM, signal.default_int_handler)\n"
    wait += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    wait += "signal.signal(signal.SIGHUP, signal.default_int_handler)\n"
    wait += (
        "try:\n    print('ready', flush=True)\n    signal.pause()\nexcept KeyboardInterrupt:\n    print('heard')\n"
    )
    process = subprocess.Popen(
        command("observe", *script(PUBLISH + wait)),
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # In front of a terminal Ctrl-C is not passed on, since it reaches the publisher by itself.
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line == "ready\n":
            break
    process.send_signal(number)
    assert process.stdout.readline() == "heard\n"
    # Once the publisher has ended, nothing keeps the run from being written.
    while process.poll() is None and not list(tmp_path.glob("results/*/run.json")):
        if _has_no_children(process.pid):
            process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert out.startswith("\nobserve")
    assert "interrupted; what was recorded is kept" in out
    assert "Traceback" not in out + err
    assert saved(tmp_path).meta["interrupted"]
    assert saved(tmp_path).server["events"] == 14


def _has_no_children(pid: int) -> bool:
    """Whether a process has no child left, but for the mock, which was its first."""
    return len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()) < 2


GROWING = """
for size in ({sizes}):
    client.trigger_batch([{{"channel": "c", "name": "e", "data": "👍" + "x" * size}}] * 10)
"""


@pytest.mark.parametrize(
    ("sizes", "code", "says"),
    [
        # The library raises "Too much data" at the last.
        (
            "100, 1000, 3000",
            1,
            ["CMD failed, and every call it made was answered. pusher 3.3.4 refuses calls beyond"],
        ),
        ("100, 2000", 0, ["pusher 3.3.4 refuses calls beyond its limits without sending them"]),
        ("100, 1000", 0, []),
    ],
)
def test_the_limits_of_a_library_are_named_if_its_publisher_came_near_or_failed(
    run: Run, script: Any, tmp_path: Path, sizes: str, code: int, says: list[str]
) -> None:
    done = run("observe", *script(GROWING.format(sizes=sizes)))
    assert done.returncode == code, done.stderr
    most = {"100, 1000, 3000": "4,080", "100, 2000": "8,080"}.get(sizes)
    if most:
        says = [
            *says,
            "data in a batch: 10,240 bytes of memory (Python's sys.getsizeof) at most; "
            f"the most it sent: {most}\n",
        ]
    assert all(each in done.stdout for each in says)
    assert ("refuses" in done.stdout) == bool(says)
    [seen] = saved(tmp_path).meta["observed"]["recognised"]
    assert {"what": "an event's name in a batch", "most": 200, "unit": "characters", "seen": 1} in seen["limits"]


def test_a_failure_at_a_response_is_not_blamed_on_the_library(run: Run, script: Any) -> None:
    wrong = CLIENT.replace('secret=env["PUSHER_SECRET"]', 'secret="wrong"')
    done = run("observe", *script("client.trigger('a', 'e', 'x' * 100)\n", wrong))
    assert done.returncode == 1
    assert "rejected 401" in done.stdout
    assert "refuses" not in done.stdout


def test_a_publisher_that_sent_nothing_is_told_of_the_limits_of_libraries(run: Run, script: Any) -> None:
    done = run("observe", *script("client.trigger('a', 'e', '👍' + 'x' * 9000)\n"))
    assert done.returncode == 1
    assert "CMD published nothing: it never connected; it must publish to the host and port" in done.stderr
    assert "within its library's limits (wiretax clients)" in done.stderr
