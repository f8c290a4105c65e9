"""Standard output as one JSON document: whatever else is printed, by child processes too, is moved to stderr."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from wiretax.escaping import BUT_LINE_BREAKS

Write = Callable[[Mapping[str, Any]], None]
# The commands of CI systems that may be anywhere in a line; within a document, no line begins with words.
COMMAND = re.compile(r"(?<=#)#(?=\w*\[)")


def reserve_stdout() -> Write:
    """Keep standard output for a document, and return what writes it.

    From then on, file descriptor 1 leads to standard error, for this process and those that it starts.
    """
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)

    def write(document: Mapping[str, Any]) -> None:
        # Nobody may read it any more, or the disk may be full; the exit code still counts.
        with suppress(OSError), os.fdopen(kept, "wb") as file:
            file.write(encoded(document))

    return write


def encoded(document: Mapping[str, Any]) -> bytes:
    """A document as JSON, with escapes for characters that a terminal or a CI system would obey or not show.

    NaN and infinity are null.
    """
    import orjson  # commands without --json start faster without it

    lines = orjson.dumps(_writable(document), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    if lines.isascii() and "##" not in lines:
        return lines.encode()
    return COMMAND.sub(r"\\u0023", BUT_LINE_BREAKS.sub(_escaped, lines)).encode()


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _writable(value: Any) -> Any:
    """The value with escapes for what no UTF-8 can hold, as in names of files that have other bytes."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_writable(key): _writable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(each) for each in value]
    return value
