"""Starts Locust masters and workers as processes, and reads their output and the runs they saved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from commands import Process, environment, free_port
from warm import start_warm

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PLANFILE, LOCUSTFILE = SCENARIOS / "planfile.py", SCENARIOS / "locustfile.py"
# A master says "All users spawned" if its workers report that within a second; on a busy machine they take longer.
WAITING = {"LOCUST_WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP": "60"}


def locust(folder: Path, file: Path, *arguments: str, real: bool = False) -> Process:
    """Locust in a new session: a signal to its group reaches only Locust and the processes it forked.

    ``real``: from the command line.
    """
    env = environment(**WAITING)
    if not real:
        return start_warm("locust", "-f", str(file), *arguments, cwd=folder, env=env, own_session=True)
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "locust", "-f", str(file), *arguments],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@contextmanager
def following(
    folder: Path, file: Path, *arguments: str, real: bool = False
) -> Iterator[tuple[Process, Iterator[str]]]:
    """The same, with standard error as lines while it runs; it is ended in the end."""
    process = locust(folder, file, *arguments, real=real)
    assert process.stdout is not None
    assert process.stderr is not None
    reader = threading.Thread(target=process.stdout.read)
    reader.start()
    try:
        yield process, iter(process.stderr)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join()
        process.stdout.close()
        process.stderr.close()


def own_port() -> list[str]:
    """Locust's options for a master and the workers that it forks, at a port of this test alone."""
    port = str(free_port())
    return ["--master-bind-port", port, "--master-port", port]


def wait_for(words: str, lines: Iterator[str]) -> None:
    said = []
    for line in lines:
        said.append(line)
        if words in line:
            return
    raise AssertionError(f"{words!r} was not said: {''.join(said)}")


def forked(process: Process) -> list[psutil.Process]:
    """Workers: processes that share their parent's command line."""
    parent = psutil.Process(process.pid)
    return [child for child in parent.children() if child.cmdline() == parent.cmdline()]
