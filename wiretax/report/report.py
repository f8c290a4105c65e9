"""Makes RUN/report/ of a run: the page, its figures and their data."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from wiretax.report.errors import MissingNotebooksError
from wiretax.report.folder import replacing, writable
from wiretax.report.progress import report_progress
from wiretax.report.titles import title_of
from wiretax.runs.reader import Run
from wiretax.shipped import install_command, shipped

if TYPE_CHECKING:
    from wiretax.report.page import Page

NOTEBOOKS = shipped("notebooks")
FOLDER = "report"
PAGE = "index.html"
FIGURES = "figures"
# Import names of the packages in the optional dependencies "notebooks".
NEEDED = ("ipykernel", "matplotlib", "nbclient", "nbconvert", "nbformat", "papermill")


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written.

    Attributes:
        page: the path of its index.html.
        failures: a sentence for each part that could not be made; the page shows it as well.
    """

    page: Path
    failures: tuple[str, ...]


def make_report(run: Run, console: Console, notebooks: Path | None = None) -> Report:
    """Write a run's report: ``report/index.html``, and ``report/figures/NAME.svg``, ``.png`` and ``.csv``.

    Args:
        run: a run, damaged or not (``wiretax.runs.reader.salvage_run``).
        console: shows the progress.
        notebooks: the folder of the frame and the stories; wiretax's own by default.

    Raises:
        MissingNotebooksError: if packages of the extra "notebooks" are not installed.
        NotebookError: if the notebooks can't be read.
        KernelError: if the kernel did not start, or died. An older report stays.
        ResultsError: if the run's folder can't be written. An older report stays.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise MissingNotebooksError(f"a report needs {', '.join(missing)}; run: {install_command('notebooks')}")
    # These imports are optional and slow, so each comes right before its use.
    from analysis.measures.rate_stages import stages_of
    from wiretax.report.story import assemble

    measured, queued = not run.slices.empty, not run.queue.empty
    staged = bool(stages_of(run))
    # The title of other notebooks is theirs.
    title = "" if notebooks else title_of(run)
    notebook = assemble(notebooks or NOTEBOOKS, measured, queued, staged, title)
    progress = report_progress(console)
    try:
        with replacing(run.folder / FOLDER) as folder:
            progress.step("start", 0)
            from wiretax.report.kernel import execute
            from wiretax.report.page import render_page
            from wiretax.report.pruning import pruned

            done, failures = execute(notebook, run.folder, progress)
            progress.step("page", 0.99)
            page = render_page(pruned(done), f"{run.folder.name} - wiretax", len(failures))
            with writable(run.folder / FOLDER):
                _write(folder, page)
    finally:
        progress.close()
    return Report(run.folder / FOLDER / PAGE, tuple(failures))


def _write(folder: Path, page: Page) -> None:
    # A folder's name may not be UTF-8.
    (folder / PAGE).write_bytes(page.html.encode("utf-8", "backslashreplace"))
    figures = folder / FIGURES
    for figure in page.figures:
        figures.mkdir(exist_ok=True)
        if figure.svg:
            (figures / f"{figure.name}.svg").write_text(figure.svg, encoding="utf-8")
        if figure.png:
            (figures / f"{figure.name}.png").write_bytes(figure.png)
        if figure.csv:
            (figures / f"{figure.name}.csv").write_text(figure.csv, encoding="utf-8")
