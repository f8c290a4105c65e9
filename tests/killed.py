"""A process that SIGKILLs itself at a step in the file system: at each of them in turn, or at a file by its name.

A step is a file that is opened for writing, written half and written whole, or a folder or a name that is made,
changed or removed, below the current folder.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Holds the number of a step, or a part of a path.
KILLED_AT = "KILLED_AT"
CHANGES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink"}


def kill_at(where: str) -> None:
    """From now on the process kills itself before the step with this number, from 0, or the first at this path."""
    number = int(where) if where.isdigit() else None
    home = str(Path.cwd())
    taken = 0

    def step(path: str) -> None:
        nonlocal taken
        if not os.path.abspath(path).startswith(home):  # noqa: PTH100  # also of paths that are not there
            return
        if taken == number or (number is None and where in path):
            os.kill(os.getpid(), signal.SIGKILL)
        taken += 1

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event not in CHANGES or not isinstance(args[0], (str, bytes, os.PathLike)):
            return
        if event != "open" or (isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            step(os.fsdecode(args[0]))

    sys.addaudithook(hook)
    io.open = _written_in_halves(io.open, step)


def _written_in_halves(real: Callable[..., Any], step: Callable[[str], None]) -> Callable[..., Any]:
    class Halves(io.FileIO):
        def __init__(self, path: Any, mode: str) -> None:
            super().__init__(path, mode)
            self._path = os.fsdecode(path)
            self._is_begun = False

        def write(self, data: Any, /) -> int:
            step(self._path)
            if not self._is_begun and len(data) > 1:
                self._is_begun = True
                return super().write(memoryview(data)[: len(data) // 2])
            return super().write(data)

    def opened(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if "w" not in mode or isinstance(file, int):
            return real(file, mode, *args, **options)
        raw = io.BufferedWriter(Halves(file, mode.replace("b", "").replace("t", "")))
        return raw if "b" in mode else io.TextIOWrapper(raw, encoding=options.get("encoding"))

    return opened
