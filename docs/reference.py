"""The reference runs in results/reference/, from which the docs are generated: reading and recording them.

Other processes lower the rates of a run and widen its intervals. A run that shared its processors with other
work is therefore neither recorded nor used.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.text.numbers import percent
from wiretax.runs.files.frames import SCHEMAS
from wiretax.runs.folder import RUN_FILE
from wiretax.runs.reader import Run, RunNotFoundError, find_run, read_run

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
REFERENCE = RESULTS / "reference"
# Share of all cores used by processes other than wiretax and its mock.
MAX_OTHERS_SHARE = 0.1
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
FILES = (RUN_FILE, "server.json", *(f"{name}.parquet" for name in SCHEMAS))


class NotReferenceError(ValueError):
    """A run that can't be a reference: one line with the reason and the remedy."""


def reference(name: str) -> Run:
    """A reference run by name."""
    return read_run(REFERENCE / name)


def references() -> list[Run]:
    """All reference runs, sorted by name."""
    return [read_run(file.parent) for file in sorted(REFERENCE.glob(f"*/{RUN_FILE}"))]


def disqualifications(meta: dict[str, Any]) -> Iterator[str]:
    """Reasons why a run with this ``run.json`` can't be a reference; empty for a valid run on a quiet machine."""
    if not meta.get("valid"):
        yield "it is invalid"
    if meta.get("interrupted"):
        yield "it was interrupted"
    others, cores = _others(meta.get("busy", {})), meta.get("environment", {}).get("cores")
    if others is None or not cores:
        yield "it does not record how much of the machine other processes used; runs against a local server do"
    elif others > MAX_OTHERS_SHARE * cores:
        yield (
            f"other processes used {percent(others / cores)} of the machine ({others:.2g} of {cores} cores), "
            f"expected at most {percent(MAX_OTHERS_SHARE, 0)}; stop them and measure again"
        )


def _others(busy: dict[str, float | None]) -> float | None:
    """Cores that other processes used.

    A run against a local server other than the mock records the use of the machine and of that server instead.
    """
    machine, server = busy.get("machine"), busy.get("server")
    if machine is None or server is None:
        return busy.get("others")
    return max(0.0, machine - server - (busy.get("generator") or 0.0) - (busy.get("mock") or 0.0))


def require_quiet(runs: list[Run]) -> None:
    """Check that every run can be a reference.

    Raises:
        NotReferenceError: one line for each run that can't.
    """
    lines = [f"{run.folder.name}: {'; '.join(why)}" for run in runs if (why := [*disqualifications(run.meta)])]
    if lines:
        raise NotReferenceError("\n".join(lines))


def record(given: str, name: str) -> Path:
    """Copy a run to results/reference/NAME, without its reports and verdicts, replacing an earlier one.

    Args:
        given: the run's folder, or its name under results/.
        name: the name of the reference.

    Raises:
        NotReferenceError: if the run or the name can't be used.
    """
    if not NAME.fullmatch(name):
        raise NotReferenceError(f"name {name!r}: expected lower-case letters, digits and '-'")
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
