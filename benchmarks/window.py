"""One generator at work: started on its core, measured by the mock's ledger in its steady state, and ended."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import psutil

from benchmarks.cores import Cores, on_core
from benchmarks.generators import CONNECTIONS, Generator, Job
from wiretax.channels.endpoint import Endpoint
from wiretax.mock.ledger import LEDGER_PATH, difference

POLL_S = 0.1
SETTLE_S = 0.5
WINDOW_S = 1.5
# Where the machine does other things for this share of a window, it is measured again, and the quietest counts.
DISTURBED = 0.15
ATTEMPTS = 2
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 5.0
LOG = "output.txt"


class PeerError(RuntimeError):
    """A generator that can't be compared; one line that says why."""


@dataclass(frozen=True, slots=True)
class Window:
    """What the mock counted in one window of a generator's steady state.

    Attributes:
        requests_per_s: requests answered, all of them accepted.
        events_per_s: events taken.
        request_bytes: bytes received for each request, head and body.
        mock_cpu: processor time of the mock over the window's length, 1 is a whole core.
        generator_cpu: the same of the generator.
        others_cpu: the same of all else that ran on their cores, this harness and stolen time included.
        slack: share of the time even the busier of the two was idle. Under 16 connections one of them is always
            busy, unless the host of a virtual machine wakes neither.
    """

    requests_per_s: float
    events_per_s: float
    request_bytes: float
    mock_cpu: float
    generator_cpu: float
    others_cpu: float
    slack: float

    @property
    def disturbance(self) -> float:
        """How much of the window went to neither generator nor mock."""
        return max(self.others_cpu, self.slack)

    @property
    def disturbed(self) -> bool:
        return self.disturbance > DISTURBED


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters at one moment (seconds)."""

    moment_s: float
    ledger: dict[str, Any]
    generator_cpu_s: float
    cores_busy_s: float


def measure(generator: Generator, job: Job, cores: Cores) -> Window:
    """Run a generator, and measure it from outside.

    Raises:
        PeerError: where it does not start, ends too early, or sends what the mock refuses.
    """
    start = read_ledger(job.endpoint)
    with _running(generator, job, cores.generator) as process:
        try:
            _wait_until_steady(job.endpoint, process, start)
            window = _quiet_window(job.endpoint, process, cores)
            counts = difference(read_ledger(job.endpoint), start)
        except (OSError, psutil.Error):
            raise PeerError("it ended before it was measured") from None
        _require_acceptance(counts, job)
    return window


def _quiet_window(endpoint: Endpoint, process: subprocess.Popen[bytes], cores: Cores) -> Window:
    """Chosen by how little else the cores did, never by how fast it was."""
    windows: list[Window] = []
    while len(windows) < ATTEMPTS and all(window.disturbed for window in windows):
        before = _read(endpoint, process, cores)
        sleep(WINDOW_S)
        windows.append(_between(before, _read(endpoint, process, cores), cores))
    return min(windows, key=lambda window: window.disturbance)


def read_ledger(endpoint: Endpoint) -> dict[str, Any]:
    """The mock's ledger, by the cheapest client there is: both cores are in use."""
    with closing(HTTPConnection(endpoint.host, endpoint.port, timeout=READ_TIMEOUT_S)) as connection:
        connection.request("GET", LEDGER_PATH.decode())
        ledger: dict[str, Any] = json.loads(connection.getresponse().read())
    return ledger


@contextmanager
def _running(generator: Generator, job: Job, core: int | None) -> Iterator[subprocess.Popen[bytes]]:
    log = job.folder / LOG
    with log.open("wb") as output, on_core(core):
        # In a session of its own Ctrl-C does not reach it: it is ended here, and waited for.
        process = subprocess.Popen(
            generator.command(job),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=job.environment(),
            cwd=job.folder,
            start_new_session=True,
        )
    try:
        yield process
    except PeerError as error:
        raise PeerError(f"{error}{_last_words(log)}") from None
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        # Reached by a Ctrl-C while waiting, too.
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_until_steady(endpoint: Endpoint, process: subprocess.Popen[bytes], start: dict[str, Any]) -> None:
    """Return some time after all connections are there and requests flow."""
    deadline = perf_counter() + START_TIMEOUT_S
    requests = start["requests"]
    while perf_counter() < deadline:
        sleep(POLL_S)
        if process.poll() is not None:
            raise PeerError(f"it ended by itself, exit code {process.returncode}")
        ledger = read_ledger(endpoint)
        flowing = ledger["requests"] - requests >= CONNECTIONS
        if flowing and ledger["connections"] - start["connections"] >= CONNECTIONS:
            sleep(SETTLE_S)
            return
        requests = ledger["requests"]
    raise PeerError(f"it did not send over {CONNECTIONS} connections within {START_TIMEOUT_S:.0f} s")


def _read(endpoint: Endpoint, process: subprocess.Popen[bytes], cores: Cores) -> Reading:
    times = psutil.Process(process.pid).cpu_times()
    ledger = read_ledger(endpoint)
    return Reading(perf_counter(), ledger, times.user + times.system, cores.busy_s())


def _between(before: Reading, after: Reading, cores: Cores) -> Window:
    seconds = after.moment_s - before.moment_s
    counts = difference(after.ledger, before.ledger)
    mock_cpu = counts["cpu_s"] / seconds
    generator_cpu = (after.generator_cpu_s - before.generator_cpu_s) / seconds
    cores_busy = (after.cores_busy_s - before.cores_busy_s) / seconds
    busier = generator_cpu + mock_cpu if cores.single else max(generator_cpu, mock_cpu)
    return Window(
        requests_per_s=counts["requests"] / seconds,
        events_per_s=counts["events"] / seconds,
        request_bytes=counts["request_bytes"] / max(1, counts["requests"]),
        mock_cpu=mock_cpu,
        generator_cpu=generator_cpu,
        others_cpu=max(0.0, cores_busy - mock_cpu - generator_cpu),
        slack=max(0.0, 1 - busier),
    )


def _require_acceptance(counts: dict[str, Any], job: Job) -> None:
    """Only a generator whose every request was taken, with all its events, has a speed."""
    requests, events, rejected = counts["requests"], counts["events"], counts["rejected"]
    if rejected:
        reasons = ", ".join(f"{count} for {reason}" for reason, count in rejected.items())
        raise PeerError(f"the mock refused {sum(rejected.values())} of its {requests} requests ({reasons})")
    expected = requests * job.workload.call.batch_size
    if events != expected:
        raise PeerError(f"{requests} requests brought {events} events, expected {expected}")


def _last_words(log: Path) -> str:
    """The end of what it printed, long lines joined again."""
    said = " ".join(log.read_text(encoding="utf-8", errors="replace").split())
    return f"; its last words: {said[-300:]}" if said else ""
