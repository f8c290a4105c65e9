"""Reads the web form's values of wiretax's options, as the option parser declares them."""

from __future__ import annotations

from argparse import Action
from collections.abc import Mapping
from functools import cache
from typing import Any

from locust.argument_parser import LocustArgumentParser

from wiretax.load.free.options import add_options, refuse_credentials
from wiretax.terminal import OptionError
from wiretax.toml_errors import near

BOOLEANS = {"true": True, "false": False}
# Locust's own fields; any other option would be set by its handler, too.
LOCUSTS_FIELDS = frozenset(
    {"user_count", "spawn_rate", "host", "run_time", "user_classes", "shape_class", "profile"}
)


@cache
def own_options() -> Mapping[str, Action]:
    """The options that wiretax adds to Locust's, by name, as the parser declares them."""
    parser = LocustArgumentParser(add_help=False)
    add_options(parser)
    return {action.dest: action for action in parser._actions}


def form_options() -> Mapping[str, Action]:
    """The options that are fields of the form; the others are for the command line only."""
    return {name: action for name, action in own_options().items() if vars(action)["include_in_web_ui"]}


def is_secret(action: Action) -> bool:
    """Whether its value must not appear in any page."""
    return bool(vars(action)["is_secret"])


def option_values(known: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The options of a test: the known ones, updated with a form's values of wiretax's options and of the host.

    Raises:
        EndpointError: the host contains a secret.
        OptionError: a value does not fit its option, or the form may not set it.
    """
    values = dict(known)
    shown = form_options()
    for name in form:
        if name in LOCUSTS_FIELDS or name in shown:
            continue
        if name in own_options():
            raise OptionError(
                f"{name} can't be set in the form; start the web UI with --{name.replace('_', '-')} instead"
            )
        raise OptionError(f"{name!r:.80} is not a field of the form")
    for name, action in shown.items():
        if name in form:
            values[name] = _value(name, action, form[name].strip())
    if "host" in form:
        # As Locust stores it.
        values["host"] = form["host"].strip().replace("<", "").replace(">", "")
    refuse_credentials(values["host"] or "")
    return values


def refuse_changes(known: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Check that a form for a running test changes none of its options. An empty secret is unchanged, since
    forms do not show it.

    Raises:
        OptionError: an option would change.
    """
    for name in (*own_options(), "host"):
        if (values[name] or "") == (known[name] or ""):
            continue
        if name != "host" and is_secret(own_options()[name]) and not values[name]:
            continue
        raise OptionError(f"{name} can't change while a test runs; stop the test first")


def _value(name: str, action: Action, given: str) -> Any:
    """A field's text, converted to the type of its option."""
    if action.nargs == 0:
        if given not in BOOLEANS:
            raise OptionError(f"{name} = {given!r}, expected true or false")
        return BOOLEANS[given]
    if action.choices is not None:
        choices = [str(each) for each in action.choices]
        if given not in choices:
            raise OptionError(f"{name} = {given!r}, expected one of {', '.join(choices)}{near(given, choices)}")
    if action.type is int:
        try:
            return int(given)
        except ValueError:
            raise OptionError(f"{name} = {given!r}, expected a whole number") from None
    return given
