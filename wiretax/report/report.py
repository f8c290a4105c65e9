"""Writes RUN/report/: the new folder replaces the old one once it is complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from rich.console import Console

from wiretax.report.errors import MissingNotebooksError
from wiretax.report.progress import report_progress
from wiretax.runs.folder import ResultsError
from wiretax.runs.held import let_go, make_held, remove_leftovers
from wiretax.runs.reader import Run
from wiretax.shipped import shipped

if TYPE_CHECKING:
    from wiretax.report.page import Page

NOTEBOOKS = shipped("notebooks")
FOLDER = "report"
PAGE = "index.html"
FIGURES = "figures"
# The end of the name of a report that is about to be replaced.
OLD = ".old"
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
    """Write a run's report: ``report/index.html`` and ``report/figures/NAME.svg`` and ``.png`` in its folder.

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
        raise MissingNotebooksError(f"a report needs {', '.join(missing)}; run: pip install 'wiretax[notebooks]'")
    # These imports are optional and slow, so each comes right before its use.
    from wiretax.report.story import assemble

    notebook = assemble(notebooks or NOTEBOOKS, measured=not run.slices.empty, queued=not run.queue.empty)
    progress = report_progress(console)
    try:
        with replacing(run.folder / FOLDER) as folder:
            progress.step("start", 0)
            from wiretax.report.kernel import execute
            from wiretax.report.page import render_page
            from wiretax.report.pruning import pruned

            done, failures = execute(notebook, run.folder, progress)
            progress.step("page", 0.99)
            _write(folder, render_page(pruned(done), f"{run.folder.name} - wiretax", len(failures)))
    finally:
        progress.close()
    return Report(run.folder / FOLDER / PAGE, tuple(failures))


def _write(folder: Path, page: Page) -> None:
    with _writable(folder):
        (folder / PAGE).write_text(page.html, encoding="utf-8")
        figures = folder / FIGURES
        for figure in page.figures:
            figures.mkdir(exist_ok=True)
            if figure.svg:
                (figures / f"{figure.name}.svg").write_text(figure.svg, encoding="utf-8")
            if figure.png:
                (figures / f"{figure.name}.png").write_bytes(figure.png)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new folder that replaces ``target`` at the end, unless an error is raised.

    Those of killed processes are removed, and a ``target`` that one of them had just moved away is put back.

    Raises:
        ResultsError: if the folder can't be made (raised before the body runs) or can't replace ``target``.
    """
    with _writable(target):
        made = make_held(lambda: Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent)))
    try:
        with _writable(target):
            remove_leftovers(target.parent, f".{target.name}.*", lambda left: _put_back_or_remove(left, target))
        yield made
        with _writable(target):
            made.chmod(0o777 & ~_umask())
            _swap(made, target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
        let_go(made)


@contextmanager
def _writable(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResultsError(
            f"{target}: can't be written ({error.strerror or error}); make the run's folder writable, or copy it"
        ) from None


def _put_back_or_remove(left: Path, target: Path) -> None:
    if left.name.endswith(OLD) and not os.path.lexists(target):
        left.rename(target)
    else:
        shutil.rmtree(left)


def _swap(made: Path, target: Path) -> None:
    old = made.with_name(f"{made.name}{OLD}")
    if target.exists() or target.is_symlink():
        target.rename(old)
    try:
        made.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
