"""The built-in mock, in a separate process so that it has its own processor."""

from __future__ import annotations

import pickle
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import Any

import orjson

from wiretax.channels.endpoint import Endpoint
from wiretax.channels.limits import Limits
from wiretax.child_process import await_end
from wiretax.mock.certificate import KeyType, MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import NO_FAULTS, FaultList
from wiretax.mock.ledger import LEDGER_PATH, merge_ledgers
from wiretax.mock.options import MockOptions
from wiretax.runs.held import temporary_folder
from wiretax.wire.connections.target import Target, target_of
from wiretax.wire.reach.addresses import SocketAddress
from wiretax.wire.reach.blocking import addresses_of, open_socket
from wiretax.wire.reach.proxy import Tunnel

STOP_TIMEOUT_S = 5
READ_TIMEOUT_S = 5.0
LISTENING = re.compile(r"listening on https?://\[?([^]]+?)\]?:(\d+)$")


class MockError(RuntimeError):
    """The mock did not start; the message has its output."""


def start_process() -> subprocess.Popen[bytes]:
    """A mock that reads its options from standard input.

    In a new session, Ctrl-C does not reach it: it must answer until the last exchange is counted. It ends when its
    standard input closes, so it can't outlive its parent.
    """
    # -P: modules in the current folder are not imported.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "wiretax.mock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


@contextmanager
def embedded_mock(
    limits: Limits,
    cost: CostModel,
    tls: MockTls | None = None,
    faults: FaultList = NO_FAULTS,
    keep_alive: bool = True,
    prefix: str | None = "",
    signs_prefix: bool | None = False,
    body_bytes: int | None = None,
) -> Iterator[Endpoint]:
    """Start a mock on a free loopback port, yield its endpoint, stop it.

    Args:
        limits: the sizes it accepts.
        cost: the time it takes to answer.
        tls: its certificate; None for plain HTTP.
        faults: the faults it injects.
        keep_alive: whether it keeps connections open after a response.
        prefix: what precedes ``/apps`` in every path; None for anything.
        signs_prefix: whether signatures cover the prefix; None for either.
        body_bytes: bytes of the largest body it accepts; None for as much as a full batch may need.

    Raises:
        MockError: if it does not start.
    """
    options = MockOptions(
        limits=limits,
        cost=cost,
        tls=tls,
        faults=faults,
        keep_alive=keep_alive,
        prefix=prefix,
        signs_prefix=signs_prefix,
        body_bytes=body_bytes,
    )
    process = start_process()
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(BrokenPipeError):  # it ended early; what it printed says why
            process.stdin.write(pickle.dumps(options))
            process.stdin.flush()
        line = process.stdout.readline().decode(errors="replace").strip()
        match = LISTENING.search(line)
        if match is None:
            raise MockError(f"the built-in mock did not start: {line or 'it printed nothing'}")
        yield Endpoint(options.scheme, match[1], int(match[2]), options.app, prefix or "", bool(signs_prefix))
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        await_end(process, STOP_TIMEOUT_S)
        process.stdout.close()


@contextmanager
def embedded_target(
    limits: Limits,
    cost: CostModel,
    certificate: KeyType | None = None,
    faults: FaultList = NO_FAULTS,
    keep_alive: bool = True,
) -> Iterator[Target]:
    """The same, with what a client verifies it with; ``certificate`` is None for plain HTTP."""
    if certificate is None:
        with embedded_mock(limits, cost, None, faults, keep_alive) as endpoint:
            yield Target(endpoint)
        return
    with temporary_folder("wiretax-authority-") as folder:
        authority = folder / "ca.pem"
        with embedded_mock(limits, cost, MockTls(certificate, authority), faults, keep_alive) as endpoint:
            yield target_of(endpoint, authority)


def read_ledger(
    endpoint: Endpoint,
    verify: ssl.SSLContext | None = None,
    tunnel: Tunnel | None = None,
    timeout_s: float = READ_TIMEOUT_S,
) -> dict[str, Any] | None:
    """The ledger of a mock; None if the endpoint is another server or does not answer. If the host has several
    addresses, the sum of those that answer.

    Args:
        endpoint: its address.
        verify: the TLS context to verify its certificate with.
        tunnel: the way to it through a proxy.
        timeout_s: how long each address may take to connect, and to send more.
    """
    if verify is not None:
        verify.set_alpn_protocols(["http/1.1"])
    kept: dict[object, dict[str, Any]] = {}
    peer = (endpoint.host, endpoint.port) if tunnel is None else (tunnel.proxy.host, tunnel.proxy.port)
    for address in addresses_of(peer):
        try:
            ledger = _read_ledger_at(address, endpoint, verify, tunnel, timeout_s)
        except ConnectionError:
            continue
        except (OSError, HTTPException, ValueError):
            return None
        if not isinstance(ledger, dict) or "request_bytes" not in ledger:
            return None
        # One mock may listen at several addresses.
        kept[ledger.pop("instance", None)] = ledger
    return merge_ledgers(list(kept.values())) if kept else None


def _read_ledger_at(
    address: SocketAddress,
    endpoint: Endpoint,
    verify: ssl.SSLContext | None,
    tunnel: Tunnel | None,
    timeout_s: float,
) -> Any:
    """What a server answers to the question for its ledger.

    Raises:
        OSError, HTTPException, ValueError: nothing that can be read.
    """
    with open_socket(address, timeout_s, tunnel) as plain:
        connection = HTTPConnection(endpoint.host, endpoint.port)
        connection.sock = plain if verify is None else verify.wrap_socket(plain, server_hostname=endpoint.host)
        try:
            connection.request("GET", LEDGER_PATH.decode())
            response = connection.getresponse()
            return orjson.loads(response.read()) if response.status == 200 else None
        finally:
            connection.close()
