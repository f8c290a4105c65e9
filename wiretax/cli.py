"""The ``wiretax`` command: registers the commands, and turns unexpected errors into one line and an exit code."""

from __future__ import annotations

import os
import re
import sys
from typing import Annotated

import typer

from wiretax import __version__
from wiretax.channels.profiles import ProfileError
from wiretax.commands.advise import advise
from wiretax.commands.doctor import doctor
from wiretax.commands.feed import feed
from wiretax.commands.gate import gate
from wiretax.commands.mock import mock
from wiretax.commands.observe import observe
from wiretax.commands.report import report
from wiretax.commands.run import run
from wiretax.commands.ui import ui
from wiretax.terminal import Exit, out, warn

URL_OPTIONS = ("--endpoint", "--against", "--redis")
SECRET_URL = re.compile(r"\w+://[^/@\s]*:[^/@\s]*@")

app = typer.Typer(
    name="wiretax",
    help="Measure what publishing an event costs over the Pusher Channels HTTP API, and what batching saves.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        out.print(f"wiretax {__version__}")
        raise typer.Exit(Exit.OK)


app.command()(mock)
# What follows the command to observe belongs to it.
app.command(context_settings={"allow_interspersed_args": False})(observe)
app.command()(run)
app.command()(advise)
app.command()(feed)
app.command()(gate)
app.command()(report)
app.command()(doctor)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, options_metavar="[LOCUST OPTIONS]"
)(ui)


def _has_stray_secret(arguments: list[str]) -> bool:
    """Whether an argument in the wrong place has a secret, which an error message would repeat on screen and in
    logs."""
    if arguments[:1] == ["observe"]:
        return False  # the observed command takes any arguments
    pairs = zip(["", *arguments], arguments, strict=False)
    return any(SECRET_URL.match(each) for before, each in pairs if before not in URL_OPTIONS)


def main() -> None:
    """The entry point. An unexpected error is one line and exit code 1; WIRETAX_DEBUG=1 shows its traceback."""
    if _has_stray_secret(sys.argv[1:]):
        warn("unexpected URL with a secret among the arguments; pass it with --endpoint or PUSHER_URL")
        sys.exit(Exit.USAGE)
    try:
        app()
    except ProfileError as error:
        warn(str(error))
        sys.exit(Exit.USAGE)
    except Exception as error:
        if os.environ.get("WIRETAX_DEBUG"):
            raise
        warn(f"internal error: {type(error).__name__}: {error} (WIRETAX_DEBUG=1 shows the traceback)")
        sys.exit(Exit.INTERNAL)
