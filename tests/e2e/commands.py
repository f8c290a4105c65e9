"""How the tests call the commands, and the small plan they run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from warm import Started, start_warm

from wiretax.channels.endpoint import Endpoint

Run = Callable[..., subprocess.CompletedProcess[str]]
Process = subprocess.Popen[str] | Started
Plan = Callable[..., str]

TINY = """\
schema = 1
name = "tiny"
rounds = {rounds}
slice = "{slice}"
users = 4
timeout = "{timeout}"
[mock]
rtt = "{rtt}"
[[workload]]
api = "trigger"
payload_bytes = 10
client = ["reference", "python"]
[[workload]]
api = "batch"
batch_size = 10
payload_bytes = 10
[[workload]]
api = "multi_trigger"
channels = 10
payload_bytes = 10
"""

# Users that wait between their calls: for tests to which it is the same how many calls there are. Some of those
# wait for Locust's table, which is printed every two seconds otherwise.
PACED = """\
import locust.stats
from locust import constant_pacing
from scenarios.locustfile import *

for kind in (BatchUser, MultiTriggerUser, TriggerUser):
    kind.wait_time = constant_pacing(0.01)
locust.stats.CONSOLE_STATS_INTERVAL_SEC = 0.2
"""


def paced(folder: Path) -> Path:
    """A locustfile with the shipped user classes, each user of which sends 100 calls a second."""
    path = folder / "paced.py"
    path.write_text(PACED)
    return path


def command(*arguments: str) -> list[str]:
    """``wiretax`` with arguments, by this interpreter."""
    return [sys.executable, "-m", "wiretax", *arguments]


def environment(**more: str) -> dict[str, str]:
    """This process's environment, without endpoints and web proxies of the user's own."""
    own = ("pusher_url", "wiretax_against", "http_proxy", "https_proxy", "all_proxy", "no_proxy")
    return {**{name: value for name, value in os.environ.items() if name.lower() not in own}, **more}


def url_of(endpoint: Endpoint) -> str:
    """What ``--endpoint`` and ``PUSHER_URL`` take, with key and secret."""
    return endpoint.secret_url


def free_port() -> int:
    """A port nothing listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def run_until(line: str, *arguments: str, cwd: Path, real: bool = False, **env: str) -> Process:
    """Start ``wiretax run`` and return once a line of its progress holds ``line``.

    ``real``: from the command line.
    """
    process: Process = (
        subprocess.Popen(
            command("run", *arguments),
            cwd=cwd,
            env=environment(**env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if real
        else start_warm("wiretax", "run", *arguments, cwd=cwd, env=environment(**env))
    )
    assert process.stderr is not None
    for said in process.stderr:
        if line in said:
            break
    return process
