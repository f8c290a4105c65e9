"""``wiretax gate``: a saved run gated, or accepted; the verdict as exit code and files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wiretax.commands.options import RESULTS, JsonOption, ResultsOption, RunArgument
from wiretax.json_output import reserve_stdout
from wiretax.terminal import Exit, fail, out

if TYPE_CHECKING:
    from analysis.gates.baseline.gates import Gates
    from wiretax.runs.reader import Run


def gate(
    run: RunArgument = None,
    gates: Annotated[Path, typer.Option(help="File with the checks.")] = Path("gates.toml"),
    accept: Annotated[
        bool, typer.Option("--accept", help="Write the run's measurements into the checks' baselines.")
    ] = False,
    init: Annotated[
        bool,
        typer.Option(
            "--init",
            help="Write the file of --gates: checks that the run passes, with comments. Never overwrites.",
        ),
    ] = False,
    metrics: Annotated[
        bool, typer.Option("--list", help="Print the metrics that checks can use, and exit.")
    ] = False,
    results: ResultsOption = RESULTS,
    as_json: JsonOption = False,
) -> None:
    """Gate a saved run: set the exit code, and write gate.json, junit.xml and summary.md to the run's folder."""
    # Step by step: the list of metrics and most errors do without pandas, which takes longest to load.
    from analysis.gates.outputs.terminal import print_metrics, print_result

    without_verdict = [
        name for name, given in (("--accept", accept), ("--init", init), ("--list", metrics)) if given
    ]
    if as_json and without_verdict:
        fail(f"--json and {without_verdict[0]} exclude each other; give one of them", Exit.USAGE)
    write = reserve_stdout() if as_json else None
    if metrics:
        print_metrics(out)
        return
    if init:
        if accept:
            fail(
                "--init and --accept: expected one of them; a new file has no baseline to accept into", Exit.USAGE
            )
        _init(results, run, gates)
        return
    from analysis.gates.baseline.gates import load_gates
    from analysis.gates.file.checks import GatesError
    from wiretax.commands.chosen_run import chosen_run
    from wiretax.runs.reader import RunNotFoundError, salvage_run

    try:
        chosen = load_gates(gates, accepting=accept)
        folder = chosen_run(results, run)
    except (GatesError, RunNotFoundError) as error:
        fail(str(error), Exit.USAGE)
    from analysis.gates.evaluation.evaluate import evaluate
    from analysis.gates.outputs.files import write_outputs
    from analysis.gates.outputs.gatejson import gate_document

    try:
        saved = salvage_run(folder)
    except RunNotFoundError as error:
        fail(str(error), Exit.INVALID)
    if accept:
        _accept(saved, chosen)
        return
    result = evaluate(saved, chosen)
    if write is None:
        print_result(result, out)
    else:
        write(gate_document(result))
    try:
        write_outputs(folder, result)
    except OSError as error:
        fail(f"{folder}: the verdict's files can't be written ({error.strerror})", Exit.USAGE)
    if write is None:
        out.print(f"written into {folder}: gate.json, junit.xml, summary.md", soft_wrap=True, markup=False)
    raise typer.Exit(result.exit_code)


def _init(results: Path, run: str | None, gates: Path) -> None:
    if os.path.lexists(gates):
        fail(f"{gates} exists, and is not overwritten; name another file with --gates, or remove it", Exit.USAGE)
    from wiretax.commands.chosen_run import chosen_run
    from wiretax.runs.reader import RunNotFoundError, salvage_run

    try:
        folder = chosen_run(results, run)
    except RunNotFoundError as error:
        fail(str(error), Exit.USAGE)
    from analysis.gates.evaluation.first_gates import NoGatesError, first_gates

    try:
        made = first_gates(salvage_run(folder), str(gates))
    except (NoGatesError, RunNotFoundError) as error:
        fail(str(error), Exit.INVALID)
    try:
        # Mode x: a file that came meanwhile is not overwritten either.
        with gates.open("x") as file:
            file.write(made.text)
    except OSError as error:
        fail(f"{gates}: can't be written ({error.strerror})", Exit.USAGE)
    for each in made.without:
        out.print(f"without {each}", soft_wrap=True, markup=False)
    checks = f"{made.checks} check{'s' * (made.checks != 1)}"
    out.print(f"written to {gates}: {checks}, which run {folder} passes", soft_wrap=True, markup=False)


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
        fail(
            f"no check in {gates.name} has a baseline, so there is nothing to accept into; add one to a check",
            Exit.USAGE,
        )
    for file, found in changes.items():
        print_changes(found, out)
        out.print(f"accepted into {file}", soft_wrap=True, markup=False)
