"""``wiretax compare``: two saved runs side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from wiretax.commands.completion import complete_run
from wiretax.commands.options import RESULTS, JsonOption, ResultsOption
from wiretax.json_output import reserve_stdout
from wiretax.terminal import Exit, fail, out


def compare(
    before: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="The first run: its folder or name, a label (KEY=VALUE), a commit, newest or baseline.",
            autocompletion=complete_run,
        ),
    ],
    after: Annotated[
        str | None,
        typer.Argument(
            metavar="[B]",
            help="The second run. Default: the newest.",
            show_default=False,
            autocompletion=complete_run,
        ),
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    as_json: JsonOption = False,
    fail_on_difference: Annotated[
        bool,
        typer.Option(
            "--fail-on-difference", help="Exit with code 3 if bytes or workloads differ. Times never count."
        ),
    ] = False,
    results: ResultsOption = RESULTS,
) -> None:
    """Compare two saved runs: bytes exactly, with the cause of each difference; times if the runs compare."""
    from wiretax.commands.chosen_run import chosen_run
    from wiretax.runs.reader import RunNotFoundError, read_run

    if as_markdown and as_json:
        fail("--markdown and --json exclude each other; give one of them", Exit.USAGE)
    write = reserve_stdout() if as_json else None
    try:
        folders = [chosen_run(results, before), chosen_run(results, after)]
    except RunNotFoundError as error:
        fail(str(error), Exit.USAGE)
    try:
        runs = [read_run(folder) for folder in folders]
    except RunNotFoundError as error:
        fail(str(error), Exit.INVALID)
    from analysis.comparison.compare import compare as compare_runs

    comparison = compare_runs(*runs)
    if write is not None:
        from analysis.comparison.document import document

        write(document(comparison))
    elif as_markdown:
        from analysis.comparison.markdown import markdown

        typer.echo(markdown(comparison), nl=False)
    else:
        from analysis.comparison.terminal import print_comparison

        print_comparison(comparison, out)
    if not comparison.is_valid:
        raise typer.Exit(Exit.INVALID)
    if fail_on_difference and comparison.differs:
        raise typer.Exit(Exit.CHECK_FAILED)
