"""Options that several commands share, and how the text of an option is read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated

import typer

from wiretax.channels.bodies.payloads import KINDS
from wiretax.commands.completion import complete_plan, complete_run
from wiretax.terminal import OptionError
from wiretax.toml_errors import near
from wiretax.units.duration import parse_duration

RESULTS = Path("results")
SERVER_URL = "http(s)://KEY:SECRET@HOST[:PORT]/apps/APP_ID"

EndpointOption = Annotated[
    str | None,
    typer.Option(envvar="PUSHER_URL", show_envvar=True, help=f"The server to publish to: {SERVER_URL}"),
]
AgainstOption = Annotated[
    str | None,
    typer.Option(
        envvar="WIRETAX_AGAINST",
        show_envvar=True,
        help=f"A second server: {SERVER_URL}. Both servers get the same requests in turn and are compared "
        "round by round.",
    ),
]
PlanArgument = Annotated[str, typer.Argument(help="A plan's name, or a TOML file.", autocompletion=complete_plan)]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Send only the workloads whose names match this shell pattern, like 'batch*'; may be repeated.",
    ),
]
SkipOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN", help="Leave out the workloads whose names match this shell pattern; may be repeated."
    ),
]
RoundsOption = Annotated[
    int | None, typer.Option(min=1, max=10_000, help="Number of rounds. Default: the plan's.")
]
UsersOption = Annotated[
    int | None,
    typer.Option(min=1, max=10_000, help="Number of users, each with a connection. Default: the plan's."),
]
CaOption = Annotated[
    Path | None, typer.Option(help="PEM file of certificate authorities that verify an https:// server.")
]
InsecureOption = Annotated[
    bool, typer.Option("--insecure", help="Disable TLS verification (recorded in the run).")
]
CertOption = Annotated[
    Path | None, typer.Option(help="PEM file of a client certificate, for a server that asks for one.")
]
KeyOption = Annotated[
    Path | None, typer.Option(help="PEM file of its private key. Default: in the file of --cert.")
]
SignPrefixOption = Annotated[
    bool,
    typer.Option("--sign-prefix", help="Sign the whole path, with what precedes /apps in the server's URL."),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Skip the confirmation for remote endpoints.")]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="KEY=VALUE",
        help="Store a label with the run, to find it by (repeatable). Labels are stored as they are: no secrets.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, and all else to standard error.")
]
ResultsOption = Annotated[Path, typer.Option(help="Folder that holds the runs.")]
RunArgument = Annotated[
    str | None,
    typer.Argument(
        help="A run: its folder, its name in --results, a label KEY=VALUE (its newest run), the first digits of a "
        "commit (its newest run), baseline (the run that gates.toml names) or newest. Default: the newest run.",
        autocompletion=complete_run,
    ),
]
PayloadKindOption = Annotated[str, typer.Option(help=f"Kind of data: {', '.join(KINDS)}.")]
PayloadOption = Annotated[int, typer.Option(help="Size of one event's data in UTF-8 bytes.")]


def read_option(option: str, text: str, parse: Callable[[str], float]) -> float:
    """The value of an option.

    Raises:
        OptionError: if ``parse`` raises a ValueError; the message begins with the option.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise OptionError(f"{option}: {error}") from None


def positive_duration(option: str, text: str, example: str) -> float:
    """The seconds of an option that must be above zero.

    Raises:
        OptionError: if the text is no duration, or zero.
    """
    seconds = read_option(option, text, parse_duration)
    if not seconds:
        raise OptionError(f"{option} {text}: expected a duration above zero, like {example}")
    return seconds


def check_choice(option: str, given: str, choices: Collection[str]) -> None:
    """Check that an option has one of some values.

    Raises:
        OptionError: if it has not; the message lists them.
    """
    if given not in choices:
        raise OptionError(f"{option} {given}: expected one of {', '.join(choices)}{near(given, choices)}")
