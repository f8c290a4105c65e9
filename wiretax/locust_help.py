"""Makes ``locust -f FILE --help`` list wiretax's options, too.

Locust prints its help before it loads the locustfile, so that no option of a locustfile is in it. gevent calls
this as its plugin (``pyproject.toml``) when Locust has it patch the standard library, before Locust reads its
options. In any other program that uses gevent it does nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

HELP = ("--help", "-h")
LOCUSTFILE = ("-f", "--locustfile")
# Options of Python whose value is the next word.
WITH_VALUES = ("-W", "-X")
# What a locustfile on wiretax's user classes has in it.
SIGNS = ("wiretax", "scenarios")


def show_help(_: object = None) -> None:
    """Replace a Locust that was asked for help on one of wiretax's locustfiles by a process that gives it."""
    arguments = locust_arguments(sys.orig_argv)
    if arguments is not None and wants_help(arguments):
        module = "wiretax.load.drivers.locustfiles.help"
        os.execv(sys.executable, [sys.executable, "-m", module, *arguments])


def locust_arguments(command: Sequence[str]) -> list[str] | None:
    """The arguments of a process that runs Locust; None if it runs something else."""
    words = list(command[1:])
    while words:
        word = words.pop(0)
        if word == "-m":
            return words[1:] if words[:1] == ["locust"] else None
        if not word.startswith("-"):
            return words if Path(word).stem == "locust" else None
        if word in WITH_VALUES and words:
            del words[0]
    return None


def wants_help(arguments: Sequence[str]) -> bool:
    """Whether help is asked for, with a locustfile that has wiretax in it."""
    return any(each in HELP for each in arguments) and any(map(_is_ours, locustfiles(arguments)))


def locustfiles(arguments: Sequence[str]) -> list[str]:
    """The locustfiles that the arguments name."""
    named: list[str] = []
    for number, each in enumerate(arguments):
        option, equals, value = each.partition("=")
        if option in LOCUSTFILE:
            named += (value if equals else next(iter(arguments[number + 1 :]), "")).split(",")
    return [each.strip() for each in named if each.strip()]


def _is_ours(name: str) -> bool:
    try:
        text = Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(each in text for each in SIGNS)
