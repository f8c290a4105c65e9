"""Gating a run right after it was measured, by gates that are read before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from wiretax.terminal import Exit, warn, worst

if TYPE_CHECKING:
    from analysis.gates.evaluation.result import GateResult
    from wiretax.runs.reader import Run


class Gating:
    """The gates of a run, while it is measured and when it is over.

    ``analysis.gates`` needs pandas, so its parts are imported here only where a run has gates.

    Attributes:
        sentence: the latest verdict in brief, such as ``8 passed, 1 failed``; empty before the first.
    """

    def __init__(self, file: Path) -> None:
        """Read the gates.

        Raises:
            GatesError: if the file can't be used; one line.
        """
        from analysis.gates.baseline.gates import load_gates
        from analysis.gates.evaluation.evaluate import evaluate

        self.sentence = ""
        self._gates = load_gates(file)
        self._evaluate = evaluate

    def undecided(self, so_far: Run) -> tuple[str, ...]:
        """Names of the workloads with a check that more rounds could decide."""
        return self._evaluate(so_far, self._gates).undecided

    def conclude(self, run: Run, console: Console) -> int:
        """Print the verdict, write its files into the run's folder, and return its exit code."""
        from analysis.gates.outputs.terminal import print_result

        result = self.evaluate(run)
        print_result(result, console)
        return self.write(run, result)

    def evaluate(self, run: Run) -> GateResult:
        """The verdict on a run that has ended."""
        return self._evaluate(run, self._gates)

    def write(self, run: Run, result: GateResult) -> int:
        """Write a verdict's files into the run's folder, and return its exit code."""
        from analysis.gates.outputs.files import write_outputs

        self.sentence = result.sentence
        if run.is_saved:
            try:
                write_outputs(run.folder, result)
            except OSError as error:
                warn(f"{run.folder}: the verdict's files can't be written ({error.strerror or error})")
                return worst(result.exit_code, Exit.INVALID)
        return result.exit_code
