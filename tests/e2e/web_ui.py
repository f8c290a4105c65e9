"""A web UI that runs in a folder, for the tests that use it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from commands import Process, environment, free_port
from warm import start_warm

from wiretax.commands.ui import DEFAULTS
from wiretax.runs.reader import newest_first
from wiretax.shipped import shipped

LOCUSTFILE = str(shipped("scenarios") / "locustfile.py")
USERS = {"user_count": "4", "spawn_rate": "4"}


class Site:
    """A web UI that runs in a folder."""

    def __init__(self, folder: Path, port: int, process: Process, base: str) -> None:
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.address, timeout=120)
        self.process = process
        self.log: list[str] = []
        self.base = base

    def take_token(self) -> None:
        """Send the token of the pages with each request, as they do; the path says where they are."""
        answer = self.http.get(f"{self.base}/wiretax/token").raise_for_status()
        self.http.headers["X-Wiretax-Token"] = answer.text

    def post(self, path: str, **form: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.post(path, data=form).json()
        return answer

    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("/wiretax/figures").json()
        return found

    def wait_until(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Ask for figures until something holds of them."""
        for _ in range(1200):
            found = self.figures()
            if holds(found):
                return found
            threading.Event().wait(0.1)
        raise AssertionError(f"not in 120 s: {found['test']}, {self.log}")

    def start(self, **form: str) -> dict[str, Any]:
        """Start a test by the form, and return its first figures."""
        before = self.figures()["key"]
        answer = self.post("/swarm", **{**USERS, **form})
        assert answer["success"], answer
        return self.wait_until(lambda found: found["key"] != before and found["workloads"])

    @property
    def runs(self) -> list[Path]:
        return newest_first(self.folder / "results")


@contextmanager
def site(folder: Path, *arguments: str, by: list[str] | None = None, **env: str) -> Iterator[Site]:
    """Start one with ``wiretax ui``'s arguments; with a command, ``by``, it is started from the command line."""
    port = free_port()
    options = ["--web-port", str(port), *arguments]
    process: Process = (
        subprocess.Popen(
            [*by, *options],
            cwd=folder,
            env=environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if by
        else start_warm("locust", "-f", LOCUSTFILE, *DEFAULTS, *options, cwd=folder, env=environment(**env))
    )
    base = arguments[arguments.index("--web-base-path") + 1] if "--web-base-path" in arguments else ""
    made = Site(folder, port, process, base)
    streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
    readers = [threading.Thread(target=made.log.extend, args=[stream]) for stream in streams]
    for reader in readers:
        reader.start()
    try:
        while process.poll() is None:
            try:
                made.take_token()
                break
            except httpx.ConnectError:
                threading.Event().wait(0.1)
        assert process.poll() is None, made.log
        yield made
    finally:
        process.terminate()
        process.wait(120)
        for reader in readers:
            reader.join()
        for stream in streams:
            stream.close()
        made.http.close()
