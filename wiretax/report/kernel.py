"""Executing a report's notebook: one kernel, one pass, and a sentence where a cell failed."""

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
from tempfile import TemporaryDirectory
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
from wiretax.report.progress import Reporter

KERNEL = "python3"
CELL_TIMEOUT_S = 60
START_TIMEOUT_S = 60
# Of the 104 bytes macOS allows, less the number Jupyter adds.
LONGEST_SOCKET_NAME = 98
# Not the user's kernels, configuration or history: a report is the same everywhere, and home may be read-only.
HOMES = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
# It holds a secret, and no notebook needs it.
HIDDEN = ("PUSHER_URL",)

# What a kernel says outside its cells is of Jupyter's own making, and of no use to who reads a report.
QUIETLY = {} if os.environ.get("WIRETAX_DEBUG") else {"stdout": DEVNULL, "stderr": DEVNULL}


class ReportEngine(Engine):  # type: ignore[misc]
    """Papermill's engine for a report: goes on where a cell fails, and tells a reporter of each cell."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, progress: Reporter, failures: list[str], **_: Any
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
            client.execute(**QUIETLY)
        except asyncio.CancelledError:
            # While the kernel starts nbclient's own handler ends it.
            raise KeyboardInterrupt from None
        except DeadKernelError:
            # What a cell that is cancelled looks like to nbclient.
            if stopped.is_set():
                raise KeyboardInterrupt from None
            raise
        failures += [said for cell in cells if cell.cell_type == "code" for said in _say_failures(cell)]


papermill_engines.register("wiretax", ReportEngine)


def execute(notebook: NotebookNode, run: Path, progress: Reporter) -> tuple[NotebookNode, list[str]]:
    """Execute a notebook about a run.

    Args:
        notebook: of ``wiretax.report.story.assemble``.
        run: the run's folder, which the notebook gets as its parameter ``RUN``.
        progress: told of each cell.

    Returns:
        The notebook with its outputs, and a sentence for each cell that failed, which stands in its place, too.

    Raises:
        KernelError: where the kernel did not start, or died.
        KeyboardInterrupt: where SIGINT or SIGTERM came.
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
            raise KernelError(
                f"the notebooks' kernel did not live to the end ({error}); no report was written"
            ) from None
    return done, failures


def _stop_on_signals(stopped: Event) -> None:
    """Let SIGINT and SIGTERM end the execution; nbclient's own handler ends the kernel and stumbles over that."""
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        stopped.set()
        task.cancel()

    with suppress(NotImplementedError, RuntimeError):
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)


def _connection() -> Config:
    """Sockets of the file system, which no other user can read; a port where the name of one would be too long."""
    name = os.environ["JUPYTER_RUNTIME_DIR"] + "/k"
    if sys.platform == "win32" or len(os.fsencode(name)) > LONGEST_SOCKET_NAME:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": name}})


def _part(cell: NotebookNode) -> str:
    return str(cell.metadata.get("wiretax", {}).get("part", "summary"))


def _say_failures(cell: NotebookNode) -> Iterator[str]:
    """Put a sentence in the place of each traceback of a cell."""
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
    """A folder for what Jupyter writes, which is gone afterwards."""
    with TemporaryDirectory(prefix="wiretax-report-", ignore_cleanup_errors=True) as folder:
        changed = dict.fromkeys(HOMES, folder)
        before = {name: os.environ.get(name) for name in (*changed, *HIDDEN)}
        os.environ.update(changed)
        for name in HIDDEN:
            os.environ.pop(name, None)
        try:
            yield Path(folder)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
