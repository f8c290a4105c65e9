"""The processor time of a server on this machine that keeps no ledger."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import isnan
from typing import IO

import pytest

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.load.accounting.local_servers import LocalServers
from wiretax.wire.connections.target import Target

# For each line it reads, it has a child do some work, and prints the processor time of both so far.
SERVER = """
import os, socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
for _ in sys.stdin:
    subprocess.run([sys.executable, "-I", "-c", "sum(range(1_000_000))"], check=True)
    print(sum(os.times()[:4]), flush=True)
"""


@contextmanager
def server() -> Iterator[tuple[int, IO[str], IO[str]]]:
    """Its port, input and output."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process.stdin, process.stdout
    finally:
        process.communicate()


def at(port: int, host: str = "127.0.0.1") -> Target:
    return Target(Endpoint("http", host, port, DEMO))


def test_it_is_that_of_the_process_at_the_port_and_of_its_children() -> None:
    with server() as (port, given, told):
        servers = LocalServers([at(port), at(port)])
        given.write("\n")
        used_s = float(told.readline())
        # Both are counted in hundredths of a second, and it went on after it had read its own.
        assert used_s > 0
        assert servers.cpu_s() == pytest.approx(used_s, abs=0.05)


def test_a_child_that_has_ended_is_no_longer_asked() -> None:
    child = subprocess.Popen([sys.executable, "-I", "-c", "input()"], stdin=subprocess.PIPE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        servers = LocalServers([at(listener.getsockname()[1])])
        assert servers.cpu_s() > 0
        child.communicate()
        assert servers.cpu_s() > 0
        assert servers.cpu_s(same=True) > 0


def test_a_server_that_is_elsewhere_or_not_there_or_ended_is_not_known() -> None:
    assert isnan(LocalServers([]).cpu_s())
    with server() as (port, _, _), socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        servers = LocalServers([at(port)])
        assert servers.cpu_s() > 0
        assert isnan(LocalServers([at(port), at(port, "192.0.2.1")]).cpu_s())
        assert isnan(LocalServers([at(port), at(bound.getsockname()[1])]).cpu_s())
    assert isnan(servers.cpu_s())
