"""The embedded mock: a process of its own, so that it has a processor of its own."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.mock.certificate import KeyType, MockTls
from wiretax.mock.cost import CostModel
from wiretax.mock.faults import NO_FAULTS, FaultList
from wiretax.mock.http1 import LEDGER_PATH
from wiretax.wire.connections.target import Target, target_of

SECRET_VARIABLE = "WIRETAX_MOCK_SECRET"
STOP_TIMEOUT_S = 5
READ_TIMEOUT_S = 5
LISTENING = re.compile(r"listening on https?://(.+):(\d+)$")


class MockError(RuntimeError):
    """The mock did not start; the message is what it said."""


@contextmanager
def embedded_mock(
    limits: Limits,
    cost: CostModel,
    tls: MockTls | None = None,
    faults: FaultList = NO_FAULTS,
    keep_alive: bool = True,
) -> Iterator[Endpoint]:
    """Start a mock on a free loopback port, yield its endpoint, stop it.

    Args:
        limits: what it takes.
        cost: what it costs.
        tls: its certificate; None for plain HTTP.
        faults: what it gets wrong.
        keep_alive: whether it leaves connections open after an answer.

    Raises:
        MockError: where it does not come up.
    """
    command = [sys.executable, "-m", "wiretax", "mock", "--port", "0", "--with-parent"]
    command += ["--batch-size", str(limits.batch_size), "--data-bytes", str(limits.data_bytes)]
    command += ["--channels", str(limits.channels), "--servers", str(cost.servers)]
    for option, seconds in (
        ("rtt", cost.rtt),
        ("per-request", cost.per_request),
        ("per-event", cost.per_event),
    ):
        command += [f"--{option}", f"{seconds * 1e6:.3f}us"]
    if tls is not None:
        command += ["--tls", "--certificate", tls.key_type, "--ca", str(tls.authority)]
    if not keep_alive:
        command += ["--no-keep-alive"]
    for fault in faults.faults:
        command += ["--fault", str(fault)]
    if faults:
        command += ["--fault-seed", str(faults.seed), "--fault-after", str(faults.spared)]
    # In a session of its own Ctrl-C does not reach it: it has to answer until the last exchange is counted. It
    # ends when its standard input does, so it can't outlive its parent.
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # The embedded mock is the demo app's, whatever secret one that runs alone would be given.
        env={name: value for name, value in os.environ.items() if name != SECRET_VARIABLE},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        match = LISTENING.search(line.strip())
        if match is None:
            raise MockError(f"the embedded mock did not start: {line.strip() or 'it said nothing'}")
        yield Endpoint("http" if tls is None else "https", match[1], int(match[2]), DEMO)
    finally:
        process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@contextmanager
def embedded_target(
    limits: Limits,
    cost: CostModel,
    certificate: KeyType | None = None,
    faults: FaultList = NO_FAULTS,
    keep_alive: bool = True,
) -> Iterator[Target]:
    """The same, with all a client needs to verify it; ``certificate`` is None for plain HTTP."""
    if certificate is None:
        with embedded_mock(limits, cost, None, faults, keep_alive) as endpoint:
            yield Target(endpoint)
        return
    with TemporaryDirectory(prefix="wiretax-") as folder:
        authority = Path(folder) / "ca.pem"
        with embedded_mock(limits, cost, MockTls(certificate, authority), faults, keep_alive) as endpoint:
            yield target_of(endpoint, authority)


def read_ledger(endpoint: Endpoint, verify: ssl.SSLContext | None = None) -> dict[str, Any] | None:
    """The ledger of a mock, or None where the endpoint is another server or does not answer.

    Args:
        endpoint: where it listens.
        verify: what its certificate is verified with, where it speaks TLS.
    """
    if endpoint.scheme == "https":
        if verify is not None:
            verify.set_alpn_protocols(["http/1.1"])
        connection: HTTPConnection = HTTPSConnection(
            endpoint.host, endpoint.port, timeout=READ_TIMEOUT_S, context=verify
        )
    else:
        connection = HTTPConnection(endpoint.host, endpoint.port, timeout=READ_TIMEOUT_S)
    try:
        connection.request("GET", LEDGER_PATH.decode())
        response = connection.getresponse()
        ledger = orjson.loads(response.read()) if response.status == 200 else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return ledger if isinstance(ledger, dict) and "request_bytes" in ledger else None
