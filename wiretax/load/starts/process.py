"""Runs one start in a new process, and reads its report."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys

import orjson

from wiretax.load.starts.job import StartJob, StartReport
from wiretax.terminal import Exit


class StartProcess:
    """A new interpreter that runs a job. In a new session: Ctrl-C reaches its parent alone, which ends it."""

    def __init__(self, job: StartJob) -> None:
        # -P: modules in the current folder are not imported.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "wiretax.load.starts.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._job = job

    def end(self) -> None:
        """Have it end after the slice that is open; what it measured is kept."""
        self._process.send_signal(signal.SIGTERM)

    def report(self) -> StartReport:
        """Wait for its end; its report, or one that says why there is none."""
        printed, _ = self._process.communicate(pickle.dumps(self._job))
        try:
            return StartReport(**orjson.loads(printed))
        except (TypeError, ValueError):
            code = self._process.returncode
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            return StartReport(problem=f"its process {how} and reported nothing", code=Exit.INVALID)
