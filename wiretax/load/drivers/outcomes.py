"""What became of the runs of one Locust process: where they are saved, its exit code and its table."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wiretax.load.accounting.gating import Gating
from wiretax.load.drivers.conclude import Conclusion, exit_code_of, print_saved
from wiretax.runs.saving import SavedRun
from wiretax.terminal import Exit, err, out, worst

if TYPE_CHECKING:
    from wiretax.load.accounting.live.figures import Live

# Of these, the newest, figures are kept in memory; of the others, there is the folder.
MOST_FIGURES = 10
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Saved:
    """A run that was written.

    Attributes:
        folder: where.
        valid: whether its figures are.
        reasons: why they are not, and what else a reader needs to know.
        code: the exit code that stands for it.
        checks: what its gates came to, such as ``8 passed, 1 failed``; empty if it was not judged.
        meta: its ``run.json``.
        live: its figures when it had ended; None without a web UI, and of older runs.
    """

    folder: Path
    valid: bool
    reasons: tuple[str, ...]
    code: int
    checks: str
    meta: dict[str, Any]
    live: Live | None = None


class Outcomes:
    """Keeps the outcomes of runs that were concluded.

    Attributes:
        saved: the runs that were written, the newest first.
    """

    def __init__(self, environment: Any, gating: Gating | None) -> None:
        """``gating``: the checks of each run; None for no checks."""
        self.saved: list[Saved] = []
        self._environment = environment
        self._gating = gating
        self._last: SavedRun | None = None

    def keep(self, conclusion: Conclusion, live: Live | None = None) -> None:
        """Log what a run came to, and set the exit code of Locust's process.

        Args:
            conclusion: of the run.
            live: its figures, for the web UI.
        """
        for note in conclusion.notes:
            log.warning("wiretax: %s", note)
        self._last = conclusion.saved
        saved = conclusion.saved.read()
        reasons, warnings = saved.meta["invalid_because"], saved.meta["warnings"]
        if saved.is_saved:
            log.info("wiretax: saved in %s", saved.folder)
        for reason in reasons:
            log.error("wiretax: invalid: %s", reason)
        code = worst(conclusion.code, exit_code_of(saved, self._gating, out))
        checks = "" if self._gating is None or saved.meta["interrupted"] else self._gating.sentence
        if saved.is_saved:
            older = [replace(each, live=None) for each in self.saved[MOST_FIGURES - 1 :]]
            kept = Saved(saved.folder, saved.meta["valid"], (*reasons, *warnings), code, checks, saved.meta, live)
            self.saved = [kept, *self.saved[: MOST_FIGURES - 1], *older]
        if code or self._gating is not None:
            # With a web page Locust goes on to other tests; without one this was its only test.
            before = self._environment.process_exit_code if self._environment.web_ui is not None else None
            self._environment.process_exit_code = worst(before or Exit.OK, code)

    def print_last(self) -> None:
        """Print the table of the last run, if there was one."""
        if self._last is not None:
            # With --json standard output is a document.
            print_saved(self._last, err if self._environment.parsed_options.json else out)
