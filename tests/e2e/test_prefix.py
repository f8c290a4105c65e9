"""Servers behind a path prefix: every command that takes a URL, with byte counts that agree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from commands import TINY, Plan, Run, command, environment, url_of
from saved_runs import assert_agrees, saved

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.channels.request.sizes import request_sizes
from wiretax.channels.workload import Workload
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

PREFIX = "/eu/ws"
# A publisher as one is written by hand; the prefix is its own, or the environment's.
PUBLISH = """
import hashlib, hmac, http.client, os, sys, time
from urllib.parse import urlsplit
url = urlsplit(os.environ["PUSHER_URL"])
prefix = os.environ.get("PUSHER_PATH", sys.argv[1])
path, body = f"/apps/{os.environ['PUSHER_APP_ID']}/events", b'{"name":"e","channels":["c"],"data":"hello"}'
query = (f"auth_key={os.environ['PUSHER_KEY']}&auth_timestamp={int(time.time())}&auth_version=1.0"
         f"&body_md5={hashlib.md5(body).hexdigest()}")
signed = f"POST\\n{prefix if sys.argv[2] == 'whole' else ''}{path}\\n{query}"
digest = hmac.new(os.environ["PUSHER_SECRET"].encode(), signed.encode(), hashlib.sha256).hexdigest()
connection = http.client.HTTPConnection(url.hostname, url.port)
connection.request("POST", f"{prefix}{path}?{query}&auth_signature={digest}", body)
print(connection.getresponse().status)
"""


@pytest.fixture
def mock() -> Iterator[Endpoint]:
    with embedded_mock(Limits(), CostModel(), prefix=PREFIX) as endpoint:
        yield endpoint


@pytest.fixture
def signing() -> Iterator[Endpoint]:
    """A mock that expects the prefix in signatures."""
    with embedded_mock(Limits(), CostModel(), prefix=PREFIX, signs_prefix=True) as endpoint:
        yield endpoint


def test_a_prefix_is_part_of_the_bytes_that_all_four_count(
    run: Run, plan: Plan, mock: Endpoint, tmp_path: Path
) -> None:
    done = run("run", plan(), "--endpoint", url_of(mock) + "/")
    assert done.returncode == 0, done.stderr
    under = saved(tmp_path)
    assert_agrees(under)
    assert under.meta["endpoint"] == mock.public_url
    assert {each["prefix"] for each in under.meta["addresses"]} == {len(PREFIX)}
    lines = under.slices["request_line_bytes"] / under.slices["requests"]
    with embedded_mock(Limits(), CostModel()) as plain:
        assert run("run", plan(), "--endpoint", url_of(plain)).returncode == 0
    bare = saved(tmp_path)
    assert sorted(set(lines)) == [
        each + len(PREFIX) for each in sorted(set(bare.slices["request_line_bytes"] / bare.slices["requests"]))
    ]


def test_gates_state_sizes_without_the_prefix(run: Run, plan: Plan, mock: Endpoint, tmp_path: Path) -> None:
    gates = tmp_path / "gates.toml"
    workload = request_sizes(Workload.of(api="trigger", payload_bytes=10, client="python"))
    gates.write_text(
        'schema = 1\n[[check]]\nid = "head"\nmetric = "http.request.head.size"\n'
        'where = { api = "trigger", client = "python" }\n'
        f"max = {workload.head}\nmin = {workload.head}\n"
    )
    assert run("run", plan(), "--endpoint", url_of(mock)).returncode == 0
    done = run("gate", "--gates", str(gates))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"path prefix {len(PREFIX)} B" in done.stdout


def test_a_server_that_signs_the_whole_path_needs_the_switch(
    run: Run, plan: Plan, signing: Endpoint, tmp_path: Path
) -> None:
    done = run("run", plan(), PUSHER_URL=url_of(signing))
    assert done.returncode == 5
    assert "401" in done.stderr
    assert "add --sign-prefix" in done.stderr
    assert run("doctor", "--endpoint", url_of(signing)).returncode == 1
    assert run("doctor", "--endpoint", url_of(signing), "--sign-prefix").returncode == 0
    done = run("run", plan(), "--sign-prefix", PUSHER_URL=url_of(signing))
    assert done.returncode == 0, done.stderr
    assert_agrees(saved(tmp_path))


def test_the_switch_alone_is_refused(run: Run, plan: Plan) -> None:
    done = run("run", plan(), "--sign-prefix")
    assert done.returncode == 2
    assert "--sign-prefix goes with --endpoint" in done.stderr


def test_a_server_that_signs_without_the_prefix_says_so(run: Run, mock: Endpoint) -> None:
    done = run("doctor", "--endpoint", url_of(mock), "--sign-prefix")
    assert done.returncode == 1
    assert "leave --sign-prefix out" in done.stdout
    wrong = run("doctor", "--endpoint", url_of(replace(mock, prefix="/us")))
    assert wrong.returncode == 1
    assert "/us" in wrong.stdout


@pytest.mark.parametrize("by", ["option", "variable"])
def test_two_servers_may_have_different_prefixes(
    run: Run, plan: Plan, mock: Endpoint, tmp_path: Path, by: str
) -> None:
    with embedded_mock(Limits(), CostModel(), prefix="/v2") as other:
        given = ("--against", url_of(other)) if by == "option" else ()
        more = {} if given else {"WIRETAX_AGAINST": url_of(other)}
        done = run("run", plan(), *given, PUSHER_URL=url_of(mock), **more)
    assert done.returncode == 0, done.stderr
    result = saved(tmp_path)
    assert_agrees(result)
    assert result.meta["against"] == other.public_url


def test_workers_send_to_the_prefix(run: Run, plan: Plan, signing: Endpoint, tmp_path: Path) -> None:
    done = run("run", plan(), "--processes", "2", "--sign-prefix", "--endpoint", url_of(signing))
    assert done.returncode == 0, done.stderr
    assert_agrees(saved(tmp_path))


def test_a_plan_with_http2_sends_to_the_prefix(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(
        TINY.format(rounds=2, slice="30ms", timeout="5s", rtt="0s").partition("[[workload]]")[0]
        + '[[workload]]\napi = "trigger"\npayload_bytes = 10\nclient = "httpx-library"\n'
        'http = ["1.1", "2"]\ntls = true\n'
    )
    authority = tmp_path / "ca.pem"
    with embedded_mock(Limits(), CostModel(), MockTls("ecdsa", authority), prefix="/w's/~a%20b") as mock:
        done = run("run", str(path), "--ca", str(authority), "--endpoint", url_of(mock))
    assert done.returncode == 0, done.stderr
    assert_agrees(saved(tmp_path))


@pytest.mark.parametrize("signed", ["app", "whole"])
def test_a_publisher_with_its_own_prefix_is_observed(run: Run, tmp_path: Path, signed: str) -> None:
    script = tmp_path / "publish.py"
    script.write_text(PUBLISH)
    done = run("observe", "--", sys.executable, str(script), PREFIX, signed)
    assert done.returncode == 0, done.stderr
    assert "200\n" in done.stdout
    result = saved(tmp_path)
    assert_agrees(result)
    assert result.slices["events"].sum() == 1
    assert {each["prefix"] for each in result.meta["addresses"]} == {len(PREFIX)}


def test_a_publisher_is_given_the_prefix_of_the_upstream(run: Run, mock: Endpoint, tmp_path: Path) -> None:
    script = tmp_path / "publish.py"
    script.write_text(PUBLISH + "assert url.path == prefix + path.removesuffix('/events'), url.path\n")
    done = run("observe", "--upstream", url_of(mock), "--", sys.executable, str(script), "/other", "app")
    assert done.returncode == 0, done.stderr
    result = saved(tmp_path)
    assert_agrees(result)
    assert result.meta["endpoint"] == mock.public_url


def test_a_mock_under_a_prefix_prints_a_url_that_can_be_run(run: Run, plan: Plan, tmp_path: Path) -> None:
    with subprocess.Popen(
        command("mock", "--port", "0", "--prefix", "/ws/", "--sign-prefix"),
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = [process.stdout.readline() for _ in range(2)][1].strip().partition("=")[2]
        try:
            assert "/ws/apps/" in url
            done = run("run", plan(), "--sign-prefix", PUSHER_URL=url)
        finally:
            process.terminate()
    assert done.returncode == 0, done.stderr
    result = saved(tmp_path)
    assert_agrees(result)
    assert result.meta["endpoint"].endswith("/ws/apps/123456")


def test_a_prefix_that_needs_escaping_is_refused_by_the_mock(run: Run) -> None:
    done = run("mock", "--port", "0", "--prefix", "/a b")
    assert done.returncode == 2
    assert "--prefix /a b: expected a path like /ws" in done.stderr
