"""What answers the generators: the mock, the same rules as an ASGI app on uvicorn, or the endpoint in C."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.cores import on_core
from wiretax.channels.endpoint import DEMO, Endpoint
from wiretax.channels.limits import Limits
from wiretax.child_process import await_end
from wiretax.mock.cost import CostModel
from wiretax.mock.ledger import LEDGER_PATH
from wiretax.mock.process import embedded_mock

HOST = "127.0.0.1"
READ_TIMEOUT_S = 5.0
STOP_TIMEOUT_S = 5.0
SOURCE = Path(__file__).parents[1] / "endpoint.c"


class PeerError(RuntimeError):
    """A generator or a server that can't be compared; one line that says why."""


@contextmanager
def mock(core: int | None) -> Iterator[Endpoint]:
    """The mock, at no cost.

    Raises:
        MockError: it does not start.
    """
    with on_core(core), embedded_mock(Limits(), CostModel()) as endpoint:
        yield endpoint


@contextmanager
def asgi(core: int | None) -> Iterator[Endpoint]:
    """The mock's rules as an ASGI app on uvicorn.

    Raises:
        PeerError: it does not start.
    """
    with _serving([sys.executable, "-m", "benchmarks.peers.asgi"], core) as endpoint:
        yield endpoint


@contextmanager
def endpoint_in_c(core: int | None, folder: Path) -> Iterator[Endpoint]:
    """The endpoint in C. If it has a core to itself, it never sleeps.

    Args:
        core: where it runs; None for anywhere.
        folder: where it is compiled.

    Raises:
        PeerError: it can't be compiled.
    """
    with _serving([str(compiled(folder)), *(["spin"] if core is not None else [])], core) as endpoint:
        yield endpoint


def compiler() -> str | None:
    """The C compiler of this machine."""
    return shutil.which("cc") or shutil.which("gcc")


def compiled(folder: Path) -> Path:
    """Compile the endpoint in C.

    Raises:
        PeerError: there is no compiler, or it fails.
    """
    found, program = compiler(), folder / "endpoint"
    if found is None:
        raise PeerError("no C compiler here for the endpoint that costs next to nothing; install gcc")
    done = subprocess.run(
        [found, "-O2", "-o", str(program), str(SOURCE)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PeerError(f"{SOURCE.name} can't be compiled: {done.stderr.strip()}")
    return program


@contextmanager
def _serving(command: list[str], core: int | None) -> Iterator[Endpoint]:
    """A server that prints its port."""
    with on_core(core):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        if not line.isdigit():
            raise PeerError(f"{Path(command[-1]).name} did not start: {line or 'it printed nothing'}")
        yield Endpoint("http", HOST, int(line), DEMO)
    finally:
        process.terminate()
        await_end(process, STOP_TIMEOUT_S)
        process.stdout.close()


def read_ledger(endpoint: Endpoint) -> dict[str, Any]:
    """What a server has counted, by the cheapest client there is: both cores are in use."""
    with closing(HTTPConnection(endpoint.host, endpoint.port, timeout=READ_TIMEOUT_S)) as connection:
        connection.request("GET", LEDGER_PATH.decode())
        ledger: dict[str, Any] = json.loads(connection.getresponse().read())
    # Of the endpoint in C, under a name that no run takes for a ledger's.
    ledger.setdefault("request_bytes", ledger.pop("bytes", 0))
    return ledger
