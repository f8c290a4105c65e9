"""How a server is reached: web proxies of the environment, and client certificates."""

from __future__ import annotations

import ssl
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import TINY, Plan, Run, free_port, url_of
from mutual_tls import mutual_tls
from saved_runs import saved
from web_proxy import WebProxy, web_proxy

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock

# Only a proxy knows where it is.
AWAY = Endpoint("https", "ws.invalid", 443, DEMO)
PASSWORD = "hidden-in-a-proxy"
SECRETS = (PASSWORD, b64encode(f"user:{PASSWORD}".encode()).decode())
PUBLISH = """
import os, pusher
env = os.environ
client = pusher.Pusher(env["PUSHER_APP_ID"], env["PUSHER_KEY"], env["PUSHER_SECRET"], ssl=False,
                       host=env["PUSHER_HOST"], port=int(env["PUSHER_PORT"]))
client.trigger("my-channel", "my-event", "hello")
"""
PUBLISHER = ("--", sys.executable, "-W", "ignore", "-c", PUBLISH)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[WebProxy]:
    """A web proxy in front of a mock."""
    with (
        embedded_mock(Limits(), CostModel(), MockTls("ecdsa", tmp_path / "mock.pem")) as mock,
        web_proxy((mock.host, mock.port)) as made,
    ):
        yield made


def named(proxy: WebProxy) -> dict[str, str]:
    """The environment of a machine whose proxy asks for a password."""
    return {"HTTPS_PROXY": f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}"}


def assert_no_secret(folder: Path, *said: str) -> None:
    files = [file for file in (folder / "results").rglob("*") if file.is_file()]
    assert files
    for secret in SECRETS:
        assert not any(secret.encode() in file.read_bytes() for file in files)
        assert secret not in "".join(said)


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_run_goes_through_the_proxy_of_the_environment(
    run: Run, plan: Plan, tmp_path: Path, proxy: WebProxy, processes: str
) -> None:
    # The usual limit of a remote endpoint would end the run on a fast machine before its first round is whole.
    more = ("--insecure", "--yes", "--max-messages", "10000000", "--processes", processes)
    done = run("run", plan(), "--endpoint", url_of(AWAY), *more, **named(proxy))
    assert done.returncode == 0, done.stderr
    result = saved(tmp_path)
    counts = result.meta["reconcile"]
    assert result.meta["valid"], result.meta["invalid_because"]
    assert counts["agrees"]
    assert None not in [counts[name] for name in ("model", "socket", "kernel", "server")]
    url = f"http://127.0.0.1:{proxy.port}"
    assert result.meta["proxies"] == {"endpoint": url}
    assert f"sent through the proxy {url} (HTTPS_PROXY)" in done.stdout
    assert {(peer["address"], peer["port"]) for peer in result.meta["peers"]} == {("127.0.0.1", proxy.port)}
    assert len(proxy.asked) >= result.meta["connections"]["opened"]
    assert all(each.startswith(b"CONNECT ws.invalid:443 HTTP/1.1\r\n") for each in proxy.asked)
    assert_no_secret(tmp_path, done.stdout, done.stderr)


def test_nothing_for_this_machine_goes_through_a_proxy(run: Run, plan: Plan, tmp_path: Path) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    proxies = {"HTTP_PROXY": gone, "HTTPS_PROXY": gone, "ALL_PROXY": gone}
    assert run("run", plan(), **proxies).returncode == 0
    with embedded_mock(Limits(), CostModel()) as mock:
        assert run("run", plan(), PUSHER_URL=url_of(mock), **proxies).returncode == 0
        assert run("doctor", PUSHER_URL=url_of(mock), **proxies).returncode == 0
    assert saved(tmp_path).meta["proxies"] == {}


@pytest.mark.parametrize(
    "command", [("run", "quick", "--endpoint"), ("doctor", "--endpoint"), ("observe", "--yes", "--upstream")]
)
def test_a_proxy_for_plain_http_is_reported(run: Run, command: tuple[str, ...], tmp_path: Path) -> None:
    proxy = f"http://user:{PASSWORD}@127.0.0.1:1"
    done = run(
        *command, "http://k:s@ws.invalid/apps/1", *PUBLISHER[: 5 * ("observe" in command)], http_proxy=proxy
    )
    assert done.returncode == 2
    assert "http_proxy is set" in done.stderr
    assert "add ws.invalid to NO_PROXY" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert not (tmp_path / "results").exists()


def test_a_proxy_of_another_kind_is_reported(run: Run) -> None:
    done = run("run", "quick", PUSHER_URL=url_of(AWAY), ALL_PROXY=f"socks5://user:{PASSWORD}@127.0.0.1:1")
    assert done.returncode == 2
    assert "ALL_PROXY names a proxy by 'socks5', expected http" in done.stderr
    assert PASSWORD not in done.stderr


def test_doctor_checks_the_proxy(run: Run, proxy: WebProxy) -> None:
    done = run("doctor", "--insecure", PUSHER_URL=url_of(AWAY), **named(proxy))
    assert done.returncode == 0, done.stdout
    assert (
        f"the proxy http://127.0.0.1:{proxy.port} (HTTPS_PROXY) opened a tunnel to ws.invalid:443" in done.stdout
    )
    refusing = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    with web_proxy(("127.0.0.1", 1), refusing) as other:
        failed = run("doctor", PUSHER_URL=url_of(AWAY), **named(other))
    assert failed.returncode == 1
    assert "407 Proxy Authentication Required; check user and password in HTTPS_PROXY" in failed.stdout
    for secret in SECRETS:
        assert secret not in done.stdout + failed.stdout


def test_a_run_names_a_proxy_that_refuses(run: Run, plan: Plan, tmp_path: Path) -> None:
    with web_proxy(("127.0.0.1", 1), b"HTTP/1.1 403 Forbidden\r\n\r\n") as proxy:
        done = run("run", plan(), "--yes", PUSHER_URL=url_of(AWAY), **named(proxy))
    assert done.returncode == 5
    assert f"the proxy http://127.0.0.1:{proxy.port} (HTTPS_PROXY) opened no tunnel" in done.stderr
    assert "403 Forbidden" in done.stderr
    assert not any(secret in done.stderr for secret in SECRETS)


def test_an_upstream_is_reached_through_the_proxy(run: Run, tmp_path: Path, proxy: WebProxy) -> None:
    done = run("observe", "--insecure", "--yes", "--upstream", url_of(AWAY), *PUBLISHER, **named(proxy))
    assert done.returncode == 0, done.stderr
    result = saved(tmp_path)
    assert result.meta["valid"], result.meta["invalid_because"]
    assert result.slices["events"].sum() == 1
    assert proxy.asked
    assert {(peer["address"], peer["port"]) for peer in result.meta["peers"]} == {("127.0.0.1", proxy.port)}
    assert_no_secret(tmp_path, done.stdout, done.stderr)
    with web_proxy(("127.0.0.1", 1), b"HTTP/1.1 403 Forbidden\r\n\r\n") as refusing:
        failed = run("observe", "--yes", "--upstream", url_of(AWAY), *PUBLISHER, **named(refusing))
    assert failed.returncode == 5
    assert "opened no tunnel: 403 Forbidden" in failed.stderr


def test_a_server_that_asks_for_a_certificate_gets_it_or_is_named(run: Run, plan: Plan, tmp_path: Path) -> None:
    with mutual_tls(tmp_path) as (port, files):
        url = url_of(Endpoint("https", "127.0.0.1", port, DEMO))
        trust, pair = ("--ca", str(files.ca)), ("--cert", str(files.cert), "--key", str(files.key))
        done = run("run", plan(), *trust, *pair, PUSHER_URL=url)
        assert done.returncode == 0, done.stderr
        assert saved(tmp_path).meta["valid"]
        without = run("run", plan(), *trust, PUSHER_URL=url)
        workers = run("run", plan(), *trust, *pair, "--processes", "2", PUSHER_URL=url)
        assert workers.returncode == 0, workers.stderr
    assert without.returncode == 5
    assert "asks for a client certificate (TLSV13_ALERT_CERTIFICATE_REQUIRED)" in without.stderr
    assert "pass one with --cert FILE and --key FILE" in without.stderr


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_doctor_names_a_server_that_asks_for_a_certificate(
    run: Run, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    with mutual_tls(tmp_path, version) as (port, files):
        url = url_of(Endpoint("https", "127.0.0.1", port, DEMO))
        without = run("doctor", "--ca", str(files.ca), PUSHER_URL=url)
        done = run("doctor", "--ca", str(files.ca), "--cert", str(files.both), PUSHER_URL=url)
    assert without.returncode == 1
    [line] = [each for each in without.stdout.splitlines() if each.startswith("failed")]
    assert "the server asks for a client certificate" in line
    assert "pass one with --cert FILE and --key FILE" in line
    assert done.returncode == 0, done.stdout


def test_doctor_notes_a_server_that_only_asks(run: Run, tmp_path: Path) -> None:
    with mutual_tls(tmp_path, required=False) as (port, files):
        url = url_of(Endpoint("https", "127.0.0.1", port, DEMO))
        done = run("doctor", "--ca", str(files.ca), PUSHER_URL=url)
    assert done.returncode == 0, done.stdout
    [line] = [each for each in done.stdout.splitlines() if each.startswith("note    TLS")]
    assert "asks for a client certificate" in line
    assert "pass one with --cert FILE and --key FILE if it requires one" in line


def test_a_plan_names_the_files_beside_it(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "plans"
    folder.mkdir()
    text = TINY.format(rounds=2, slice="20ms", timeout="5s", rtt="0s")
    with mutual_tls(folder) as (port, _):
        url = url_of(Endpoint("https", "127.0.0.1", port, DEMO, "/ws"))
        table = '[endpoint]\nca = "ca.pem"\ncert = "cert.pem"\nkey = "key.pem"\nsign_prefix = true\n[mock]'
        (folder / "mutual.toml").write_text(text.replace("[mock]", table))
        done = run("run", "plans/mutual.toml", PUSHER_URL=url)
        assert done.returncode == 0, done.stderr
        # Without a server, the mock needs none of it.
        assert run("run", "plans/mutual.toml").returncode == 0
        # What the command line says takes precedence.
        stranger = run("run", "plans/mutual.toml", "--cert", "plans/stranger.pem", PUSHER_URL=url)
        (folder / "mutual.toml").write_text(text.replace("[mock]", '[endpoint]\ncerts = "x"\n[mock]'))
        unknown = run("run", "plans/mutual.toml", PUSHER_URL=url)
    assert stranger.returncode == 5
    assert "does not accept the client certificate" in stranger.stderr
    assert unknown.returncode == 2
    assert "certs" in unknown.stderr


def test_an_upstream_may_ask_for_a_certificate(run: Run, tmp_path: Path) -> None:
    with mutual_tls(tmp_path) as (port, files):
        url = url_of(Endpoint("https", "127.0.0.1", port, DEMO))
        trust = ("--ca", str(files.ca), "--upstream", url)
        done = run("observe", *trust, "--cert", str(files.both), *PUBLISHER)
        assert done.returncode == 0, done.stdout + done.stderr
        failed = run("observe", *trust, *PUBLISHER)
    assert failed.returncode != 0
    assert "asks for a client certificate, and none was given" in failed.stdout + failed.stderr


def test_certificates_without_a_server_are_refused(run: Run, plan: Plan, tmp_path: Path) -> None:
    done = run("run", plan(), "--cert", "x.pem")
    assert done.returncode == 2
    assert "--cert and --key go with an https:// --endpoint" in done.stderr
