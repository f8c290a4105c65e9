"""IPv6 literals in every URL, and names with several addresses, of which not all are a server's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import Plan, Run, environment, free_port
from saved_runs import assert_agrees, saved
from warm import run_warm, start_warm

from wiretax.channels.endpoint import DEMO, Endpoint

RESOLVING = Path(__file__).with_name("resolving.py")
NAME = "several.test"
# The usual limit of a remote endpoint would end a run on a fast machine before its first round is whole.
MANY = ("--max-messages", "10000000")
PUBLISH = """
import os, pusher
env = os.environ
client = pusher.Pusher(env["PUSHER_APP_ID"], env["PUSHER_KEY"], env["PUSHER_SECRET"], ssl=False,
                       host=env["PUSHER_HOST"], port=int(env["PUSHER_PORT"]))
client.trigger("my-channel", "my-event", "hello")
"""


@contextmanager
def mock_at(folder: Path, host: str, *options: str) -> Iterator[list[str]]:
    """A mock as a user starts it, and the lines that it prints: where it listens, and how to publish to it."""
    process = start_warm("wiretax", "mock", "--host", host, "--port", "0", *options, cwd=folder, env=environment())
    assert process.stdout is not None
    try:
        lines: list[str] = []
        while not lines or not lines[-1].startswith("PUSHER_URL="):
            lines.append(process.stdout.readline().strip())
            assert lines[-1], lines
        yield lines
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.parametrize("options", [(), ("--tls", "--certificate", "ecdsa")])
def test_a_mock_at_an_ipv6_address_prints_urls_that_every_command_accepts(
    run: Run, plan: Plan, tmp_path: Path, options: tuple[str, ...]
) -> None:
    ca = tmp_path / "ca.pem"
    trust = ("--ca", str(ca)) if options else ()
    with mock_at(tmp_path, "::1", *options, *trust) as lines:
        url = lines[-1].partition("=")[2]
        assert "@[::1]:" in url
        assert "://[::1]:" in lines[0]
        doctor = run("doctor", *trust, PUSHER_URL=url)
        assert doctor.returncode == 0, doctor.stdout
        assert "connected to [::1]:" in doctor.stdout
        done = run("run", plan(), *trust, PUSHER_URL=url)
        assert done.returncode == 0, done.stderr
        measured = saved(tmp_path)
        observed = run("observe", "--upstream", url, *trust, "--", sys.executable, "-W", "ignore", "-c", PUBLISH)
        assert observed.returncode == 0, observed.stderr
    assert_agrees(measured)
    [peer] = measured.meta["peers"]
    assert (peer["address"], peer["server"]) == ("::1", "endpoint")
    # A handshake opens each user's connection, in IPv6 headers.
    assert peer["connections"] == measured.meta["connections"]["opened"]
    assert_agrees(saved(tmp_path))


def wiretax(folder: Path, addresses: Sequence[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``wiretax`` on a machine that resolves the name to these addresses."""
    resolved = f"{NAME}={','.join(addresses)}"
    return run_warm(str(RESOLVING), resolved, "wiretax", *arguments, cwd=folder, env=environment())


def test_a_name_that_resolves_to_ipv6_first_works_against_a_server_on_ipv4(plan: Plan, tmp_path: Path) -> None:
    with mock_at(tmp_path, "127.0.0.1") as lines:
        url = lines[-1].partition("=")[2].replace("127.0.0.1", NAME)
        addresses = ("::1", "127.0.0.1")
        done = wiretax(tmp_path, addresses, "run", plan(), "--endpoint", url, "--yes", *MANY)
        assert done.returncode == 0, done.stderr
        doctor = wiretax(tmp_path, addresses, "doctor", "--endpoint", url)
    run = saved(tmp_path)
    assert_agrees(run)
    assert {peer["address"] for peer in run.meta["peers"]} == {"127.0.0.1"}
    assert doctor.returncode == 0, doctor.stdout
    port = Endpoint.parse(url).port
    assert f"connected to 127.0.0.1:{port}, but not to [::1]:{port} (Connection refused)" in doctor.stdout


def test_users_of_all_workers_are_spread_over_the_addresses_of_a_name(plan: Plan, tmp_path: Path) -> None:
    with mock_at(tmp_path, "0.0.0.0") as lines:
        url = lines[-1].partition("=")[2].replace("0.0.0.0", NAME)
        addresses = ("127.0.0.1", "127.0.0.2")
        done = wiretax(tmp_path, addresses, "run", plan(), "--endpoint", url, "--yes", *MANY, "--processes", "2")
        assert done.returncode == 0, done.stderr
    run = saved(tmp_path)
    assert_agrees(run)
    assert {peer["address"] for peer in run.meta["peers"]} == {"127.0.0.1", "127.0.0.2"}
    assert sum(peer["connections"] for peer in run.meta["peers"]) == run.meta["connections"]["opened"]


def test_a_name_whose_addresses_all_refuse_is_one_line(plan: Plan, tmp_path: Path) -> None:
    url = Endpoint("http", NAME, free_port(), DEMO).secret_url
    addresses = ("127.0.0.1", "127.0.0.2")
    done = wiretax(tmp_path, addresses, "run", plan(), "--endpoint", url, "--yes", *MANY)
    assert done.returncode == 5
    assert "Connection refused, at each of 2 addresses" in done.stderr
    doctor = wiretax(tmp_path, addresses, "doctor", "--endpoint", url)
    assert doctor.returncode == 1
    assert "can't connect to any of 2 addresses (Connection refused)" in doctor.stdout
