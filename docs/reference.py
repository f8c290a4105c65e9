"""The runs in results/reference/, by which the docs are made: which may be one, and how it is kept.

A run that shared its processors with other work has lower rates, longer latencies and wider intervals for it. So
it is not recorded, and nothing is made of one that was.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.text.labels import share
from wiretax.runs.reader import Run, RunNotFoundError, find_run, read_run
from wiretax.runs.schema import FRAMES, QUEUE_FRAMES
from wiretax.runs.writer import RUN_FILE

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
REFERENCE = RESULTS / "reference"
# Of all cores, by processes that are neither wiretax nor its mock.
MOST_BY_OTHERS = 0.1
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
FILES = (RUN_FILE, "server.json", *(f"{name}.parquet" for name in (*FRAMES, *QUEUE_FRAMES)))


class NotReferenceError(ValueError):
    """A run that can't be a reference: one line that says why and what to do."""


def reference(name: str) -> Run:
    """A committed run."""
    return read_run(REFERENCE / name)


def references() -> list[Run]:
    """All committed runs, by name."""
    return [read_run(file.parent) for file in sorted(REFERENCE.glob(f"*/{RUN_FILE}"))]


def objections(meta: dict[str, Any]) -> Iterator[str]:
    """Why a run with this ``run.json`` is no reference, a reason each; none for a sound run on a quiet machine."""
    if not meta.get("valid"):
        yield "it is invalid"
    if meta.get("interrupted"):
        yield "it was interrupted"
    others, cores = meta.get("busy", {}).get("others"), meta.get("environment", {}).get("cores")
    if others is None or not cores:
        yield "it does not say how much of the machine other processes used; a run with the embedded mock does"
    elif others > MOST_BY_OTHERS * cores:
        yield (
            f"other processes used {share(others / cores)} of the machine ({others:.2g} of {cores} cores), "
            f"at most {share(MOST_BY_OTHERS, 0)} may; stop them and measure again"
        )


def require_quiet(runs: list[Run]) -> None:
    """Refuse to make anything of runs that are no references.

    Raises:
        NotReferenceError: naming each of them, a line each.
    """
    said = [f"{run.folder.name}: {'; '.join(reasons)}" for run in runs if (reasons := [*objections(run.meta)])]
    if said:
        raise NotReferenceError("\n".join(said))


def record(given: str, name: str) -> Path:
    """Keep a run as a reference, in place of one of that name; its reports and verdicts are left out.

    Args:
        given: its folder, or its name under results/.
        name: what it is called there.

    Raises:
        NotReferenceError: where it can't be one.
    """
    if not NAME.fullmatch(name):
        raise NotReferenceError(f"name {name!r}: expected small letters, digits and '-'")
    try:
        run = read_run(find_run(RESULTS, given))
    except RunNotFoundError as error:
        raise NotReferenceError(str(error)) from None
    require_quiet([run])
    folder, partial = REFERENCE / name, REFERENCE / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for file in FILES:
        if (run.folder / file).exists():
            shutil.copyfile(run.folder / file, partial / file)
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    return folder
