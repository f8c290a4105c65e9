"""Standard output and error of a process whose work goes on when nobody reads them any more.

A reader leaves (``| head -1``), a disk is full (``> /dev/full``), a terminal is closed, or the stream was never
open (``>&-``). Python would raise an error at the next line that is printed, and once more at its end.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class LastingFile(FileIO):
    """A file that becomes ``/dev/null`` when it can't be written any more."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            _discard(self.fileno())
            return super().write(data)


def outlast_readers() -> None:
    """Have this process go on if its standard output or error is closed, full or was never open."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # else the next file that is opened would be taken for it
            _discard(number)
    # Streams that were replaced by whoever called this are theirs.
    if sys.stdout is sys.__stdout__:
        sys.stdout = sys.__stdout__ = _lasting(sys.stdout, 1)  # type: ignore[misc, assignment]
    if sys.stderr is sys.__stderr__:
        sys.stderr = sys.__stderr__ = _lasting(sys.stderr, 2)  # type: ignore[misc, assignment]


def _lasting(stream: TextIO | None, number: int) -> TextIO:
    buffer = BufferedWriter(LastingFile(number, "w", closefd=False))
    if not isinstance(stream, TextIOWrapper):
        return TextIOWrapper(buffer, "utf-8", "backslashreplace", line_buffering=True)
    with suppress(OSError):
        stream.flush()
    return TextIOWrapper(buffer, stream.encoding, stream.errors, line_buffering=stream.line_buffering)


def _discard(number: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)
