"""Checks of this machine: what it can measure, and which optional tools are missing."""

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
from wiretax.shipped import install_command
from wiretax.wire.connections.segments import ETHERNET_MAXSEG
from wiretax.wire.connections.tcp_info import LEAST_BYTES, READ_BYTES

# Enough for the default 16 users and the mock, with room for more.
LEAST_FILES = 256
COARSE_CLOCK_S = 1e-5
NOTEBOOKS = ("jupyter", "matplotlib", "nbconvert", "nbformat", "papermill")

# Name, command, purpose, how to install it.
TOOLS = (
    ("tshark", "tshark", "a test that compares counts with captured packets", "apt install tshark"),
    ("Chromium", "chromium", "tests of pages", "apt install chromium"),
    ("Redis", "redis-server", "a queue that feeds the publishers", "apt install redis-server"),
    ("Node.js", "node", "observing the JavaScript library", "apt install nodejs npm"),
    ("k6", "k6", "make bench, which compares wiretax with it", install_command("bench")),
)


def examine_machine() -> Iterator[Finding]:
    """Run all checks. They send nothing to other machines, and change nothing."""
    for check in (_python, _cores, _clock, _kernel_count, _segments, _files, _event_loop, _tls, _notebooks):
        yield check()
    for tool in TOOLS:
        yield _tool(*tool)


def _python() -> Finding:
    found = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    packages = " ".join(f"{name} {version(name)}" for name in ("locust", "gevent"))
    return Finding("Python", "ok", f"{found}, {packages}")


def _cores() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores > 1:
        return Finding("processor", "ok", f"{cores} cores, {cpu_model()}")
    return Finding(
        "processor",
        "note",
        f"1 core, {cpu_model()}",
        "clients and mock share it: rates are about half, gain combines client and mock savings; bytes are exact",
    )


def _clock() -> Finding:
    """Measure the resolution of the clock that times latencies."""
    steps = []
    for _ in range(100):
        before = after = time.perf_counter_ns()
        while after == before:
            after = time.perf_counter_ns()
        steps.append(after - before)
    step_s = min(steps) / 1e9
    found = f"{time.get_clock_info('perf_counter').implementation.split('(')[0]}, steps of {step_s * 1e9:.0f} ns"
    if step_s <= COARSE_CLOCK_S:
        return Finding("clock", "ok", found)
    return Finding("clock", "note", found, "latencies have this resolution; bytes and rates are unaffected")


def _kernel_count() -> Finding:
    """Whether the kernel counts bytes and segments of a connection."""
    name, purpose = "kernel's count", "used to verify byte counts and for the tcp_ip layer"
    if not hasattr(socket, "TCP_INFO"):
        return Finding(name, "note", f"no TCP_INFO on {platform.system()}", f"{purpose}; runs work without it")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as connection,
    ):
        try:
            length = len(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, READ_BYTES))
        except OSError as error:
            return Finding(name, "note", f"TCP_INFO can't be read ({error.strerror})", purpose)
    fields = "bytes sent, received and retransmitted, segments in both directions"
    if length >= LEAST_BYTES and sys.platform == "linux":
        return Finding(name, "ok", f"TCP_INFO: {fields}")
    return Finding(
        name,
        "note",
        f"TCP_INFO of {length} B, without {fields}",
        f"{purpose}; needs Linux 4.19 or newer; runs work without it",
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
                "on loopback, segments are larger than on Ethernet, so tcp_ip is smaller",
            )
    return Finding("segments", "ok", f"limited to Ethernet's size on loopback (TCP_MAXSEG {ETHERNET_MAXSEG})")


def _files() -> Finding:
    if sys.platform == "win32":
        return Finding("open files", "note", "limit unknown on Windows", "each user needs one or two")
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = "unlimited" if soft == resource.RLIM_INFINITY else f"{soft:,}"
    if soft == resource.RLIM_INFINITY or soft >= LEAST_FILES:
        return Finding("open files", "ok", f"{found}; each user needs at most two")
    return Finding(
        "open files",
        "note",
        found,
        f"each user needs up to two; raise the limit with: ulimit -n {max(hard, LEAST_FILES)}",
    )


def _event_loop() -> Finding:
    try:
        return Finding("uvloop", "ok", f"{version('uvloop')}, the mock's event loop")
    except PackageNotFoundError:
        return Finding("uvloop", "note", "missing", "the mock needs it; pip install uvloop, or pass --endpoint")


def _tls() -> Finding:
    import ssl

    authorities = len(ssl.create_default_context().get_ca_certs())
    if authorities or _has_authorities(ssl.get_default_verify_paths()):
        return Finding("TLS", "ok", f"{ssl.OPENSSL_VERSION}, system certificate authorities found")
    return Finding(
        "TLS",
        "note",
        f"{ssl.OPENSSL_VERSION}, no certificate authorities",
        "https:// endpoints can't be verified; apt install ca-certificates, or pass a file with --ca",
    )


def _has_authorities(paths: object) -> bool:
    """Whether there is a folder of certificates, which OpenSSL reads when it needs them."""
    folder = getattr(paths, "capath", None)
    return folder is not None and any(Path(folder).iterdir())


def _notebooks() -> Finding:
    missing = [name for name in NOTEBOOKS if find_spec(name) is None]
    if not missing:
        return Finding("notebooks", "ok", "installed; wiretax report and the notebooks work")
    return Finding(
        "notebooks",
        "note",
        f"missing: {', '.join(missing)}",
        f"wiretax report needs them; {install_command('notebooks')}",
    )


def _tool(name: str, command: str, purpose: str, remedy: str) -> Finding:
    found = shutil.which(command, path=str(Path(sys.executable).parent)) or shutil.which(command)
    if found is not None:
        return Finding(name, "ok", f"{found}, for {purpose}")
    return Finding(name, "note", "missing", f"only for {purpose}; {remedy}")
