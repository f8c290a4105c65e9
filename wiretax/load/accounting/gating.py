"""Gating a run right after it was measured, by gates that are read before anything is sent."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from analysis.gates.baseline.gates import load_gates
from analysis.gates.evaluation.evaluate import evaluate
from analysis.gates.outputs.files import write_outputs
from analysis.gates.outputs.terminal import print_result
from wiretax.runs.reader import Run


class Gating:
    """The gates of a run, while it is measured and when it is over."""

    def __init__(self, file: Path) -> None:
        """Read the gates.

        Raises:
            GatesError: if the file can't be used; one line.
        """
        self._gates = load_gates(file)

    def undecided(self, so_far: Run) -> tuple[str, ...]:
        """Names of the workloads with a check that more rounds could decide."""
        return evaluate(so_far, self._gates).undecided

    def conclude(self, run: Run, console: Console) -> int:
        """Print the verdict, write its files into the run's folder, and return its exit code.

        Raises:
            OSError: if the folder can't be written.
        """
        result = evaluate(run, self._gates)
        print_result(result, console)
        write_outputs(run.folder, result)
        return result.exit_code
