"""``wiretax export``: a run's figures in the format of another tool."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wiretax.commands.options import RESULTS, ResultsOption, RunArgument, check_choice
from wiretax.terminal import Exit, OptionError, fail, warn

if TYPE_CHECKING:
    from analysis.exports.measurement import Export

FORMAT_NAMES = ("github-action-benchmark", "bencher", "openmetrics", "csv", "jsonl")
KINDS = {"exact": True, "noisy": False}
DIRECTIONS = {"smaller": "lower", "bigger": "higher"}


def export(
    run: RunArgument = None,
    format_: Annotated[str, typer.Option("--format", help=f"The format: {', '.join(FORMAT_NAMES)}.")] = "csv",
    output: Annotated[Path | None, typer.Option(help="File to write. Default: standard output.")] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Only exact metrics (bytes) or only noisy ones (rates, gains, latencies). Default: both; for "
            "github-action-benchmark: exact."
        ),
    ] = None,
    better: Annotated[
        str | None,
        typer.Option(
            help="Only metrics where a smaller or where a bigger value is better. Default: both; for "
            "github-action-benchmark: smaller."
        ),
    ] = None,
    invalid: Annotated[
        bool, typer.Option("--invalid", help="Export figures of an invalid run or workload, too.")
    ] = False,
    results: ResultsOption = RESULTS,
) -> None:
    """Write a run's figures, those that gates check, in a format that other tools read."""
    from wiretax.commands.chosen_run import chosen_run
    from wiretax.runs.reader import RunNotFoundError, read_run

    try:
        check_choice("--format", format_, FORMAT_NAMES)
        for option, given, choices in (("--metrics", metrics, KINDS), ("--better", better, DIRECTIONS)):
            if given is not None:
                check_choice(option, given, choices)
        folder = chosen_run(results, run)
    except (OptionError, RunNotFoundError) as error:
        fail(str(error), Exit.USAGE)
    try:
        saved = read_run(folder)
    except RunNotFoundError as error:
        fail(str(error), Exit.INVALID)
    from analysis.exports.formats import FORMATS
    from analysis.exports.measurement import chosen, exported

    form = FORMATS[format_]
    if form.has_one_direction:
        metrics, better = metrics or "exact", better or "smaller"
    found = exported(saved, with_invalid=invalid)
    _complain(found, folder, invalid)
    kept = chosen(
        found.measurements,
        None if metrics is None else KINDS[metrics],
        None if better is None else DIRECTIONS[better],
    )
    if not kept:
        kind = "metric" if metrics is None else f"{metrics} metric"
        warn(f"run {folder} has no {kind}" + ("" if better is None else f" where {better} is better"))
    data = form.write(replace(found, measurements=kept))
    if output is None:
        typer.echo(data, nl=False)
        return
    from wiretax.runs.folder import write_whole

    try:
        write_whole(output, lambda path: path.write_bytes(data))
    except OSError as error:
        fail(f"{output} can't be written ({error.strerror})", Exit.USAGE)


def _complain(found: Export, folder: Path, invalid: bool) -> None:
    """Refuse an invalid run, unless it is asked for; name the workloads that are left out."""
    if found.invalid_because and not invalid:
        fail(
            f"run {folder} is invalid, so nothing was exported (--invalid exports it): {found.invalid_because[0]}",
            Exit.INVALID,
        )
    for name, why in found.left_out.items():
        warn(f"{name} is left out: {why}")
