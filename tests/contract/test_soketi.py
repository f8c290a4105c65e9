"""The commands against soketi, a real server: it closes each connection, and its errors are a 200 with a body."""

from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from commands import environment
from namespace import NAMESPACE, NoNamespaceError, loopback_only
from npm_packages import INSTALL, NotInstalledError
from saved_runs import saved
from soketi_server import APPS, NODE, SECRET, Soketi, installed
from warm import run_warm, start_warm

from analysis.measures.two_servers import compare_servers

ROOT = Path(__file__).parents[2]
PINNED = [Path(__file__).parent / name for name in ("soketi", "pusher_js")]
PUBLISHERS = ROOT / "examples" / "publishers"
APP = APPS[0]["id"]
PLAN = """\
schema = 1
name = "small"
rounds = {rounds}
slice = "{slice}"
users = {users}
timeout = "5s"
"""
TRIGGER = """
[[workload]]
api = "trigger"
payload_bytes = 100
"""
BATCH = """
[[workload]]
api = "batch"
batch_size = 10
payload_bytes = 100
"""
RATE = """
[[workload]]
api = "trigger"
payload_bytes = 100
rate = "200/s"
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., Soketi]
Plan = Callable[..., str]
Environment = Callable[..., dict[str, str]]

pytestmark = pytest.mark.optional_tools


@pytest.fixture(scope="module")
def program() -> Path:
    try:
        return installed()
    except NotInstalledError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def namespace(program: Path) -> Iterator[str]:
    try:
        with loopback_only() as namespace:
            yield namespace
    except NoNamespaceError as reason:
        pytest.skip(f"no network namespace: {reason}")


@pytest.fixture(scope="module")
def start(program: Path, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a soketi at a port, with further options."""
    started = []

    def start_soketi(port: int, **options: str) -> Soketi:
        started.append(Soketi(program, namespace, port, tmp_path_factory.mktemp("soketi"), **options))
        return started[-1]

    yield start_soketi
    for each in started:
        each.kill()


@pytest.fixture(scope="module")
def soketi(start: Start) -> Soketi:
    return start(6001)


@pytest.fixture(scope="module")
def other(start: Start) -> Soketi:
    return start(7001)


@pytest.fixture
def beside(namespace: str) -> Environment:
    """The environment of a command that runs in the servers' namespace."""
    return lambda **more: environment(**more, **{NAMESPACE: namespace})


@pytest.fixture
def run(beside: Environment, tmp_path: Path) -> Run:
    """Runs ``wiretax ARGUMENTS`` in an empty folder, beside the servers."""

    def run_command(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return run_warm("wiretax", *arguments, cwd=tmp_path, env=beside(**env))

    return run_command


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Writes a small plan with these workloads and returns its path."""

    def write(*workloads: str, rounds: int = 2, slice: str = "30ms", users: int = 4) -> str:  # noqa: A002
        path = tmp_path / "small.toml"
        path.write_text(PLAN.format(rounds=rounds, slice=slice, users=users) + "".join(workloads))
        return str(path)

    return write


def shipped(name: str, folder: Path, **changed: str) -> str:
    """A shipped plan with other values at its top."""
    lines = (ROOT / "scenarios" / "plans" / f"{name}.toml").read_text().splitlines()
    path = folder / f"{name}.toml"
    for key, value in changed.items():
        [at] = [number for number, line in enumerate(lines) if line.startswith(f"{key} = ")]
        lines[at] = f"{key} = {value}"
    path.write_text("\n".join(lines))
    return str(path)


def accepted(server: Soketi) -> int:
    """Calls to the first app that the server counts itself."""
    return server.calls().get(APP, 0)


def test_doctor_accepts_it_and_finds_its_limits(run: Run, soketi: Soketi) -> None:
    done = run("doctor", "--limits", PUSHER_URL=soketi.url)
    assert done.returncode == 0, done.stdout
    assert f"accepted for app {APP}" in done.stdout
    assert "the server closes the connection after a response; each call needs a new connection" in done.stdout
    assert "10 (11 was refused: Cannot batch-send more than 10 messages at once" in done.stdout
    assert "102,400 B (102,401 B was refused: The event data should be less than 100 KB" in done.stdout
    assert "none below a full batch, 1,024,541 B of body (the probe published 10 events)" in done.stdout


@pytest.mark.parametrize(
    ("given", "wrong", "says"),
    [
        (SECRET, "0" * 20, "401: The secret authentication failed"),
        (f"/{APP}", "/100009", "404: The app 100009 could not be found"),
    ],
    ids=["secret", "app"],
)
def test_what_is_wrong_in_the_url_is_named_before_anything_is_measured(
    run: Run, soketi: Soketi, given: str, wrong: str, says: str, tmp_path: Path
) -> None:
    url = soketi.url.replace(given, wrong)
    examined = run("doctor", PUSHER_URL=url)
    assert examined.returncode == 1
    assert "failed  credentials" in examined.stdout
    assert says in examined.stdout
    done = run("run", "quick", PUSHER_URL=url)
    assert done.returncode == 5
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_run_counts_the_calls_that_the_server_counts_each_on_a_connection_of_its_own(
    run: Run, soketi: Soketi, tmp_path: Path
) -> None:
    before = accepted(soketi)
    done = run("run", shipped("quick", tmp_path, rounds="2", slice='"10ms"', users="2"), PUSHER_URL=soketi.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the server closed the connection after every call: " in done.stdout
    assert "model, sockets and kernel agree to the byte" in done.stdout
    result = saved(tmp_path)
    assert result.slices.groupby("workload").size().to_list() == [2] * 8
    total = result.meta["parts"]["total"]
    assert total["failures"] == 0
    assert 0 < result.meta["busy"]["server"] < result.meta["busy"]["machine"]
    assert total["requests"] == total["connections"] == total["closed_by_server"] == accepted(soketi) - before


def test_it_accepts_what_every_client_profile_sends(run: Run, soketi: Soketi, tmp_path: Path) -> None:
    before = accepted(soketi)
    plan = shipped("clients", tmp_path, rounds="1", slice='"10ms"', users="1")
    done = run("run", plan, PUSHER_URL=soketi.url)
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    assert result.slices["client"].nunique() == 17
    assert result.failures.empty
    assert result.meta["skipped"] == []
    # Each was tried before the run.
    assert 2 * 17 <= result.meta["parts"]["total"]["requests"] == accepted(soketi) - before


def test_an_error_inside_a_200_skips_the_workload_and_the_others_are_measured(
    run: Run, soketi: Soketi, plan: Plan, tmp_path: Path
) -> None:
    large = BATCH.replace("batch_size = 10", "batch_size = 11")
    heavy = TRIGGER.replace("100", "2000")
    done = run("run", plan("[limits]\nbatch_size = 11\n", TRIGGER, large, heavy), PUSHER_URL=soketi.small_url)
    assert done.returncode == 0, done.stdout + done.stderr
    result = saved(tmp_path)
    assert {(each["api"], each["kind"], each["status"], each["message"]) for each in result.meta["skipped"]} == {
        ("batch", "error_body", 400, "Cannot batch-send more than 10 messages at once"),
        ("trigger", "error_body", 413, "The event data should be less than 1 KB."),
    }
    assert result.slices["workload"].unique().tolist() == ["trigger-100B-chat-reference"]
    # One call each, and no more.
    assert result.failures["count"].to_list() == [1, 1]


def test_a_rate_limit_inside_a_200_is_waited_for_and_then_named(
    run: Run, soketi: Soketi, plan: Plan, tmp_path: Path
) -> None:
    done = run("run", plan(TRIGGER, rounds=1), PUSHER_URL=soketi.slow_url)
    assert done.returncode == 5, done.stdout + done.stderr
    assert "the endpoint asked to wait (429), " in done.stdout
    assert "the endpoint limits the rate: trigger-100B-chat-reference was cut short by 429 4 times" in done.stdout
    result = saved(tmp_path)
    assert result.meta["paused"]["times"] >= 3
    assert {(row.kind, row.status) for row in result.failures.itertuples()} == {("error_body", 429)}
    assert result.failures["count"].sum() == result.meta["outcome"]["rejected"]


def test_two_of_them_are_compared_slice_by_slice(
    run: Run, soketi: Soketi, other: Soketi, plan: Plan, tmp_path: Path
) -> None:
    before = accepted(soketi), accepted(other)
    done = run("run", plan(TRIGGER, BATCH, slice="10ms"), "--against", other.url, PUSHER_URL=soketi.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "both servers got the same number of bytes" in done.stdout
    assert "model, sockets and kernel agree to the byte" in done.stdout
    result = saved(tmp_path)
    assert result.slices.groupby(["workload", "server"]).size().to_list() == [2] * 4
    connections = {each["server"]: each["connections"] for each in result.meta["peers"]}
    assert connections["endpoint"] == accepted(soketi) - before[0]
    assert connections["against"] == accepted(other) - before[1]
    pairs = compare_servers(result.slices)
    assert (pairs["sent"] == 0).all()
    assert (pairs["received"] == 0).all()


def test_a_server_that_is_killed_and_started_again_costs_calls_and_not_the_run(
    other: Soketi, plan: Plan, beside: Environment, tmp_path: Path
) -> None:
    # Three slices without an event would end the run: time enough to start it on a busy machine.
    slow = plan(RATE, rounds=1000, slice="3s", users=2)
    process = start_warm("wiretax", "run", slow, cwd=tmp_path, env=beside(PUSHER_URL=other.url))
    assert process.stderr is not None
    assert any("warm-up" in line for line in process.stderr)
    other.kill()
    other.start()
    # The first may have begun without it. A round is announced as it begins, and Ctrl-C cuts it: once the third is
    # announced, the second is whole.
    for _ in range(3):
        assert any("round " in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    result = saved(tmp_path)
    rounds = result.queue.sort_values("round")
    assert rounds["lost"].iloc[0] > 0
    assert rounds.loc[rounds["round"] == 1, "acknowledged"].sum() > 0
    assert set(result.failures["kind"]) <= {"connect", "lost"}
    outcome = result.meta["outcome"]
    assert outcome["adds_up"]
    # Calls that it had not answered when it was killed.
    assert outcome["unknown"] <= 2
    assert "model, sockets and kernel agree to the byte" in out


@pytest.mark.parametrize("language", ["node", "python"])
def test_observe_tells_of_a_library_what_it_sends_and_that_it_was_refused(
    run: Run, soketi: Soketi, program: Path, language: str, tmp_path: Path
) -> None:
    publishers = {
        "node": (str(program / NODE), str(PUBLISHERS / "node" / "publish.js")),
        "python": (sys.executable, str(PUBLISHERS / "python" / "publish.py")),
    }
    library = {"NODE_PATH": str(program / "node_modules")}
    before = accepted(soketi)
    done = run("observe", "--upstream", soketi.url, "--", *publishers[language], **library)
    assert done.returncode == 0, done.stdout + done.stderr
    assert accepted(soketi) - before == 5
    assert "5 requests on 5 connections\n" in done.stdout
    assert "agree to the byte" in done.stdout
    result = saved(tmp_path)
    assert result.slices["events"].sum() == 3 + 1 + 10
    [recognised] = result.meta["observed"]["recognised"]
    assert recognised["profile"].startswith(language)
    # The library takes a 200 for success, whatever its body.
    refused = run(
        "observe", "--upstream", soketi.url.replace(SECRET, "0" * 20), "--", *publishers[language], **library
    )
    assert refused.returncode == 5
    assert "publish:" not in refused.stderr
    assert "error_body 401: The secret authentication failed; check app id, key and secret" in refused.stdout
    assert saved(tmp_path).slices["events"].sum() == 0
    assert accepted(soketi) - before == 5


def test_tls_and_a_path_prefix_that_it_signs(run: Run, start: Start, plan: Plan, tmp_path: Path) -> None:
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    issued = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "cert", "key")}
    authority.cert_pem.write_to_path(str(files["ca"]))
    issued.cert_chain_pems[0].write_to_path(str(files["cert"]))
    issued.private_key_pem.write_to_path(str(files["key"]))
    secure = {"ssl.certPath": str(files["cert"]), "ssl.keyPath": str(files["key"])}
    url = start(8001, pathPrefix="/ws", **secure).url.replace("http:", "https:").replace("/apps", "/ws/apps")
    reach = ("--sign-prefix", "--ca", str(files["ca"]))
    examined = run("doctor", *reach, PUSHER_URL=url)
    assert examined.returncode == 0, examined.stdout
    assert f"accepted for app {APP}" in examined.stdout
    done = run("run", plan(TRIGGER, BATCH, slice="10ms"), *reach, PUSHER_URL=url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "model, sockets and kernel agree to the byte" in done.stdout
    result = saved(tmp_path)
    assert result.meta["tls"]["handshake_sent"] > 0
    assert result.meta["connections"]["closed_by_server"] == result.meta["parts"]["total"]["requests"]
    unsigned = run("doctor", *reach[1:], PUSHER_URL=url)
    assert unsigned.returncode == 1
    assert "or add --sign-prefix if the server signs the whole path" in unsigned.stdout


def test_why_it_is_not_run_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def reason() -> str:
        with pytest.raises(NotInstalledError) as raised:
            installed()
        assert "\n" not in str(raised.value)
        return str(raised.value)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(INSTALL, raising=False)
    if sys.platform != "linux" or platform.machine() != "x86_64":
        assert reason() == "soketi is pinned for Linux on x86_64"
        return
    assert reason() == "soketi is not installed; make test-soketi installs it (364 MB) and runs this"
    monkeypatch.setenv(INSTALL, "install")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reason() == "npm not found"
    failing = tmp_path / "npm"
    failing.write_text("#!/bin/sh\necho npm error code ECONNREFUSED >&2\nexit 1\n")
    failing.chmod(0o755)
    assert reason() == "npm ci failed: npm error code ECONNREFUSED"
    assert not list((tmp_path / "wiretax").iterdir())
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert reason() == "soketi can't be installed in /dev/null/wiretax: Not a directory"
    with pytest.raises(NoNamespaceError, match="unshare not found"), loopback_only():
        pass
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert reason() == "soketi is pinned for Linux on x86_64"


@pytest.mark.parametrize("folder", PINNED, ids=lambda each: each.name)
def test_its_lock_names_no_registry_and_pins_every_package(folder: Path) -> None:
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    del packages[""]
    assert not any("resolved" in each for each in packages.values())
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
