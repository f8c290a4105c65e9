"""``wiretax report``: a run's HTML report, and warnings about the run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wiretax.commands.options import RESULTS, ResultsOption, RunArgument
from wiretax.terminal import Exit, err, fail, out, warn


def report(
    run: RunArgument = None,
    results: ResultsOption = RESULTS,
    notebooks: Annotated[
        Path | None,
        typer.Option(help="Folder with your own report.ipynb and stories 01-NAME.ipynb, 02-NAME.ipynb, ..."),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a web browser.")] = False,
) -> None:
    """Write a run's HTML report: RUN/report/index.html, with its figures."""
    from wiretax.commands.chosen_run import chosen_run
    from wiretax.report.errors import KernelError, MissingNotebooksError, NotebookError
    from wiretax.report.report import make_report
    from wiretax.runs.folder import ResultsError
    from wiretax.runs.reader import RunNotFoundError, salvage_run

    try:
        saved = salvage_run(chosen_run(results, run))
        made = make_report(saved, err, notebooks)
    except (RunNotFoundError, MissingNotebooksError, NotebookError, ResultsError) as error:
        fail(str(error), Exit.USAGE)
    except KernelError as error:
        fail(str(error), Exit.INTERNAL)
    except KeyboardInterrupt:
        fail("interrupted; no report was written", Exit.INTERRUPTED)
    for failure in made.failures:
        warn(f"this part failed: {failure}")
    for doubt in saved.doubts:
        warn(doubt)
    url = made.page.resolve().as_uri()
    out.print(f"{made.page}  {url}", soft_wrap=True, markup=False)
    if open_:
        import webbrowser

        if not webbrowser.open(url):
            warn("no web browser was found; open the address above, or name one in BROWSER")
    if saved.doubts:
        raise typer.Exit(Exit.INVALID)
    if made.failures:
        raise typer.Exit(Exit.INTERNAL)
