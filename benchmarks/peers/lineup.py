"""Generators that are all started, and all stopped but one: they take turns within a second of each other.

A process that SIGSTOP has stopped takes no processor time; after SIGCONT it goes on with the responses that wait
for it. So a turn takes its window and a moment to settle, and a drift of the machine meets all generators alike.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

import psutil

from benchmarks.cores import Cores, on_core
from benchmarks.peers.generators import Generator
from benchmarks.peers.job import CONNECTIONS, SEED, Job
from benchmarks.peers.servers import PeerError, read_ledger
from benchmarks.peers.window import Reading, Window, between
from wiretax.channels.endpoint import Endpoint
from wiretax.channels.workload import Workload

POLL_S = 0.05
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0
ATTEMPTS = 2
# Some generators send a few to try, and then pause.
LEAST_REQUESTS = 4 * CONNECTIONS
LOG = "output.txt"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a comparison.

    Attributes:
        name: what the tables call it.
        generator: what sends.
        endpoint: what it sends to.
    """

    name: str
    generator: Generator
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Turn:
    """How long a generator runs at a time (seconds).

    Attributes:
        settle_s: before it is measured.
        window_s: while it is.
    """

    settle_s: float = 0.2
    window_s: float = 0.5


class Runner:
    """One started generator, which runs in its turns only."""

    def __init__(self, entry: Entry, workload: Workload, folder: Path, cores: Cores) -> None:
        """Start it, and stop it once it sends.

        Raises:
            PeerError: it does not get so far.
        """
        self.entry = entry
        self._workload = workload
        self._cores = cores
        self._log = folder / LOG
        job = Job(entry.endpoint, workload, folder)
        before = read_ledger(entry.endpoint)
        with self._log.open("wb") as output, on_core(cores.generator):
            # A new session, so that Ctrl-C doesn't reach it: it is stopped and waited for here.
            self._process = subprocess.Popen(
                entry.generator.command(job),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=job.environment(),
                cwd=job.folder,
                start_new_session=True,
            )
        try:
            self._wait_until_steady(before["requests"], before.get("connections"))
            self._process.send_signal(signal.SIGSTOP)
        except BaseException:
            self.end()
            raise

    def run(self, turn: Turn) -> Window:
        """Let it run for a turn. A window is chosen by how little else the cores did, never by how fast it was.

        Raises:
            PeerError: it has ended, or sends what the server refuses.
        """
        self._process.send_signal(signal.SIGCONT)
        try:
            sleep(turn.settle_s)
            process = psutil.Process(self._process.pid)
            windows: list[Window] = []
            while len(windows) < ATTEMPTS and all(window.disturbed for window in windows):
                before = Reading.take(self.entry.endpoint, process, self._cores)
                sleep(turn.window_s)
                after = Reading.take(self.entry.endpoint, process, self._cores)
                windows.append(between(before, after, self._cores, self._workload))
            if self._process.poll() is not None:
                raise PeerError(f"it ended by itself, exit code {self._process.returncode}")
        except psutil.Error:
            raise PeerError(f"it ended before it was measured{self._last_words()}") from None
        except PeerError as error:
            raise PeerError(f"{error}{self._last_words()}") from None
        finally:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGSTOP)
        return min(windows, key=lambda window: window.others_cpu)

    def end(self) -> None:
        """Stopped as it is, it would not hear a gentler signal."""
        self._process.kill()
        self._process.wait(STOP_TIMEOUT_S)

    def _wait_until_steady(self, requests: int, connections: int | None) -> None:
        """Return once all connections are there and requests flow."""
        deadline = perf_counter() + START_TIMEOUT_S
        while perf_counter() < deadline:
            sleep(POLL_S)
            if self._process.poll() is not None:
                raise PeerError(f"it ended by itself, exit code {self._process.returncode}{self._last_words()}")
            ledger = read_ledger(self.entry.endpoint)
            flowing = ledger["requests"] - requests >= LEAST_REQUESTS
            if flowing and (connections is None or ledger["connections"] - connections >= CONNECTIONS):
                return
        raise PeerError(
            f"it did not send over {CONNECTIONS} connections within {START_TIMEOUT_S:.0f} s{self._last_words()}"
        )

    def _last_words(self) -> str:
        """The end of what it printed, long lines joined again."""
        said = " ".join(self._log.read_text(encoding="utf-8", errors="replace").split())
        return f"; its last words: {said[-300:]}" if said else ""


class Lineup:
    """All entries of a comparison for one workload, in their turns."""

    def __init__(self, runners: Sequence[Runner], seed: int = SEED) -> None:
        self._runners = runners
        self._random = Random(seed)

    def round(self, turn: Turn) -> Mapping[str, Window]:
        """One turn of each, in an order drawn anew; the windows by the entries' names.

        Raises:
            PeerError: one can't be measured.
        """
        windows = {}
        for runner in self._random.sample(self._runners, len(self._runners)):
            try:
                windows[runner.entry.name] = runner.run(turn)
            except PeerError as error:
                raise PeerError(f"{runner.entry.name}: {error}") from None
        return windows


@contextmanager
def lineup(entries: Sequence[Entry], workload: Workload, cores: Cores) -> Iterator[Lineup]:
    """Start all entries with a workload, and end them.

    Raises:
        PeerError: one does not start.
    """
    with ExitStack() as stack:
        base = Path(stack.enter_context(TemporaryDirectory(prefix="wiretax-peers-")))
        runners = []
        for number, entry in enumerate(entries):
            folder = base / str(number)
            folder.mkdir()
            try:
                runner = Runner(entry, workload, folder, cores)
            except PeerError as error:
                raise PeerError(f"{entry.name}: {error}") from None
            stack.callback(runner.end)
            runners.append(runner)
        yield Lineup(runners)
