"""The help pages of ``wiretax`` and its commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from typer.core import TyperCommand, TyperGroup

from wiretax.help.examples import COMMANDS as EXAMPLES
from wiretax.help.examples import WIRETAX
from wiretax.help.groups import COMMANDS, OPTIONS, OTHER, SECRET, VALUES
from wiretax.help.page import Entry, columns, example_section, page, paragraphs, section
from wiretax.shipped import shipped

# As in terminal.Exit, for every command.
EXIT_CODES: tuple[Entry, ...] = (
    ("0", "ok; all checks passed"),
    ("1", "internal error; of doctor: a run would fail"),
    ("2", "usage error: an option, a plan or a gates file can't be used"),
    ("3", "a check failed"),
    ("4", "inconclusive, where the gates file makes that fail"),
    ("5", "invalid run: it measured nothing, byte counts disagree, or files are damaged"),
    ("130", "interrupted"),
)


class GroupedCommand(TyperCommand):
    """A command that lists its options in groups, with examples."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        formatter.write(command_page(self, ctx))


class GroupedGroup(TyperGroup):
    """A command with options and commands of its own."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        formatter.write(command_page(self, ctx))


def command_page(command: Any, ctx: Any) -> str:
    """The page of one command."""
    name = ctx.command_path.removeprefix("wiretax ")
    own = getattr(command, "commands", {})
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    described = [(_argument_name(each), _text(each)) for each in arguments]
    return page(
        [
            f"Usage: {_usage(command, ctx, arguments)}",
            paragraphs(command.help or ""),
            section("Arguments", described) if described else "",
            section("Commands", [(key, first_sentence(each)) for key, each in own.items()]) if own else "",
            *(section(title, entries) for title, entries in _groups(command, name)),
            example_section(EXAMPLES[name]) if name in EXAMPLES else "",
            paragraphs(command.epilog or ""),
        ]
    )


def overview(group: Any) -> str:
    """The page of ``wiretax`` itself."""
    options = [(", ".join(each.opts), each.help or "") for each in group.params]
    return page(
        [
            "Usage: wiretax COMMAND [OPTIONS] ...",
            paragraphs(group.help or ""),
            *(
                section(title, [(name, first_sentence(group.commands[name])) for name in names])
                for title, names in COMMANDS.items()
            ),
            section("Options", [*options, ("--help", "Show this message and exit.")]),
            example_section(WIRETAX),
            section("Exit codes", EXIT_CODES),
        ]
    )


def first_sentence(command: Any) -> str:
    """What a list of commands says of one."""
    return " ".join((command.help or "").split("\n\n")[0].split()).partition(". ")[0].removesuffix(".")


def _usage(command: Any, ctx: Any, arguments: list[Any]) -> str:
    names = (
        name if each.required or name.startswith("--") else f"[{name}]"
        for each in arguments
        for name in [_argument_name(each)]
    )
    more = ["COMMAND ..."] if getattr(command, "commands", None) else []
    return " ".join([ctx.command_path, "[OPTIONS]", *names, *more])


def _argument_name(argument: Any) -> str:
    name = (argument.metavar or argument.name).strip("[]").upper()
    return f"{name} ..." if argument.nargs == -1 else str(name)


def _groups(command: Any, name: str) -> Iterator[tuple[str, list[Entry]]]:
    options = {each.opts[0]: each for each in command.params if each.param_type_name == "option"}
    left = dict(options)
    for title, names in OPTIONS.get(name, {}).items():
        # An option that the command does not have fails here, as a test sees.
        yield title, [_entry(left.pop(each)) for each in names]
    yield OTHER, [*(_entry(each) for each in left.values()), ("--help", "Show this message and exit.")]


def _entry(option: Any) -> Entry:
    names = ", ".join([*option.opts[:1], *option.secondary_opts])
    value = "" if option.is_flag else f" {_value(option)}"
    return names + value, _text(option)


def _value(option: Any) -> str:
    if option.metavar:
        return str(option.metavar)
    annotation = _annotation(option)
    if get_origin(annotation) is Literal:
        return "|".join(map(str, get_args(annotation)))
    usual = "FILE" if annotation is Path else "N" if annotation in (int, float) else "TEXT"
    return VALUES.get(option.opts[0], usual)


def _annotation(parameter: Any) -> Any:
    """The type of a value; typer knows it without None and without a list around it."""
    described = getattr(parameter, "type_descriptor", None)
    return getattr(described, "annotation", None)


def _text(parameter: Any) -> str:
    said = (parameter.help or "").rstrip(".")
    return " ".join(f"{each}." for each in (said, *_notes(parameter)) if each)


def _notes(parameter: Any) -> Iterator[str]:
    """The range of a value, its default, and the variables that set it."""
    if parameter.required:
        yield "Required"
    least, most = (getattr(parameter, name, None) for name in ("min", "max"))
    if least is not None and most is not None:
        yield f"{least} to {most}"
    default = parameter.default
    if (
        not any(default is each for each in (None, False))
        and default != ""
        and parameter.show_default is not False
    ):
        yield f"Default: {parameter.opts[0] if default is True else default}"
    variables = parameter.envvar if isinstance(parameter.envvar, list) else []
    given = next((each for each in variables if os.environ.get(each)), None)
    if given is not None:
        value = "" if SECRET & set(parameter.opts) else f" to {os.environ[given]}"
        yield f"Now set{value} by {given}"
    elif variables and parameter.show_envvar:
        yield f"Variable: {variables[-1]}"


class UiCommand(TyperCommand):
    """``wiretax ui``, whose options are those of Locust and of the shipped locustfile."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write what it does, and what a process that has loaded Locust prints of the options."""
        locustfile = str(shipped("scenarios") / "locustfile.py")
        module = "wiretax.load.drivers.locustfiles.help"
        python = [sys.executable, "-P", "-m", module, "--wiretax-ui", "-f", locustfile]
        env = {**os.environ, "COLUMNS": str(columns())}
        # Locust imports from the folder that it is started in first: that must not hold the user's packages.
        folder = shipped("scenarios")
        listed = subprocess.run(python, capture_output=True, text=True, env=env, cwd=folder, check=True).stdout
        usage, _, options = listed.strip().partition("\n\n")
        formatter.write(page([usage, paragraphs(self.help or ""), options]))
