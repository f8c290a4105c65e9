"""Consoles, messages and exit codes of the ``wiretax`` command."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import NoReturn

from wiretax.escaping import EscapingConsole, visible

# A file or a CI log has no width; a whole table fits in 120 columns.
# Neither obeys what is in text from outside.
out = EscapingConsole(width=None if sys.stdout is not None and sys.stdout.isatty() else 120)
err = EscapingConsole(stderr=True)


def progress_console(quiet: bool) -> EscapingConsole:
    """Where progress is shown: on standard error, or nowhere."""
    return EscapingConsole(stderr=True, quiet=True) if quiet else err


class Exit(IntEnum):
    """Exit codes: the contract with CI."""

    OK = 0
    INTERNAL = 1
    # The doctor's, which measures nothing: a run would not work.
    UNFIT = 1
    USAGE = 2
    CHECK_FAILED = 3
    INCONCLUSIVE = 4
    INVALID = 5
    INTERRUPTED = 130


class OptionError(ValueError):
    """An option that can't be used: one line that says what was given and what was expected."""


SEVERITY = (Exit.OK, Exit.INCONCLUSIVE, Exit.CHECK_FAILED, Exit.INVALID)


def worst(*codes: int) -> int:
    """The most severe code: an invalid run before a failed check before an inconclusive one. Any other code comes
    first."""
    return max(codes, key=lambda code: SEVERITY.index(Exit(code)) if code in SEVERITY else len(SEVERITY))


def warn(message: str) -> None:
    """Print one line to standard error."""
    err.print(f"wiretax: {message}", soft_wrap=True, markup=False)


def fail(message: str, code: Exit) -> NoReturn:
    """Print one line to standard error and exit.

    Args:
        message: what happened, and what to do about it.
        code: the exit code.
    """
    import typer  # only commands call this; Locust's processes do without it

    warn(message)
    raise typer.Exit(code)


def print_numbered(console: EscapingConsole, title: str, items: Sequence[str]) -> None:
    """Print a numbered list under a title; nothing if it is empty. On a terminal its lines are wrapped."""
    if not items:
        return
    console.print(title, soft_wrap=True, markup=False)
    for number, item in enumerate(items, 1):
        print_indented(console, f"{number:3}. ", item)


def print_indented(
    console: EscapingConsole, begin: str, text: str, indent: int | None = None, style: str | None = None
) -> None:
    """Print a text after its beginning. On a terminal, further lines are indented, by default as far as that."""
    width = console.width if console.is_terminal else max(1, len(begin + text))
    spaces = " " * (len(begin) if indent is None else indent)
    for line in textwrap.wrap(
        visible(text), width, initial_indent=begin, subsequent_indent=spaces, break_on_hyphens=False
    ):
        console.print(line, soft_wrap=True, markup=False, style=style)


def warn_at_most(times: int) -> Callable[[str], None]:
    """A function that prints at most ``times`` lines to standard error, then a note that more follow."""
    left = times

    def warn_limited(line: str) -> None:
        nonlocal left
        if left >= 0:
            warn(line if left else "more lines like these follow")
        left -= 1

    return warn_limited
