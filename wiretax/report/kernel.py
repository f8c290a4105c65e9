"""Executes a report's notebook in one kernel; a cell that fails shows a sentence instead of a traceback."""

from __future__ import annotations

import asyncio
import html
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL
from threading import Event
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from papermill.engines import Engine, papermill_engines
from papermill.execute import execute_notebook
from traitlets.config import Config

from wiretax.report.errors import KernelError
from wiretax.report.progress import ReportProgress
from wiretax.runs.held import temporary_folder

KERNEL = "python3"
CELL_TIMEOUT_S = 60
START_TIMEOUT_S = 60
# macOS allows 104 bytes; Jupyter appends a number.
LONGEST_SOCKET_NAME = 98
# Replaced, so that the user's Jupyter configuration has no effect and the home folder may be read-only.
HOMES = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
# All that a kernel is given of the environment: any other variable may hold a secret, and no notebook needs one.
KEPT = {
    *("PATH", "HOME", "USER", "LOGNAME", "USERPROFILE", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TEMP", "TMP"),
    *("SYSTEMROOT", "WINDIR", "APPDATA", "LOCALAPPDATA", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"),
    *("VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LD_PRELOAD", "WIRETAX_DEBUG"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONUTF8", "PYTHONWARNINGS", "PYTHONHASHSEED", "PYTHONNOUSERSITE"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONIOENCODING", "COVERAGE_PROCESS_START"),
    *HOMES,
}
KEPT_GROUPS = ("LC_", "OMP_", "OPENBLAS_", "MKL_", "FONTCONFIG_")

# Jupyter's own messages are of no use to the readers of a report.
QUIETLY = {} if os.environ.get("WIRETAX_DEBUG") else {"stdout": DEVNULL, "stderr": DEVNULL}


class ReportEngine(Engine):  # type: ignore[misc]
    """Papermill's engine for a report: continues after a failed cell, and reports each cell."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, progress: ReportProgress, failures: list[str], **_: Any
    ) -> None:
        cells = nb_man.nb.cells
        stopped = Event()

        def started(cell: NotebookNode, cell_index: int) -> None:
            _stop_on_signals(stopped)
            progress.step(_part(cell), cell_index / len(cells))

        client = NotebookClient(
            nb_man.nb,
            kernel_name=kernel_name,
            startup_timeout=START_TIMEOUT_S,
            timeout=CELL_TIMEOUT_S,
            interrupt_on_timeout=True,
            allow_errors=True,
            on_cell_start=started,
            config=_connection(),
        )
        try:
            client.execute(env=kernel_environment(), **QUIETLY)
        except asyncio.CancelledError:
            # During the kernel's start, nbclient handles the signal itself.
            raise KeyboardInterrupt from None
        except DeadKernelError:
            # nbclient reports a cancelled cell as a dead kernel.
            if stopped.is_set():
                raise KeyboardInterrupt from None
            raise
        failures += [said for cell in cells if cell.cell_type == "code" for said in _say_failures(cell)]


papermill_engines.register("wiretax", ReportEngine)


def execute(notebook: NotebookNode, run: Path, progress: ReportProgress) -> tuple[NotebookNode, list[str]]:
    """Execute a notebook about a run.

    Args:
        notebook: the result of ``wiretax.report.story.assemble``.
        run: the run's folder, the notebook's parameter ``RUN``.
        progress: gets each cell.

    Returns:
        The notebook with its outputs, and a sentence for each cell that failed, which replaces its traceback.

    Raises:
        KernelError: if the kernel did not start, or died.
        KeyboardInterrupt: on SIGINT or SIGTERM.
    """
    failures: list[str] = []
    with _private_home() as home:
        try:
            done = execute_notebook(
                notebook,
                None,
                parameters={"RUN": str(run.resolve())},
                engine_name="wiretax",
                kernel_name=KERNEL,
                progress_bar=False,
                cwd=home,
                progress=progress,
                failures=failures,
            )
        except (DeadKernelError, CellControlSignal, RuntimeError) as error:
            raise KernelError(f"the notebooks' kernel died ({error}); no report was written") from None
    return done, failures


def kernel_environment() -> dict[str, str]:
    """The environment of the kernel: what Python, its libraries and Jupyter read, and nothing else."""
    return {
        name: value for name, value in os.environ.items() if name.upper() in KEPT or name.startswith(KEPT_GROUPS)
    }


def _stop_on_signals(stopped: Event) -> None:
    """Make SIGINT and SIGTERM cancel the execution, as nbclient's own handler fails after it ends the kernel."""
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        stopped.set()
        task.cancel()

    with suppress(NotImplementedError, RuntimeError):
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)


def _connection() -> Config:
    """Use Unix sockets, which other users can't read, or TCP ports if the socket's name would be too long."""
    name = os.environ["JUPYTER_RUNTIME_DIR"] + "/k"
    if sys.platform == "win32" or len(os.fsencode(name)) > LONGEST_SOCKET_NAME:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": name}})


def _part(cell: NotebookNode) -> str:
    return str(cell.metadata.get("wiretax", {}).get("part", "summary"))


def _say_failures(cell: NotebookNode) -> Iterator[str]:
    """Replace each traceback of a cell by a sentence."""
    for number, output in enumerate(cell.outputs):
        if output.output_type == "error":
            why = f"{output.ename}: {output.evalue}".removesuffix(": ")
            data = {
                "text/html": f'<p class="failed">This part could not be made: {html.escape(why)}</p>',
                "text/plain": f"This part could not be made: {why}",
            }
            cell.outputs[number] = nbformat.v4.new_output("display_data", data)
            yield f"{_part(cell)}: {why}"


@contextmanager
def _private_home() -> Iterator[Path]:
    """A temporary folder for Jupyter's files."""
    with temporary_folder("wiretax-kernel-") as folder:
        changed = dict.fromkeys(HOMES, str(folder))
        before = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        try:
            yield folder
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
