"""The ``wiretax`` command: registers the commands, and turns unexpected errors into one line and an exit code."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from wiretax import __version__
from wiretax.blas import use_one_thread
from wiretax.escaping import escape_logs, visible
from wiretax.help.commands import GroupedCommand, UiCommand, overview
from wiretax.streams import outlast_readers
from wiretax.terminal import Exit, out, warn
from wiretax.variables import PREFIX, name_variables, source_of, variable

URL_OPTIONS = ("--endpoint", "--against", "--redis")
SECRET_URL = re.compile(r"\w+://[^/@\s]*:[^/@\s]*@")
# Each command is the function of that name in the module of that name, with these settings; or the ``app`` there.
COMMANDS: dict[str, dict[str, Any]] = {
    "mock": {},
    # What follows the command to observe belongs to it.
    "observe": {"context_settings": {"allow_interspersed_args": False}},
    "run": {},
    "plan": {},
    "advise": {},
    "clients": {},
    "feed": {},
    "gate": {},
    "compare": {},
    "history": {},
    "export": {},
    "report": {},
    "runs": {},
    "doctor": {},
    "ui": {
        "cls": UiCommand,
        "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
        "options_metavar": "[LOCUST OPTIONS]",
    },
}


class LazyCommands(Mapping[str, Any]):
    """The commands, each imported when it is looked up: typer spends a fifth of a second on the options of all."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            module = import_module(f"wiretax.commands.{name}")
            # A command that has commands of its own.
            alone = getattr(module, "app", None)
            if alone is None:
                alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
                alone.command(name, **{"cls": GroupedCommand, **COMMANDS[name]})(getattr(module, name))
            self._made[name] = typer.main.get_command(alone)
            name_variables(self._made[name], variable(PREFIX, name))
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class LazyGroup(TyperGroup):
    """A group that takes its commands from ``LazyCommands``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": LazyCommands()})

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page that lists the commands."""
        formatter.write(overview(self))

    def make_context(self, *args: Any, **settings: Any) -> Any:
        with _visible_errors():
            return super().make_context(*args, **settings)

    def invoke(self, *args: Any, **settings: Any) -> Any:
        with _visible_errors():
            return super().invoke(*args, **settings)


@contextmanager
def _visible_errors() -> Iterator[None]:
    """Typer prints its messages itself, with the names of files in them if a shell has put some for a pattern."""
    try:
        yield
    except TyperException as error:
        error.message = visible(error.message)
        named = source_of(getattr(error, "ctx", None), getattr(error, "param", None))
        if named and named not in error.message:
            error.message += f" (from {named})"
        raise


app = typer.Typer(
    name="wiretax",
    cls=LazyGroup,
    help="Measure what publishing an event costs over the Pusher Channels HTTP API, and what batching saves.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        out.print(f"wiretax {__version__}")
        raise typer.Exit(Exit.OK)


def _has_stray_secret(arguments: list[str]) -> bool:
    """Whether an argument in the wrong place has a secret, which an error message would repeat on screen and in
    logs."""
    if arguments[:1] == ["observe"]:
        return False  # the observed command takes any arguments
    pairs = zip(["", *arguments], arguments, strict=False)
    return any(SECRET_URL.match(each) for before, each in pairs if before not in URL_OPTIONS)


def main() -> None:
    """The entry point. An unexpected error is one line and exit code 1; WIRETAX_DEBUG=1 shows its traceback."""
    outlast_readers()
    if _has_stray_secret(sys.argv[1:]):
        warn("unexpected URL with a secret among the arguments; pass it with --endpoint or PUSHER_URL")
        sys.exit(Exit.USAGE)
    escape_logs()
    if sys.argv[1:2] != ["observe"]:  # the observed command inherits the environment
        use_one_thread()
    try:
        app()
    except Exception as error:
        # What raises it has imported it; other commands need no profiles.
        from wiretax.channels.profiles import ProfileError

        if isinstance(error, ProfileError):
            warn(str(error))
            sys.exit(Exit.USAGE)
        if os.environ.get("WIRETAX_DEBUG"):
            raise
        warn(f"internal error: {type(error).__name__}: {error} (WIRETAX_DEBUG=1 shows the traceback)")
        sys.exit(Exit.INTERNAL)
