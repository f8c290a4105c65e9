"""How the ``wiretax`` command speaks: where it prints, how it fails, and its exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn

import typer
from rich.console import Console

# A file or a CI log has no width of its own; there the whole table is wanted.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, highlight=False)


class Exit(IntEnum):
    """Exit codes: the contract with CI."""

    OK = 0
    INTERNAL = 1
    # Of the doctor, which measures nothing: a run would not work.
    UNFIT = 1
    USAGE = 2
    CHECK_FAILED = 3
    INCONCLUSIVE = 4
    INVALID = 5
    INTERRUPTED = 130


SEVERITY = (Exit.OK, Exit.INCONCLUSIVE, Exit.CHECK_FAILED, Exit.INVALID)


def worst(*codes: int) -> int:
    """The exit code that says most: an invalid run before a failed check before an inconclusive one. Any other
    code comes first."""
    return max(codes, key=lambda code: SEVERITY.index(Exit(code)) if code in SEVERITY else len(SEVERITY))


def fail(message: str, code: Exit) -> NoReturn:
    """One line on standard error, and out."""
    err.print(f"wiretax: {message}", soft_wrap=True, markup=False)
    raise typer.Exit(code)


def said_at_most(times: int) -> Callable[[str], None]:
    """What prints lines on standard error, so many; of the next one it says that there are more."""
    left = times

    def say(line: str) -> None:
        nonlocal left
        if left >= 0:
            err.print(f"wiretax: {line if left else 'and more of that'}", soft_wrap=True, markup=False)
        left -= 1

    return say
