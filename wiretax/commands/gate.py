"""``wiretax gate``: a saved run judged, or accepted; the verdict as exit code and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wiretax.terminal import Exit, fail, out

if TYPE_CHECKING:
    from analysis.gates.baseline.gates import Gates
    from wiretax.runs.reader import Run


def gate(
    run: Annotated[str | None, typer.Argument(help="A run's name or folder; the newest if not said.")] = None,
    gates: Annotated[Path, typer.Option(help="What to hold it to.")] = Path("gates.toml"),
    accept: Annotated[
        bool, typer.Option("--accept", help="Write what was measured into the checks' baselines.")
    ] = False,
    metrics: Annotated[bool, typer.Option("--list", help="Print what a check can judge, and exit.")] = False,
    results: Annotated[Path, typer.Option(help="The folder runs are kept in.")] = Path("results"),
) -> None:
    """Gating a saved run: exit code, and gate.json, junit.xml and summary.md in its folder."""
    from analysis.gates.baseline.gates import load_gates
    from analysis.gates.evaluation.evaluate import evaluate
    from analysis.gates.file.checks import GatesError
    from analysis.gates.outputs.files import write_outputs
    from analysis.gates.outputs.terminal import print_metrics, print_result
    from wiretax.runs.reader import RunNotFoundError, find_run, salvage_run

    if metrics:
        print_metrics(out)
        return
    try:
        chosen = load_gates(gates, accepting=accept)
        folder = find_run(results, run)
    except (GatesError, RunNotFoundError) as error:
        fail(str(error), Exit.USAGE)
    try:
        saved = salvage_run(folder)
    except RunNotFoundError as error:
        fail(str(error), Exit.INVALID)
    if accept:
        _accept(saved, chosen)
        return
    result = evaluate(saved, chosen)
    print_result(result, out)
    try:
        write_outputs(folder, result)
    except OSError as error:
        fail(f"{folder}: the verdict's files can't be written ({error.strerror})", Exit.USAGE)
    out.print(f"written into {folder}: gate.json, junit.xml, summary.md", soft_wrap=True, markup=False)
    raise typer.Exit(result.exit_code)


def _accept(saved: Run, gates: Gates) -> None:
    from analysis.gates.evaluation.acceptance import UnacceptableError, accept_run
    from analysis.gates.file.checks import GatesError
    from analysis.gates.outputs.terminal import print_changes

    try:
        changes = accept_run(saved, gates)
    except UnacceptableError as error:
        fail(str(error), Exit.INVALID)
    except GatesError as error:
        fail(str(error), Exit.USAGE)
    if not changes:
        fail(f"no check in {gates.name} names a baseline: there is nothing to accept into", Exit.USAGE)
    for file, found in changes.items():
        print_changes(found, out)
        out.print(f"accepted into {file}", soft_wrap=True, markup=False)
