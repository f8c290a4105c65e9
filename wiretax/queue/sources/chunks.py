"""Reading a file or standard input in chunks, and cutting them into lines."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from gevent import socket as gevent_socket

STDIN = "-"
CHUNK_BYTES = 65_536
# Longer lines are not events: the service accepts 10 kB of data, a dedicated cluster somewhat more.
MAX_LINE_BYTES = 16 * 1024 * 1024


class EventsError(ValueError):
    """Events that can't be read at all."""


def open_events(path: str) -> int:
    """Open a file descriptor to read from; standard input for ``-``.

    Raises:
        EventsError: it can't be opened.
    """
    if path == STDIN:
        return os.dup(sys.stdin.fileno())
    try:
        if Path(path).is_dir():
            raise EventsError(f"{path}: a folder, expected a file of JSON Lines, or - for standard input")
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise EventsError(f"{path}: {error.strerror}; expected a file of JSON Lines, or -") from None


def is_file(descriptor: int) -> bool:
    """Whether a descriptor is a regular file, whose end is known, rather than a pipe or a terminal."""
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def chunks_of(descriptor: int) -> Iterator[bytes]:
    """Read to the end, chunk by chunk, and close the descriptor. Other greenlets run while a pipe is empty."""
    waits = not is_file(descriptor)
    try:
        while True:
            if waits:
                gevent_socket.wait_read(descriptor)
            chunk = os.read(descriptor, CHUNK_BYTES)
            if not chunk:
                return
            yield chunk
    finally:
        os.close(descriptor)


def split_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut chunks into lines, without their line ends.

    A line longer than ``MAX_LINE_BYTES`` is yielded once, cut off; the rest of it is skipped.
    """
    rest, skipping = b"", False
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if not skipping:
                yield line
            skipping = False
        if len(rest) > MAX_LINE_BYTES:
            if not skipping:
                yield rest
            rest, skipping = b"", True
    if rest and not skipping:
        yield rest
