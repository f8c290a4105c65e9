"""Folders that a process works in, held by a lock that ends with it: what a killed process left can be told from
what is in use, and a later command removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

# The descriptors of locks, by folder.
_locks: dict[Path, int] = {}


def make_held(make: Callable[[], Path]) -> Path:
    """Make a folder and hold it, until ``let_go`` or the end of this process.

    ``make`` is called again if another process took the new folder for a leftover before it was held. On a file
    system without locks nothing is held, and nothing is taken for a leftover.

    Raises:
        OSError: raised by ``make``.
    """
    while True:
        folder = make()
        try:
            lock = os.open(folder, os.O_RDONLY)
        except OSError:
            if folder.exists():  # it can't be read, and not be removed by others either
                return folder
            continue
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), folder.stat()):
                _locks[folder] = lock
                return folder
        os.close(lock)


def let_go(folder: Path) -> None:
    """Hold a folder no longer; nothing happens if it is not held."""
    lock = _locks.pop(folder, None)
    if lock is not None:
        os.close(lock)


def is_held(folder: Path) -> bool:
    """Whether a process holds a folder."""
    with _unheld(folder) as unheld:
        return not unheld


def remove_leftovers(parent: Path, pattern: str, remove: Callable[[Path], object] | None = None) -> None:
    """Remove the folders in ``parent`` that no process holds.

    Args:
        parent: the folder that they are in.
        pattern: of their names, as ``Path.glob`` reads it.
        remove: removes one, or a part of it; None to remove the whole folder.
    """
    for folder in sorted(parent.glob(pattern)):
        with _unheld(folder) as unheld, suppress(OSError):
            if not unheld:
                continue
            if remove is None:
                shutil.rmtree(folder)
            else:
                remove(folder)


def remove_unless_held(folder: Path) -> bool:
    """Remove a folder and all that is in it, unless a process holds it, or it is a link; whether it was removed.

    Raises:
        OSError: something in it can't be removed.
    """
    with _unheld(folder) as unheld:
        if unheld:
            shutil.rmtree(folder)
        return unheld


@contextmanager
def temporary_folder(
    prefix: str, parent: Path | None = None, remove: Callable[[Path], object] | None = None
) -> Iterator[Path]:
    """A new held folder, removed at the end; leftovers of killed processes are removed, too.

    Args:
        prefix: of its name.
        parent: the folder it is in; None for the system's.
        remove: removes a leftover; None to remove its whole folder.

    Raises:
        OSError: if it can't be made.
    """
    folder = make_held(lambda: Path(mkdtemp(prefix=prefix, dir=parent)))
    try:
        remove_leftovers(folder.parent, f"{prefix}*", remove)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        let_go(folder)


@contextmanager
def _unheld(folder: Path) -> Iterator[bool]:
    """Whether a folder is real and no process holds it. Within the context nobody else takes it."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(lock)
