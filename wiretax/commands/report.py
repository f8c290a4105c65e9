"""``wiretax report``: a run's page made, and what is to be said of the run beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wiretax.terminal import Exit, err, fail, out


def report(
    run: Annotated[
        str | None, typer.Argument(help="A run's folder, or its name in --results; the newest if not given.")
    ] = None,
    results: Annotated[Path, typer.Option(help="The folder runs are kept in.")] = Path("results"),
    notebooks: Annotated[
        Path | None, typer.Option(help="A folder of your own: report.ipynb, and stories 01-NAME.ipynb and on.")
    ] = None,
) -> None:
    """Tell a run as one page with figures: RUN/report/index.html."""
    from wiretax.report.errors import KernelError, MissingNotebooksError, NotebookError
    from wiretax.report.report import make_report
    from wiretax.runs.reader import RunNotFoundError, find_run, salvage_run
    from wiretax.runs.writer import ResultsError

    try:
        saved = salvage_run(find_run(results, run))
        made = make_report(saved, err, notebooks)
    except (RunNotFoundError, MissingNotebooksError, NotebookError, ResultsError) as error:
        fail(str(error), Exit.USAGE)
    except KernelError as error:
        fail(str(error), Exit.INTERNAL)
    except KeyboardInterrupt:
        fail("interrupted; no report was written", Exit.INTERRUPTED)
    for failure in made.failures:
        err.print(f"wiretax: this part could not be made: {failure}", soft_wrap=True, markup=False)
    for doubt in saved.doubts:
        err.print(f"wiretax: {doubt}", soft_wrap=True, markup=False)
    out.print(f"{made.page}  {made.page.resolve().as_uri()}", soft_wrap=True, markup=False)
    if saved.doubts:
        raise typer.Exit(Exit.INVALID)
    if made.failures:
        raise typer.Exit(Exit.INTERNAL)
