"""A process that has the imports of a command behind it, and forks for each command that it is sent.

Most of the time of a short command is its start-up. Each command still has a process of its own.
Some commands of each kind are started from the command line all the same, as those of the installed wheel are.
"""

from __future__ import annotations

import _socket
import atexit
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

import killed

# One message holds the arguments and the environment of a command.
MESSAGE_BYTES = 1 << 20
PROGRAMS = {"wiretax": "wiretax.cli", "locust": "locust.main"}
# Locust patches the standard library, so it comes first, and commands that do without it are forked elsewhere.
LOAD = (
    "locust",
    "locust.main",
    "wiretax.load.drivers.headless",
    "wiretax.load.drivers.hooks",
    "wiretax.load.drivers.locust_session",
    "wiretax.load.drivers.planfile_session",
    "wiretax.load.cluster.free_worker",
    "wiretax.load.plan.replay",
    "wiretax.load.users.queue",
    "wiretax.load.web.login",
    "wiretax.load.web.routes",
)
PLAIN = (
    "wiretax.observe.session",
    "wiretax.doctor.endpoint",
    "wiretax.doctor.machine",
    "analysis.advice.advise",
    "analysis.advice.advice_text",
)
REPORT = ("wiretax.report.kernel", "wiretax.report.page", "wiretax.report.pruning")
# What commands load on their way: the library that reads options, and those of tables and gates.
SHOWN = (
    "wiretax.cli",
    "typer._adapters",
    "typer.rich_utils",
    "pydantic.type_adapter",
    "pandas",
    "pandas.core.methods.to_dict",
    "pyarrow.dataset",
    "wiretax.runs.reader",
    "analysis.gates.evaluation.acceptance",
    "analysis.gates.evaluation.evaluate",
    "analysis.gates.outputs.files",
    "analysis.gates.outputs.terminal",
    "analysis.advice.advice_text",
    "analysis.advice.measured_queue",
    "analysis.tables.run_table",
    "analysis.tables.observed_table",
)


def run_warm(
    *arguments: str, cwd: Path, env: dict[str, str], stdin: str = "", timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run ``wiretax``, ``locust`` or a module with a ``main``, the first argument, and wait for its end."""
    return _warm_for(arguments).run(*arguments, cwd=cwd, env=env, stdin=stdin, timeout_s=timeout_s)


def start_warm(*arguments: str, cwd: Path, env: dict[str, str], own_session: bool = False) -> Started:
    """Start ``wiretax`` or ``locust``, the first argument, with further arguments.

    ``own_session``: a signal meant for its group reaches it, those it forks, and nobody else.
    """
    return _warm_for(arguments).start(*arguments, cwd=cwd, env=env, own_session=own_session)


def _warm_for(arguments: Sequence[str]) -> Warm:
    if arguments[0] == "locust" or arguments[1:2] == ["run"]:
        return _warm((*LOAD, *SHOWN))
    return _warm((*PLAIN, *REPORT, *SHOWN) if arguments[1:2] == ["report"] else (*PLAIN, *SHOWN))


@cache
def _warm(modules: Sequence[str]) -> Warm:
    warm = Warm(modules)
    atexit.register(warm.close)
    return warm


class Warm:
    """A process that has imported these modules, by this interpreter or another, in a folder."""

    def __init__(
        self, modules: Sequence[str], python: Path = Path(sys.executable), cwd: Path | None = None
    ) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [python, __file__, str(theirs.fileno()), *modules],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=cwd,
            )

    def run(
        self, *arguments: str, cwd: Path, env: dict[str, str], stdin: str = "", timeout_s: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a program, the first argument, and wait for its end."""
        reading, writing = os.pipe()
        os.write(writing, stdin.encode())
        os.close(writing)
        with TemporaryFile() as out, TemporaryFile() as err, os.fdopen(reading, "rb") as into:
            started = self._fork(arguments, cwd, env, [into.fileno(), out.fileno(), err.fileno()], False)
            try:
                code = started.wait(timeout_s)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
                raise
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read().decode(), err.read().decode())

    def start(self, *arguments: str, cwd: Path, env: dict[str, str], own_session: bool = False) -> Started:
        """Start a program, the first argument."""
        pipes = [os.pipe() for _ in range(2)]
        with Path(os.devnull).open() as nothing:
            theirs = [nothing.fileno(), *(writing for _, writing in pipes)]
            started = self._fork(arguments, cwd, env, theirs, own_session)
        for _, writing in pipes:
            os.close(writing)
        started.stdout, started.stderr = (os.fdopen(reading) for reading, _ in pipes)
        return started

    def _fork(
        self, arguments: Sequence[str], cwd: Path, env: dict[str, str], files: Sequence[int], own_session: bool
    ) -> Started:
        message = json.dumps({"arguments": arguments, "cwd": str(cwd), "env": env, "own_session": own_session})
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(self._socket, [message.encode()], [*files, theirs.fileno()])
        return Started(arguments, ours)

    def close(self) -> None:
        self._socket.close()
        self._process.wait()

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Started:
    """A command that was forked, to be used like a ``subprocess.Popen`` in text mode."""

    def __init__(self, arguments: Sequence[str], replies: socket.socket) -> None:
        self._arguments = arguments
        self._replies = replies
        self.pid = int(replies.recv(MESSAGE_BYTES))
        self.returncode: int | None = None
        self.stdout: TextIO | None = None
        self.stderr: TextIO | None = None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._replies.settimeout(timeout)
            try:
                self.returncode = int(self._replies.recv(MESSAGE_BYTES))
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self._arguments, timeout or 0) from None
            self._replies.close()
        return self.returncode

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """What it wrote and was not read yet, once it ended."""
        assert self.stdout is not None
        assert self.stderr is not None
        read: list[str] = []
        reader = threading.Thread(target=lambda out: read.append(out.read()), args=[self.stdout])
        reader.start()
        said = self.stderr.read()
        reader.join()
        self.wait(timeout)
        self.stdout.close()
        self.stderr.close()
        return read[0], said

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _serve(connection: _socket.socket) -> None:
    """Fork for each command until the other side closes. Who is forked forks the command, and tells of its end."""
    fork, wait, close = os.fork, os.waitpid, os.close
    if "gevent" in sys.modules:
        fork = import_module("gevent.os").fork_gevent
        # gevent's own wait for its loop to turn, and here nothing turns it.
        wait, close = import_module("gevent.monkey").get_original("os", ["waitpid", "close"])
    while True:
        message, files, _, _ = socket.recv_fds(connection, MESSAGE_BYTES, 4)  # type: ignore[arg-type]
        if not message:
            return
        with suppress(ChildProcessError):
            while wait(-1, os.WNOHANG)[0]:
                pass
        if not fork():
            connection.close()
            *streams, replies = files
            pid = fork()
            if not pid:
                close(replies)
                for number, file in enumerate(streams):
                    os.dup2(file, number)
                    close(file)
                _end(_run(**json.loads(message)))
            for file in streams:
                close(file)
            os.write(replies, str(pid).encode())
            code = os.waitstatus_to_exitcode(wait(pid, 0)[1])
            with suppress(OSError):
                os.write(replies, str(code).encode())
            os._exit(0)
        for file in files:
            close(file)


def _run(arguments: list[str], cwd: str, env: dict[str, str], own_session: bool) -> int:
    if own_session:
        os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = arguments
    if killed.KILLED_AT in env:
        killed.kill_at(env[killed.KILLED_AT])
    if arguments[0] not in PROGRAMS:  # one of the tests
        sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "unit")]
    try:
        import_module(PROGRAMS.get(arguments[0], arguments[0])).main()
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
    # Locust asks who stops a run; the first answer takes as long as an import.
    inspect.stack()
    _serve(_socket.socket(fileno=int(sys.argv[1])))
