"""Makes reports while the web UI goes on, each in a subprocess, one at a time."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gevent

from wiretax.runs.folder import RUN_FILE

PAGE = Path("report") / "index.html"
# A line of progress, as ``wiretax report`` prints it if standard error is no terminal.
STEP = re.compile(r"report:\s+(\d+)% (.*)")
NAME = re.compile(r"[A-Za-z0-9._-]+")
State = Literal["none", "making", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class Status:
    """The status of a run's report.

    Attributes:
        state: "making" while the subprocess runs.
        done: how much of it is done (0 to 1).
        message: the current step, or why it failed.
    """

    state: State
    done: float = 0.0
    message: str = ""


class ReportMaker:
    """Makes the reports of runs under ``results``."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._making = ""
        self._process: subprocess.Popen[str] | None = None
        self._known: dict[str, Status] = {}

    def folder(self, name: str) -> Path | None:
        """The folder of a run by its name; None if there is no such run."""
        folder = self._results / name
        return folder if NAME.fullmatch(name) and (folder / RUN_FILE).is_file() else None

    def page(self, name: str) -> Path | None:
        """The report of a run; None if it has not been made yet."""
        folder = self.folder(name)
        return folder / PAGE if folder is not None and (folder / PAGE).is_file() else None

    def status(self, name: str) -> Status:
        """The status of a run's report."""
        known = self._known.get(name)
        if known is not None and known.state != "ready":
            return known
        return Status("ready", 1.0) if self.page(name) else Status("none")

    def make(self, name: str) -> Status:
        """Start to make a report, unless one is in progress."""
        folder = self.folder(name)
        if folder is None:
            return Status("failed", message=f"no run {name} in {self._results}")
        if self._making == name:
            return self.status(name)
        if self._making:
            return Status("failed", message=f"the report of {self._making} is in progress; try again after it")
        self._making = name
        self._known[name] = Status("making", 0.0, "starting")
        gevent.spawn(self._make, name, folder)
        return self._known[name]

    def close(self) -> None:
        """Stop the report that is in progress."""
        if self._process is not None:
            self._process.terminate()

    def _make(self, name: str, folder: Path) -> None:
        last_line = ""
        try:
            # -P: the current folder may hold packages with the names of ours.
            with subprocess.Popen(
                [sys.executable, "-P", "-m", "wiretax", "report", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            ) as process:
                self._process = process
                assert process.stderr is not None
                # Read in gevent's loop, so the web UI goes on meanwhile.
                for line in process.stderr:
                    step = STEP.match(line)
                    if step:
                        self._known[name] = Status("making", int(step[1]) / 100, step[2])
                    else:
                        last_line = line.strip() or last_line
            code = process.returncode
            # An invalid run has a report too, which says so at the top.
            if code in (0, 5) and (folder / PAGE).is_file():
                self._known[name] = Status("ready", 1.0)
            else:
                self._known[name] = Status("failed", message=last_line or f"exit code {code}")
        except OSError as error:
            self._known[name] = Status("failed", message=str(error))
        finally:
            self._process, self._making = None, ""
