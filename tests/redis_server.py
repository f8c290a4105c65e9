"""Debian's redis-server on a free port, in a folder of its own, stopped and started by its pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import redis

PROGRAM = shutil.which("redis-server")
START_TIMEOUT_S = 60.0
STREAM = "events"


class RedisServer:
    """One server; it keeps nothing on disk unless told to."""

    def __init__(self, folder: Path, keeps: bool = False) -> None:
        """``keeps``: whether it has its entries again when it is started again."""
        assert PROGRAM is not None
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port: int = taken.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command += ["--save", "", "--appendonly", "yes" if keeps else "no", "--loglevel", "warning"]
        self.start()
        self.client = redis.Redis(port=self.port, protocol=2, decode_responses=True)

    def start(self) -> None:
        """Start it, and return once it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until_s = monotonic() + START_TIMEOUT_S
        while monotonic() < until_s:
            with redis.Redis(port=self.port) as client:
                try:
                    client.ping()
                except redis.ConnectionError:
                    sleep(0.02)
                else:
                    return
        raise AssertionError("redis-server did not start")

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it for good."""
        self.client.close()
        if self._process.poll() is None:
            self.thaw()
        self.kill()

    def add(self, *texts: str, stream: str = STREAM, **fields: Any) -> list[str]:
        """An entry for each text; the ids are returned."""
        entry = {"name": "my-event", "channel": "my-channel", **fields}
        return [str(self.client.xadd(stream, {**entry, "data": text})) for text in texts]

    def pending(self, group: str = "wiretax") -> int:
        """Entries that were read and not acknowledged."""
        answer: Any = self.client.xpending(STREAM, group)
        return int(answer["pending"])

    def is_drained(self) -> bool:
        """Whether a group has read and acknowledged all entries."""
        groups: Any = self.client.xinfo_groups(STREAM)
        [(last, _)] = self.client.xrevrange(STREAM, count=1)
        return any(each["last-delivered-id"] == last and not each["pending"] for each in groups)

    def connections(self) -> int:
        """Clients that are connected, this one included."""
        return len(self.client.client_list())

    def consumers(self, group: str = "wiretax") -> Sequence[str]:
        answer: Any = self.client.xinfo_consumers(STREAM, group)
        return [each["name"] for each in answer]
