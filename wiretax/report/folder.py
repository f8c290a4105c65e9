"""Replaces RUN/report/ by a new folder once that is complete, and removes what killed reports left behind."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from wiretax.runs.folder import ResultsError
from wiretax.runs.held import is_held, temporary_folder

# What was there before, while the new folder takes its place.
BEFORE = ".old"
# How mkdtemp ends the names of the folders that it makes, and what may follow.
MADE = re.compile(rf"[a-z0-9_]{{8}}(?:{re.escape(BEFORE)})?")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new folder that replaces ``target`` at the end, unless an error is raised.

    Those of killed processes are removed, and a ``target`` that one of them had just moved away is put back.

    Raises:
        ResultsError: if the folder can't be made (raised before the body runs) or can't replace ``target``.
    """
    prefix = f".{target.name}."

    def remove(left: Path) -> None:
        _remove_or_put_back(left, prefix, target)

    with ExitStack() as closing:
        with writable(target):
            made = closing.enter_context(temporary_folder(prefix, target.parent, remove))
        yield made
        with writable(target):
            made.chmod(0o777 & ~_umask())
            _swap(made, target)


@contextmanager
def writable(target: Path) -> Iterator[None]:
    """Raise ``ResultsError`` for an ``OSError``."""
    try:
        yield
    except OSError as error:
        raise ResultsError(
            f"{target}: can't be written ({error.strerror or error}); make the run's folder writable, or copy it"
        ) from None


def _remove_or_put_back(left: Path, prefix: str, target: Path) -> None:
    if not MADE.fullmatch(left.name.removeprefix(prefix)):
        return
    if left.suffix != BEFORE:
        shutil.rmtree(left)
    elif (writer := left.with_suffix("")).exists() and is_held(writer):
        return  # its process is about to replace it
    elif os.path.lexists(target):
        shutil.rmtree(left)
    else:
        left.rename(target)


def _swap(made: Path, target: Path) -> None:
    old = made.with_name(f"{made.name}{BEFORE}")
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
