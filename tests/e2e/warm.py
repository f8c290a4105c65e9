"""A process that has the imports of a command behind it, and forks for each command that it is sent.

Most of the time of a short command is its start-up. Each command still has a process of its own.
Tests that start, stop or watch a process, and those of the installed wheel, start it from the command line.
"""

from __future__ import annotations

import _socket
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile

# One message holds the arguments and the environment of a command.
MESSAGE_BYTES = 1 << 20
# Locust patches the standard library, so it comes first, and commands that do without it are forked elsewhere.
LOAD = (
    "locust",
    "locust.main",
    "wiretax.load.drivers.headless",
    "wiretax.load.drivers.locust_session",
    "wiretax.load.drivers.planfile_session",
)
PLAIN = ("wiretax.observe.session", "wiretax.doctor.endpoint", "analysis.advice.advise")
SHOWN = ("wiretax.cli", "pandas", "analysis.gates", "analysis.tables.run_table", "analysis.tables.observed_table")


def run_warm(
    *arguments: str, cwd: Path, env: dict[str, str], stdin: str = "", timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run ``wiretax`` or ``locust``, the first argument, with further arguments, and wait for its end."""
    loads = arguments[0] == "locust" or arguments[1:2] == ("run",)
    return _process(LOAD if loads else PLAIN).run(*arguments, cwd=cwd, env=env, stdin=stdin, timeout_s=timeout_s)


@cache
def _process(modules: Sequence[str]) -> WarmProcess:
    process = WarmProcess([*modules, *SHOWN])
    atexit.register(process.close)
    return process


class WarmProcess:
    """Runs one command at a time."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno()), *modules],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )

    def run(
        self, *arguments: str, cwd: Path, env: dict[str, str], stdin: str, timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a program with arguments, and wait for its end."""
        reading, writing = os.pipe()
        os.write(writing, stdin.encode())
        os.close(writing)
        with TemporaryFile() as out, TemporaryFile() as err, os.fdopen(reading, "rb") as into:
            message = json.dumps({"arguments": arguments, "cwd": str(cwd), "env": env}).encode()
            self._socket.settimeout(timeout_s)
            socket.send_fds(self._socket, [message], [into.fileno(), out.fileno(), err.fileno()])
            pid = int(self._socket.recv(MESSAGE_BYTES))
            try:
                code = int(self._socket.recv(MESSAGE_BYTES))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                self._socket.recv(MESSAGE_BYTES)
                raise subprocess.TimeoutExpired(arguments, timeout_s) from None
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read().decode(), err.read().decode())

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


def _serve(connection: _socket.socket) -> None:
    """Fork for each command until the other side closes."""
    fork = import_module("gevent.os").fork_gevent if "gevent" in sys.modules else os.fork
    wait = import_module("gevent.monkey").get_original("os", "waitpid") if "gevent" in sys.modules else os.waitpid
    while True:
        message, files, _, _ = socket.recv_fds(connection, MESSAGE_BYTES, 3)  # type: ignore[arg-type]
        if not message:
            return
        pid = fork()
        if not pid:
            connection.close()
            for number, file in enumerate(files):
                os.dup2(file, number)
                os.close(file)
            _end(_run(**json.loads(message)))
        for file in files:
            os.close(file)
        connection.send(str(pid).encode())
        connection.send(str(os.waitstatus_to_exitcode(wait(pid, 0)[1])).encode())


def _run(arguments: list[str], cwd: str, env: dict[str, str]) -> int:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = arguments
    module = "wiretax.cli" if arguments[0] == "wiretax" else "locust.main"
    try:
        import_module(module).main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> None:
    """What the interpreter does at its end, but for the memory."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.path[:] = [place for place in sys.path if place != str(Path(__file__).parent)]
    for each in sys.argv[2:]:
        import_module(each)
    _serve(_socket.socket(fileno=int(sys.argv[1])))
