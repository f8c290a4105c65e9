"""Reading a run that was saved, on any machine, at any time."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from wiretax.documents import MOST_JSON, parse_json, read_regular
from wiretax.runs.catalogue.find import find_run
from wiretax.runs.catalogue.folders import newest_first, run_folders
from wiretax.runs.files.content_seal import break_seal
from wiretax.runs.files.frames import SCHEMAS, DamageError, read_histograms, read_table, to_frame
from wiretax.runs.files.histograms import Histograms
from wiretax.runs.files.plausible import contradictions, strangers
from wiretax.runs.files.run_json import RunNotFoundError, read_run_json
from wiretax.runs.files.schema import CAPACITY_FRAMES, DELIVERY_FRAMES, FRAMES, QUEUE_FRAMES, SERIES_FRAMES
from wiretax.runs.files.seal import ledger_differences
from wiretax.runs.folder import SERVER_FILE
from wiretax.runs.record import RunRecord
from wiretax.runs.run import Run, empty_frame
from wiretax.runs.run_tables import RunTables
from wiretax.runs.writer import all_tables

if TYPE_CHECKING:
    pass

__all__ = [
    "Run",
    "RunNotFoundError",
    "as_read",
    "find_run",
    "newest_first",
    "read_meta",
    "read_run",
    "run_folders",
    "salvage_run",
]


# Frames that are read in batches.
HISTOGRAMS = ("latency", "waits", "delivery_times")


def read_run(folder: Path, only: Collection[str] | None = None) -> Run:
    """Read the files of a run.

    Args:
        folder: the run's folder.
        only: the names of the frames to read; others come empty. None for all.

    Raises:
        RunNotFoundError: if one is missing, can't be read or lacks columns, or has a schema that this version does
            not know.
    """
    run = salvage_run(folder, only)
    if run.damage:
        raise RunNotFoundError(f"run {folder}: {'; '.join(run.damage)}")
    return run


def salvage_run(folder: Path, only: Collection[str] | None = None) -> Run:
    """Read what can be read of a run: a damaged file comes empty, with a sentence in ``damage``.

    Args:
        folder: the run's folder.
        only: the names of the frames to read; others come empty. None for all.

    Raises:
        RunNotFoundError: if not even ``run.json`` can be read, or if it has another schema.
    """
    meta, seals, changed = break_seal(read_run_json(folder))
    seals = None if changed else seals
    damage = [changed] if changed else []
    found: dict[str, pa.Table] = {}
    together = [
        name
        for frames in (QUEUE_FRAMES, DELIVERY_FRAMES)
        if any(os.path.lexists(folder / f"{each}.parquet") for each in frames)
        for name in frames
    ]
    histograms: dict[str, Histograms] = {}
    for name in SCHEMAS if only is None else only:
        file = folder / f"{name}.parquet"
        needed = name in FRAMES or name in together or file.name in (seals or {})
        if needed or (name in (*CAPACITY_FRAMES, *SERIES_FRAMES) and os.path.lexists(file)):
            try:
                seal = _seal(file.name, seals)
                if name in HISTOGRAMS:
                    histograms[name] = read_histograms(file, seal)
                else:
                    found[name] = read_table(file, seal)
            except DamageError as error:
                damage.append(str(error))
    # A run.json that was changed can't tell which other file is wrong.
    said = [] if changed else contradictions(meta, found, histograms.get("latency"))
    for name, contradiction in [*said, *strangers(found, histograms)]:
        damage.append(contradiction)
        found.pop(name, None)
        histograms.pop(name, None)
    server = _server(folder / SERVER_FILE, seals, damage)
    missing = {name: SCHEMAS[name].empty_table() for name in FRAMES}
    frames = {name: to_frame(name, table) for name, table in {**missing, **found}.items()}
    parts: dict[str, Any] = {**frames, **histograms}
    return _run(folder, meta, _apart(parts), server, tuple(damage))


def _run(
    folder: Path,
    meta: dict[str, Any],
    frames: dict[str, Any],
    server: dict[str, Any] | None,
    damage: tuple[str, ...] = (),
) -> Run:
    none = empty_frame()
    return Run(
        folder,
        meta,
        frames["slices"],
        frames["latency"],
        frames["failures"],
        server,
        damage,
        queued=frames.get("queued", none),
        queue=frames.get("queue", none),
        waits=frames.get("waits", none),
        capacity=frames.get("capacity", none),
        series=frames.get("series", none),
        delivery=frames.get("delivery", none),
        delivery_times=frames.get("delivery_times", none),
    )


def _apart(frames: dict[str, Any]) -> dict[str, Any]:
    """Separate queues from workloads that are sent as fast as they are answered: their rates and latencies do not
    compare."""
    slices, latency = frames["slices"], frames["latency"]
    if "rate" not in slices or not (slices["rate"] > 0).any():
        return frames
    queued = slices["rate"] > 0
    names = slices[queued]["workload"].unique()
    return {
        **frames,
        "slices": slices[~queued].reset_index(drop=True),
        "latency": latency.leave_out(names)
        if isinstance(latency, Histograms)
        else latency[~latency["workload"].isin(names)].reset_index(drop=True),
        "queued": slices[queued].reset_index(drop=True),
    }


def read_meta(folder: Path) -> dict[str, Any]:
    """The ``run.json`` of a run.

    Raises:
        RunNotFoundError: if it can't be read, has a schema that this version does not know, or is damaged.
    """
    meta, _, changed = break_seal(read_run_json(folder))
    if changed:
        raise RunNotFoundError(f"run {folder}: {changed}")
    return meta


def read_tables(folder: Path) -> RunTables:
    """A run as its files have it.

    Raises:
        RunNotFoundError: if a file is missing or damaged.
    """
    meta, seals, changed = break_seal(read_run_json(folder))
    damage = [changed] if changed else []
    found: dict[str, pa.Table] = {}
    for name in SCHEMAS:
        file = folder / f"{name}.parquet"
        if name in FRAMES or os.path.lexists(file):
            try:
                found[name] = read_table(file, _seal(file.name, seals))
            except DamageError as error:
                damage.append(str(error))
    server = _server(folder / SERVER_FILE, seals, damage)
    if damage:
        raise RunNotFoundError(f"run {folder}: {'; '.join(damage)}")
    return RunTables(meta, found, server)


def as_read(record: RunRecord | RunTables, folder: Path, meta: dict[str, Any], is_saved: bool = True) -> Run:
    """A run before it is written, as it would be read back from a folder with this ``run.json``."""
    # pyarrow's threads would disturb the measurement.
    made = record.tables if isinstance(record, RunTables) else all_tables(record)
    frames = {name: table.to_pandas(use_threads=False) for name, table in made.items()}
    run = _run(folder, meta, _apart(frames), record.server)
    return run if is_saved else replace(run, is_saved=False)


def _seal(name: str, seals: dict[str, Any] | None) -> dict[str, Any] | None:
    """The seal of a file.

    Raises:
        DamageError: if the run records seals, but none of this file.
    """
    if seals is None:
        return None
    if name not in seals:
        raise DamageError(f"{name} is not among the files that run.json records")
    seal: dict[str, Any] = seals[name]
    return seal


def _server(file: Path, seals: dict[str, Any] | None, damage: list[str]) -> dict[str, Any] | None:
    """The mock's ledger; a run against an endpoint has none, which is not damage."""
    if not os.path.lexists(file) and file.name not in (seals or {}):
        return None
    try:
        seal = _seal(file.name, seals)
        data = read_regular(file, MOST_JSON)
        ledger = parse_json(data)
        if not isinstance(ledger, dict):
            raise DamageError(f"{file.name} can't be read: expected an object")
        for sentence in ledger_differences(file.name, seal, data, ledger) if seal else ():
            raise DamageError(sentence)
    except DamageError as error:
        damage.append(str(error))
    except FileNotFoundError:
        damage.append(f"{file.name} is missing")
    except OSError as error:
        damage.append(f"{file.name} can't be read ({error.strerror})")
    else:
        return ledger
    return None
