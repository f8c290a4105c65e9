"""Runs that this machine's own limits do not allow: refused before anything is sent, or invalid."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from commands import command, environment, url_of
from warm import run_warm

from wiretax.channels.limits import Limits
from wiretax.mock.cost import CostModel
from wiretax.mock.process import embedded_mock
from wiretax.runs.reader import find_run, read_run

FORKED = Path(__file__).with_name("limited.py")
SCENARIOS = Path(__file__).parents[2] / "scenarios"
PLAN = """\
schema = 1
name = "crowd"
rounds = 3
slice = "50ms"
users = {users}
[[workload]]
api = "trigger"
payload_bytes = 10
"""
# As in the shell of a user, who can't raise the limit again.
LIMITED = 'ulimit -n {files}; exec "$@"'
# A separate network namespace with few local ports.
FEW_PORTS = (
    'ip link set lo up && cd /proc/sys/net/ipv4 && echo "40000 {last}" > ip_local_port_range && '
    'echo 0 > tcp_tw_reuse && cd "$OLDPWD" && exec "$@"'
)


def limited(files: int, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return run_in(["sh", "-c", LIMITED.format(files=files), "sh", *arguments], folder)


def run_in(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def plan(folder: Path, users: int, more: str = "") -> str:
    path = folder / "crowd.toml"
    path.write_text(PLAN.format(users=users) + more)
    return str(path)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with embedded_mock(Limits(), CostModel()) as endpoint:
        yield url_of(endpoint)


@pytest.mark.parametrize("kind", ["run", "workers", "planfile", "free"])
def test_more_users_than_open_files_are_refused_before_anything_is_sent(
    kind: str, url: str, tmp_path: Path
) -> None:
    locust = ["locust", "--headless", "-u", "200", "-t", "1s", "--endpoint", url, "-f"]
    arguments = {
        "run": command("run", plan(tmp_path, 200), "--endpoint", url),
        "workers": ["wiretax", "run", plan(tmp_path, 200), "--endpoint", url, "--processes", "2"],
        "planfile": [*locust, str(SCENARIOS / "planfile.py"), "--plan", plan(tmp_path, 200)],
        "free": [*locust, str(SCENARIOS / "locustfile.py"), "TriggerUser"],
    }[kind]
    if kind == "run":
        done = limited(64, arguments, tmp_path)
    else:
        done = run_warm(str(FORKED), "64", *arguments, cwd=tmp_path, env=environment())
    assert done.returncode == 5, done.stderr
    who = "200 users in 2 processes" if kind == "workers" else "200 users"
    said = rf"a process may have 64 open files here \(RLIMIT_NOFILE\), and {who} need (\d+): raise the limit with"
    found = re.search(said, done.stderr)
    assert found, done.stderr
    assert f"ulimit -n {found[1]}, or lower users" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_the_number_that_is_named_suffices(tmp_path: Path) -> None:
    arguments = ("wiretax", "run", plan(tmp_path, 100))
    refused = run_warm(str(FORKED), "64", *arguments, cwd=tmp_path, env=environment())
    found = re.search(r"ulimit -n (\d+)", refused.stderr)
    assert found
    done = run_warm(str(FORKED), found[1], *arguments, cwd=tmp_path, env=environment())
    assert done.returncode == 0, done.stderr
    run = read_run(find_run(tmp_path / "results"))
    assert run.meta["valid"]
    assert run.failures.empty


def in_a_network(ports: int, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a network with this many local ports, in which none is used again within a minute."""
    within = ["unshare", "--net", "sh", "-c", FEW_PORTS.format(last=40_000 + ports - 1), "sh"]
    if shutil.which("unshare") is None or subprocess.run([*within, "true"], capture_output=True).returncode:
        pytest.skip("needs a separate network namespace")
    return run_in([*within, *arguments], folder)


def test_more_users_than_local_ports_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    done = in_a_network(5, command("run", plan(tmp_path, 8)), tmp_path)
    assert done.returncode == 5, done.stderr
    # The mock's ledger was read over one of them.
    assert re.search(r"8 users need 8 local ports, and [45] are free for connections to 127", done.stderr)
    assert "(net.ipv4.ip_local_port_range has 5, " in done.stderr
    assert not (tmp_path / "results").exists()


def test_running_out_of_local_ports_is_not_the_servers_failure_and_makes_the_run_invalid(tmp_path: Path) -> None:
    # Each call leaves a port in TIME_WAIT.
    crowd = plan(tmp_path, 4, "calls_per_connection = 1")
    done = in_a_network(40, command("run", crowd), tmp_path)
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    run = read_run(find_run(tmp_path / "results"))
    assert set(run.failures["kind"]) == {"generator"}
    named = [each for each in run.meta["invalid_because"] if each.startswith("this machine's own limit stopped")]
    assert len(named) == 1
    assert "no free local port (net.ipv4.ip_local_port_range)" in named[0]
    assert named[0] in " ".join(done.stdout.split())
