"""A process that has the imports of a command behind it, and forks for each command that it is sent.

Most of the time of a short command is its start-up. Each command still has its own process, and so has each
built-in mock, of those commands and of the tests themselves, and each kernel of a report. Some commands of each
kind are started from the command line all the same, and those start their mocks and kernels themselves, as do
those of the installed wheel.

The processes that run tests share these processes, at sockets named after the run of the tests.
"""

from __future__ import annotations

import _socket
import atexit
import fcntl
import gc
import hashlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from time import monotonic
from types import SimpleNamespace
from typing import BinaryIO, TextIO

import killed
import namespace

# A busy machine takes its time; what takes longer hangs.
PATIENCE_S = 180.0
# In the environment of a command whose workers may be late with their heartbeats.
PATIENT = "WIRETAX_TESTS_PATIENT"
# One message holds the arguments and the environment of a command.
MESSAGE_BYTES = 1 << 20
# What a process that runs tests says once, and stays connected.
MEMBER = b"member"
# Shared by the processes that pytest-xdist starts for one run of the tests.
TESTS = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"process {os.getpid()}"
PROGRAMS = {
    "wiretax": "wiretax.cli",
    "locust": "locust.main",
    "wiretax.mock": "wiretax.mock.__main__",
    "ipykernel_launcher": "ipykernel.kernelapp",
}
# Locust patches the standard library, so it comes first, and commands that do without it are forked elsewhere.
LOAD = (
    "locust",
    "locust.main",
    "wiretax.load.drivers.headless",
    "wiretax.load.drivers.locustfiles.hooks",
    "wiretax.load.drivers.locustfiles.locust_session",
    "wiretax.load.drivers.locustfiles.planfile_session",
    "wiretax.load.cluster.free_worker",
    "wiretax.load.plan.replay",
    "wiretax.load.users.queue",
    "wiretax.queue.redis.stream",
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
MOCK = ("wiretax.mock.options", "wiretax.mock.server")
KERNEL = (
    "ipykernel.kernelapp",
    "analysis.figures",
    "analysis.tables.notebook_queues",
    "analysis.tables.notebook_tables",
    "wiretax.report.facts",
)
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


# Tests wait for Locust's table and workers' reports in it, for its look whether workers are there, and for samples
# of the web UI.
OFTEN_S, SAMPLE_S = 0.2, 0.5


def run_warm(
    *arguments: str, cwd: Path, env: dict[str, str], stdin: str = "", timeout_s: float = PATIENCE_S
) -> subprocess.CompletedProcess[str]:
    """Run ``wiretax``, ``locust``, a test module with a ``main`` or a Python file, the first argument, with
    further arguments, to its end."""
    return _warm_for(arguments).run(*arguments, cwd=cwd, env=env, stdin=stdin, timeout_s=timeout_s)


def start_warm(*arguments: str, cwd: Path, env: dict[str, str], own_session: bool = False) -> Started:
    """Start ``wiretax``, ``locust`` or a Python file, the first argument, with further arguments.

    ``own_session``: a signal meant for its group reaches it, those it forks, and nobody else.
    """
    return _warm_for(arguments).start(*arguments, cwd=cwd, env=env, own_session=own_session)


# Has a warm process fork the command, with the files, the folder and the environment of this one, passes signals
# on, and ends as the command does.
SHIM = """\
#!{python} -IS
import json, os, signal, socket, sys

name, routes = {name!r}, {routes!r}
kind = "load" if name == "locust" or "run" in sys.argv[1:2] else "report" if "report" in sys.argv[1:2] else ""
route = routes[kind]
replies = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
replies.connect(route.pop("address"))
message = {{"arguments": [name, *sys.argv[1:]], "cwd": os.getcwd(), "env": dict(os.environ), "own_session": False}}
socket.send_fds(replies, [json.dumps({{**message, **route}}).encode()], [0, 1, 2])
pid = int(replies.recv(64))
for each in (signal.SIGINT, signal.SIGTERM):
    signal.signal(each, lambda number, _: os.kill(pid, number))
code = int(replies.recv(64))
os._exit(code if code >= 0 else 128 - code)
"""


def write_program(path: Path) -> None:
    """Write an executable by the name of ``wiretax`` or ``locust`` that is forked as ``run_warm`` does it."""
    kinds = {"load": ("locust",), "report": ("wiretax", "report"), "": ("wiretax", "")}
    routes = {kind: _warm_for(arguments).route for kind, arguments in kinds.items()}
    path.write_text(SHIM.format(python=os.path.realpath(sys.executable), name=path.name, routes=routes))
    path.chmod(0o755)


def fork_mocks() -> None:
    """Have this process's built-in mocks forked from a process that has their imports."""
    _fork_mocks(_warm(MOCK).address)


def _fork_mocks(address: str) -> None:
    def start() -> StartedMock:
        return _mock(address)

    import_module("wiretax.mock.process").start_process = start


def _mock(address: str) -> StartedMock:
    (reading, to_it), (from_it, writing) = os.pipe(), os.pipe()
    started = _ask(address, ["wiretax.mock"], Path.cwd(), dict(os.environ), [reading, writing, writing], True)
    os.close(reading)
    os.close(writing)
    return StartedMock(started, os.fdopen(to_it, "wb"), os.fdopen(from_it, "rb"))


def _fork_kernels(address: str) -> None:
    def start(command: Sequence[str], *, env: dict[str, str], **_: object) -> Started:
        with Path(os.devnull).open("r+") as nothing:
            options = command[command.index("-f") :]
            return _ask(address, ["ipykernel_launcher", *options], Path.cwd(), env, [nothing.fileno()] * 3, True)

    import_module("jupyter_client.provisioning.local_provisioner").launch_kernel = start


def _warm_for(arguments: Sequence[str]) -> Warm:
    if arguments[0].endswith((".py", "locust")) or "run" in arguments[1:2]:
        return _warm((*LOAD, *SHOWN))
    if "report" in arguments[1:2]:
        return _warm((*PLAIN, *REPORT, *SHOWN), kernels=True)
    return _warm((*PLAIN, *REPORT, *SHOWN))


@cache
def _warm(modules: Sequence[str], kernels: bool = False) -> Warm:
    mocks = None if modules in (MOCK, KERNEL) else _warm(MOCK).address
    warm = Warm(modules, mocks=mocks, kernels=_warm(KERNEL).address if kernels else None)
    atexit.register(warm.close)
    return warm


def _ask(
    address: str,
    arguments: Sequence[str],
    cwd: Path,
    env: dict[str, str],
    files: Sequence[int],
    own_session: bool,
    mocks: str | None = None,
    kernels: str | None = None,
) -> Started:
    """Have a command forked by the process at ``address``."""
    replies = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    replies.connect(address)
    message = {"arguments": arguments, "cwd": str(cwd), "env": env, "mocks": mocks, "kernels": kernels}
    socket.send_fds(replies, [json.dumps({**message, "own_session": own_session}).encode()], files)
    return Started(arguments, replies)


class Warm:
    """A process that has imported these modules, by this interpreter or another, in a folder.

    It ends with the last of the processes that run tests. ``mocks``, ``kernels``: the addresses of the processes
    that fork the mocks and the kernels of its commands; without one they start them themselves.
    """

    def __init__(
        self,
        modules: Sequence[str],
        python: Path = Path(sys.executable),
        cwd: Path | None = None,
        mocks: str | None = None,
        kernels: str | None = None,
    ) -> None:
        name = hashlib.sha256(repr((TESTS, modules, python, cwd)).encode()).hexdigest()[:16]
        self.address = str(Path(gettempdir()) / f"wiretax-{name}")
        self._mocks, self._kernels = mocks, kernels
        self._process: subprocess.Popen[bytes] | None = None
        # Only those of this run of the tests wait for each other.
        one_at_a_time = os.open(f"{self.address}.lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            try:
                self._member = self._join()
            except OSError:
                self._process = self._start(modules, python, cwd)
                self._member = self._join()
        finally:
            os.close(one_at_a_time)

    @property
    def route(self) -> dict[str, str | None]:
        """Where to ask for a command, and what the message that asks has besides the command."""
        return {"address": self.address, "mocks": self._mocks, "kernels": self._kernels}

    def _join(self) -> socket.socket:
        member = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            member.connect(self.address)
            member.send(MEMBER)
        except OSError:
            member.close()
            raise
        return member

    def _start(self, modules: Sequence[str], python: Path, cwd: Path | None) -> subprocess.Popen[bytes]:
        Path(self.address).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(self.address)
            listener.listen()
            return subprocess.Popen(
                [python, __file__, str(listener.fileno()), *modules],
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=cwd,
            )

    def run(
        self, *arguments: str, cwd: Path, env: dict[str, str], stdin: str = "", timeout_s: float = PATIENCE_S
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
        return _ask(self.address, arguments, cwd, env, files, own_session, self._mocks, self._kernels)

    def close(self) -> None:
        """Leave it. The process that started it waits for its end, which others may put off, for a while."""
        self._member.close()
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(60)

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
        self.stdin: TextIO | None = None
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
        """What it wrote and was not read yet, once it ended, and all that it forked and that writes there too.

        Raises:
            subprocess.TimeoutExpired: that takes longer.
        """
        assert self.stdout is not None
        assert self.stderr is not None
        read: dict[TextIO, str] = {}
        files = (self.stdout, self.stderr)
        readers = [
            threading.Thread(target=lambda it: read.update({it: it.read()}), args=[it], daemon=True)
            for it in files
        ]
        until = monotonic() + timeout
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(max(0.0, until - monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self._arguments, timeout)
        self.wait(max(0.0, until - monotonic()))
        for each in files:
            each.close()
        return read[self.stdout], read[self.stderr]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class StartedMock:
    """A mock that was forked, to be used like the ``subprocess.Popen`` of the built-in mock."""

    def __init__(self, started: Started, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.wait = started.wait
        self.kill = started.kill


def _serve(listener: _socket.socket) -> None:
    """Fork for each command until no process that runs tests is left, and report its process id and exit code."""
    fork, wait, close, ready, on_signal = os.fork, os.waitpid, os.close, select.select, signal.signal
    if "gevent" in sys.modules:
        fork = import_module("gevent.os").fork_gevent
        # gevent's own wait for its loop to turn, and here nothing turns it.
        originals = import_module("gevent.monkey").get_original
        wait, close = originals("os", ["waitpid", "close"])
        ready = originals("select", "select")
        on_signal = originals("signal", "signal")
    # The end of a command wakes the wait for messages.
    woken, waking = os.pipe()
    for end in (woken, waking):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    on_signal(signal.SIGCHLD, lambda *_: None)
    members: set[_socket.socket] = set()
    running: dict[int, _socket.socket] = {}
    joined = False
    while members or not joined:
        for each in ready([listener, woken, *members], [], [])[0]:
            if isinstance(each, int):
                with suppress(BlockingIOError):
                    os.read(woken, MESSAGE_BYTES)
                _report_ended(running, wait)
                continue
            if each is not listener:
                members.discard(each)
                each.close()
                continue
            replies = _socket.socket(fileno=listener._accept()[0])  # type: ignore[attr-defined]
            message, files, _, _ = socket.recv_fds(replies, MESSAGE_BYTES, 3)  # type: ignore[arg-type]
            if message == MEMBER:
                members.add(replies)
                joined = True
                continue
            if not message:
                replies.close()
                continue
            pid = fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                on_signal(signal.SIGCHLD, signal.SIG_DFL)
                asked = json.loads(message)
                if asked.pop("own_session"):
                    os.setsid()
                with suppress(OSError):
                    replies.send(str(os.getpid()).encode())
                for held in (listener, replies, *members, *running.values()):
                    held.close()
                for number, file in enumerate(files):
                    os.dup2(file, number)
                for file in {woken, waking, *files}:
                    close(file)
                _end(_run(**asked))
            for file in files:
                close(file)
            running[pid] = replies
    address = listener.getsockname()
    for name in (address, f"{address}.lock"):
        with suppress(OSError):
            Path(name).unlink()


def _report_ended(running: dict[int, _socket.socket], wait: Callable[[int, int], tuple[int, int]]) -> None:
    with suppress(ChildProcessError):
        while (ended := wait(-1, os.WNOHANG))[0]:
            replies = running.pop(ended[0])
            with suppress(OSError):
                replies.send(str(os.waitstatus_to_exitcode(ended[1])).encode())
            replies.close()


def _hurry() -> None:
    """Have forked commands do several times a second what Locust and the web UI do every second or two."""
    locust = sys.modules["locust.main"]
    clock = vars(locust)["time"]
    hurried = {**vars(clock), "sleep": lambda seconds: clock.sleep(min(seconds, OFTEN_S))}
    vars(locust)["time"] = SimpleNamespace(**hurried)
    import_module("locust.stats").CONSOLE_STATS_INTERVAL_SEC = OFTEN_S
    # For a message that nobody sees, Locust asks where in the source the functions are that stop its users.
    runners = import_module("locust.runners")
    vars(runners)["inspect"] = SimpleNamespace()
    vars(runners)["WORKER_REPORT_INTERVAL"] = OFTEN_S
    live = import_module("wiretax.load.accounting.live.figures")
    web_sweep = import_module("wiretax.load.drivers.locustfiles.web_sweep")
    live.SAMPLE_S = live.Live.every_s = web_sweep.SAMPLE_S = SAMPLE_S


def _run(arguments: list[str], cwd: str, env: dict[str, str], mocks: str | None, kernels: str | None) -> int:
    at_home = env.get("HOME") == os.environ.get("HOME")
    os.environ.clear()
    os.environ.update(env)
    sys.argv = arguments
    if namespace.NAMESPACE in env:
        namespace.enter(env[namespace.NAMESPACE])
    if PATIENT in env and "locust.runners" in sys.modules:
        vars(sys.modules["locust.runners"])["HEARTBEAT_LIVENESS"] = PATIENCE_S
    # A mount namespace has a working directory too.
    os.chdir(cwd)
    # It counts the steps in the working directory.
    if killed.KILLED_AT in env:
        killed.kill_at(env[killed.KILLED_AT])
    if mocks is not None:
        _fork_mocks(mocks)
    # What a kernel imports reads files in its home.
    if kernels is not None and at_home:
        _fork_kernels(kernels)
    if arguments[0] not in PROGRAMS:  # one of the tests
        sys.path += [str(Path(__file__).parent / "e2e"), str(Path(__file__).parent / "unit")]
    try:
        if arguments[0].endswith(".py"):
            runpy.run_path(arguments[0], run_name="__main__")
        else:
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
    # A kernel ends with the process that has this id, and reads it when it is imported.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    for each in sys.argv[2:]:
        import_module(each)
    if "locust.main" in sys.modules:
        _hurry()
    # Commands collect garbage themselves, and would walk through, and so copy, what they share with this process.
    gc.collect()
    gc.freeze()
    _serve(_socket.socket(fileno=int(sys.argv[1])))
