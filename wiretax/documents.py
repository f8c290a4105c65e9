"""Reading documents that others wrote: regular files only, of bounded size and depth, before they are parsed.

Opening a fifo waits for a writer, and parsers of deep nesting run out of stack or memory.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import orjson

MOST_TOML = 256 * 1024
MOST_JSON = 64 * 1024 * 1024
# Arrays and tables in each other, and parts of a dotted key.
DEEPEST_TOML = 20
DEEPEST_JSON = 64

# TOML's strings and comments, in which brackets and dots mean nothing. A text that does not end is one to its end.
_QUIET = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"{3,5}|\\?\Z)'
    r"|'''.*?(?:'{3,5}|\Z)"
    r'|"(?:\\[^\n]|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*",
    re.DOTALL,
)
_BRACKET = re.compile(r"[\[\]{}]")
_BETWEEN_KEYS = re.compile(r"[=,{}\[\]\n]")


class DocumentError(OSError):
    """A file that can't be read as a document: one line that says why, without the name of the file."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        # As other errors of the system have it.
        self.strerror = line


def read_regular(file: Path, most: int | None = None) -> bytes:
    """The bytes of a regular file; a fifo, a socket or a device could block, or never end.

    Args:
        file: its path.
        most: the largest size (B) that is read; None for any.

    Raises:
        DocumentError: if it is not a regular file, or larger.
        OSError: if it can't be read.
    """
    # Without O_NONBLOCK, opening a fifo waits until someone writes into it.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError("not a regular file")
        if most is not None and status.st_size > most:
            raise DocumentError(f"{status.st_size:,} B, expected {most:,} B at most")
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            return opened.read() if most is None else opened.read(most)
    finally:
        os.close(descriptor)


def is_file(file: Path) -> bool:
    """Whether it is a regular file; False for a path that can't exist."""
    try:
        return file.is_file()
    except OSError:
        return False


def read_toml(file: Path) -> dict[str, Any]:
    """The document in a TOML file.

    Raises:
        DocumentError: if it is too large, nested too deeply, or not TOML.
        OSError: if it can't be read.
    """
    try:
        return parse_toml(read_regular(file, MOST_TOML).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DocumentError(f"not UTF-8: {error.reason} at byte {error.start:,}") from None


def parse_toml(text: str) -> dict[str, Any]:
    """A TOML document.

    Raises:
        DocumentError: if it is nested too deeply, or not TOML.
    """
    loud = _QUIET.sub("_", text.replace("\r\n", "\n"))
    depth = 0
    for found in _BRACKET.finditer(loud):
        depth += 1 if found[0] in "[{" else -1
        if depth > DEEPEST_TOML:
            raise DocumentError(f"arrays and tables are nested more than {DEEPEST_TOML} deep")
    if max(part.count(".") for part in _BETWEEN_KEYS.split(loud)) >= DEEPEST_TOML:
        raise DocumentError(f"a dotted key has more than {DEEPEST_TOML} parts")
    try:
        return tomllib.loads(text)
    # Python converts no integers of more than 4,300 digits, and tomllib lets that error out.
    except ValueError as error:
        raise DocumentError(str(error)) from None


def parse_json(data: bytes) -> Any:
    """A JSON document.

    Raises:
        DocumentError: if it is too large, nested too deeply, or not JSON.
    """
    if len(data) > MOST_JSON:
        raise DocumentError(f"{len(data):,} B, expected {MOST_JSON:,} B at most")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise DocumentError(str(error)) from None
    level = [document]
    for _ in range(DEEPEST_JSON + 1):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return document
    raise DocumentError(f"arrays and objects are nested more than {DEEPEST_JSON} deep")
