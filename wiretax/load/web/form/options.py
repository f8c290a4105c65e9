"""Reads the web form's values of wiretax's options, as the option parser declares them."""

from __future__ import annotations

from argparse import Action
from collections.abc import Container, Mapping
from functools import cache
from typing import Any

from locust.argument_parser import LocustArgumentParser

from wiretax.load.free.destination import refuse_credentials
from wiretax.load.free.options import NO_PLAN, add_options
from wiretax.load.web.form.fields import FIELDS, label
from wiretax.load.web.form.values import read_value, refuse_out_of_bounds
from wiretax.terminal import OptionError

# Locust's own fields; any other option would be set by its handler, too.
LOCUSTS_FIELDS = frozenset(
    {"user_count", "spawn_rate", "host", "run_time", "user_classes", "shape_class", "profile"}
)
# What a plan leaves to the form.
WITH_PLAN = ("max_messages", "rounds")


@cache
def own_options() -> Mapping[str, Action]:
    """The options that wiretax adds to Locust's, by name, as the parser declares them."""
    parser = LocustArgumentParser(add_help=False)
    add_options(parser)
    return {action.dest: action for action in parser._actions}


def form_options() -> Mapping[str, Action]:
    """The options that are fields of the form; the others are for the command line only."""
    return {name: action for name, action in own_options().items() if vars(action)["include_in_web_ui"]}


def shown_fields() -> frozenset[str]:
    """The names of all fields, Locust's own among them."""
    return LOCUSTS_FIELDS | form_options().keys()


def is_secret(action: Action) -> bool:
    """Whether its value must not appear in any page."""
    return bool(vars(action)["is_secret"])


def option_values(
    known: Mapping[str, Any], form: Mapping[str, str], others: Container[str] = ()
) -> dict[str, Any]:
    """The options of a test: the known ones, updated with a form's values of wiretax's options and of the host.

    ``others``: the names of a locustfile's own options, which Locust reads.

    Raises:
        EndpointError: the host contains a secret.
        OptionError: a value does not fit its option, or the form may not set it.
    """
    values = dict(known)
    shown = form_options()
    for name in form:
        if name in LOCUSTS_FIELDS or name in shown or name in others:
            continue
        if name in own_options():
            raise OptionError(
                f"{name} can't be set in the form; start the web UI with --{name.replace('_', '-')} instead"
            )
        raise OptionError(f"{name!r:.80} is not a field of the form")
    # In the order of the form, so that the first error is the topmost.
    given = {name: shown[name] for name in (*FIELDS, *shown) if name in form and name in shown}
    for name, action in given.items():
        values[name] = read_value(name, action, form[name].strip(), {**known, **form})
    refuse_out_of_bounds([name for name in given if name in WITH_PLAN or values["plan"] == NO_PLAN], values)
    if "host" in form:
        # As Locust stores it.
        values["host"] = form["host"].strip().replace("<", "").replace(">", "")
    refuse_credentials(values["host"] or "")
    return values


def refuse_changes(known: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Check that a form for a running test changes none of its options. An empty secret is unchanged, since
    forms do not show it, and consent was given when the test began.

    Raises:
        OptionError: an option would change.
    """
    for name in (*own_options(), "host"):
        if name == "yes" or (values[name] or "") == (known[name] or ""):
            continue
        if name != "host" and is_secret(own_options()[name]) and not values[name]:
            continue
        raise OptionError(f"{label(name)} ({name}) can't change while a test runs; stop the test first")
