"""Reading a run that was saved, on any machine, at any time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyarrow.parquet as pq

from wiretax.runs.schema import SCHEMA
from wiretax.runs.writer import RUN_FILE


class RunNotFoundError(LookupError):
    """A run that isn't there or can't be read: one line that says what was looked for."""


@dataclass(frozen=True, slots=True)
class Run:
    """A saved run.

    Attributes:
        folder: where it lies.
        meta: ``run.json``.
        slices: a row a workload, round and worker.
        latency: a row a workload, round and bucket.
        failures: a row a workload and kind of failure.
        server: the mock's ledger, where there was one.
    """

    folder: Path
    meta: dict[str, Any]
    slices: pd.DataFrame
    latency: pd.DataFrame
    failures: pd.DataFrame
    server: dict[str, Any] | None


def find_run(results: Path, given: str | None = None) -> Path:
    """The folder of a run: by path, by name under ``results``, or the newest one.

    Raises:
        RunNotFoundError: where there is none.
    """
    if given is not None:
        for folder in (Path(given), results / given):
            if (folder / RUN_FILE).is_file():
                return folder
        raise RunNotFoundError(
            f"no run {given!r}: neither a folder with a {RUN_FILE} nor the name of one in {results}"
        )
    runs = newest_first(results)
    if not runs:
        raise RunNotFoundError(f"no run in {results}; make one with: wiretax run")
    return runs[0]


def newest_first(results: Path) -> list[Path]:
    """The folders of all runs under ``results`` that say when they started."""
    started = {file.parent: _started(file) for file in results.glob(f"*/{RUN_FILE}")}
    runs = [folder for folder, when in started.items() if when]
    return sorted(runs, key=lambda folder: (started[folder], folder.name), reverse=True)


def _started(file: Path) -> str:
    """When a run started, by its ``run.json``; empty where that can't be read."""
    try:
        return str(orjson.loads(file.read_bytes())["started"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return ""


def read_run(folder: Path) -> Run:
    """Read all files of a run.

    Raises:
        RunNotFoundError: where it is incomplete or of a schema this version does not know.
    """
    try:
        meta = orjson.loads((folder / RUN_FILE).read_bytes())
        if meta["schema"] != SCHEMA:
            raise RunNotFoundError(
                f"run {folder}: schema {meta['schema']}, expected {SCHEMA}; use the version it names"
            )
        server = folder / "server.json"
        return Run(
            folder=folder,
            meta=meta,
            slices=_frame(folder, "slices"),
            latency=_frame(folder, "latency"),
            failures=_frame(folder, "failures"),
            server=orjson.loads(server.read_bytes()) if server.is_file() else None,
        )
    except (OSError, orjson.JSONDecodeError, KeyError) as error:
        raise RunNotFoundError(f"run {folder}: can't be read ({error})") from None


def _frame(folder: Path, name: str) -> pd.DataFrame:
    frame: pd.DataFrame = pq.read_table(folder / f"{name}.parquet").to_pandas()
    return frame
