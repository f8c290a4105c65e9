"""Reports made while the web UI goes on: in a process of their own, one at a time."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gevent

from wiretax.runs.writer import RUN_FILE

PAGE = Path("report") / "index.html"
# As ``wiretax report`` says it, line by line, where it writes to no terminal.
STEP = re.compile(r"report:\s+(\d+)% (.*)")
NAME = re.compile(r"[A-Za-z0-9._-]+")
State = Literal["none", "making", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run's report stands.

    Attributes:
        state: whether it is there.
        done: how much of it is made (0 to 1).
        words: which part is being made, or why it failed.
    """

    state: State
    done: float = 0.0
    words: str = ""


class ReportMaker:
    """Makes the reports of runs under ``results``."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._making = ""
        self._process: subprocess.Popen[str] | None = None
        self._known: dict[str, Status] = {}

    def folder(self, name: str) -> Path | None:
        """The folder of a run by its name; None where there is no such run."""
        folder = self._results / name
        return folder if NAME.fullmatch(name) and (folder / RUN_FILE).is_file() else None

    def page(self, name: str) -> Path | None:
        """The report of a run; None where it is not made."""
        folder = self.folder(name)
        return folder / PAGE if folder is not None and (folder / PAGE).is_file() else None

    def status(self, name: str) -> Status:
        """Where a run's report stands."""
        known = self._known.get(name)
        if known is not None and known.state != "ready":
            return known
        return Status("ready", 1.0) if self.page(name) else Status("none")

    def make(self, name: str) -> Status:
        """Begin to make a report, unless it is being made."""
        folder = self.folder(name)
        if folder is None:
            return Status("failed", words=f"no run {name} in {self._results}")
        if self._making == name:
            return self.status(name)
        if self._making:
            return Status("failed", words=f"the report of {self._making} is being made; try again after it")
        self._making = name
        self._known[name] = Status("making", 0.0, "start")
        gevent.spawn(self._make, name, folder)
        return self._known[name]

    def close(self) -> None:
        """Give up what is being made."""
        if self._process is not None:
            self._process.terminate()

    def _make(self, name: str, folder: Path) -> None:
        said = ""
        try:
            # Its output is read on gevent's loop, so the web UI and the users go on meanwhile.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wiretax", "report", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            assert self._process.stderr is not None
            for line in self._process.stderr:
                step = STEP.match(line)
                if step:
                    self._known[name] = Status("making", int(step[1]) / 100, step[2])
                else:
                    said = line.strip() or said
            code = self._process.wait()
            # A run with doubts has a report too, which says so on top.
            if code in (0, 5) and (folder / PAGE).is_file():
                self._known[name] = Status("ready", 1.0)
            else:
                self._known[name] = Status("failed", words=said or f"exit code {code}")
        except OSError as error:
            self._known[name] = Status("failed", words=str(error))
        finally:
            self._process, self._making = None, ""
