"""``wiretax runs rm``: old runs removed, with a reason for each that stays."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wiretax.commands.options import RESULTS, ResultsOption, read_option
from wiretax.terminal import Exit, OptionError, err, fail, out, warn

if TYPE_CHECKING:
    from wiretax.runs.catalogue.removal import Kept, Old

UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
DAY_S = 86_400.0


def remove_old(
    older_than: Annotated[
        str | None, typer.Option(help="Remove only runs that started longer ago than this, like 30d, 12h or 8w.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=0, help="Keep this many of the newest runs, however old they are.")
    ] = None,
    labelled: Annotated[
        bool, typer.Option("--labelled", help="Remove runs with labels, too. Default: they are kept.")
    ] = False,
    gates: Annotated[
        list[Path] | None,
        typer.Option(
            help="Gates file whose baselines are kept (repeatable). TOML files in this folder and in that of "
            "--results are read anyway."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be removed, and kept.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    results: ResultsOption = RESULTS,
) -> None:
    """Remove old runs: never a run that a gates file names as its baseline, nor one with a label."""
    from wiretax.runs.catalogue.named_by_gates import gates_files, named_runs
    from wiretax.runs.catalogue.removal import Rules, choose
    from wiretax.units.age import parse_age

    if older_than is None and keep is None:
        fail("which runs are old? Give --older-than 30d, --keep 20, or both", Exit.USAGE)
    try:
        older_than_s = None if older_than is None else read_option("--older-than", older_than, parse_age)
    except OptionError as error:
        fail(str(error), Exit.USAGE)
    here = [Path(), *([] if results.parent == Path() else [results.parent])]
    try:
        named = named_runs([*(gates or []), *gates_files(here)])
    except OSError as error:
        fail(
            f"{error.filename}: can't be read ({error.strerror}), so nobody knows which runs it names; "
            "nothing was removed",
            Exit.USAGE,
        )
    try:
        old, kept = choose(results, Rules(older_than_s, keep or 0, labelled), named, datetime.now(UTC))
    except OSError as error:
        fail(f"results folder {results}: {error.strerror or error}", Exit.USAGE)
    asks = not yes and not dry_run
    if old and asks:
        _agree(old)
    failed = _remove(old, kept, dry_run)
    _print_kept(kept)
    if failed:
        raise typer.Exit(Exit.USAGE)


def _agree(old: Sequence[Old]) -> None:
    """Ask on a terminal; elsewhere ``--yes`` has to be given."""
    what = f"{_runs(len(old))} ({_size(sum(each.size for each in old))})"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        fail(f"{what} would be removed; add --yes to remove them, or --dry-run to list them", Exit.USAGE)
    for each in old:
        err.print(f"remove  {_line(each)}", soft_wrap=True, markup=False)
    try:
        agreed = typer.confirm(f"Remove {what}?", err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        fail("nothing was removed", Exit.USAGE)


def _remove(old: Sequence[Old], kept: list[Kept], dry_run: bool) -> bool:
    """Remove runs and name each, or only name them; whether one could not be removed."""
    from wiretax.runs.catalogue.removal import Kept, remove

    gone: list[Old] = []
    failed = False
    try:
        for each in old:
            try:
                why = "" if dry_run else remove(each)
            except OSError as error:
                why, failed = f"it can't be removed ({error.strerror})", True
                warn(f"{each.run.folder}: {why}")
            if why:
                kept.append(Kept(each.run.folder, why))
                continue
            gone.append(each)
            out.print(f"{'would remove' if dry_run else 'removed'}  {_line(each)}", soft_wrap=True, markup=False)
    except KeyboardInterrupt:
        fail(f"interrupted; {_runs(len(gone))} of {len(old):,} removed", Exit.INTERRUPTED)
    total = _size(sum(each.size for each in gone))
    verb = "would be removed" if dry_run else "removed"
    out.print(f"{_runs(len(gone))} {verb}, {total}" if gone else f"no run {verb}", soft_wrap=True, markup=False)
    return failed


def _print_kept(kept: Sequence[Kept]) -> None:
    """Each folder that stays although it is old, or that is no run; of the others, how many there are."""
    for each in kept:
        if not each.is_recent:
            out.print(f"kept  {each.folder}: {each.why}", soft_wrap=True, markup=False)
    for why, number in Counter(each.why for each in kept if each.is_recent).items():
        out.print(f"kept  {_runs(number)}: {why}", soft_wrap=True, markup=False)


def _line(each: Old) -> str:
    return f"{each.run.folder}  {each.age_s / DAY_S:,.1f} days old, {_size(each.size)}"


def _runs(number: int) -> str:
    return f"{number:,} run{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    for unit, factor in UNITS:
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
