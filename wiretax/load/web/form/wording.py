"""Errors in the terms of the form: a field by its label, the value, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from wiretax.channels.endpoint import EndpointError
from wiretax.load.client.own_limits import OwnLimitError
from wiretax.load.client.preflight import EndpointRefusedError
from wiretax.load.free.destination import ConsentError
from wiretax.load.web.form.fields import FIELDS, label
from wiretax.terminal import OptionError

MOST_SHOWN = 80
UNUSABLE = "the endpoint can't be used: "
# How errors begin that are about a key: ``rate = '5/h', expected 10/s or more`` or ``rate: 'fast' is not a rate``.
KEY = re.compile(r"(?P<name>[a-z_]+)(?P<value> = .*?)?(?P<rest>(?:, expected |: ).*)", re.DOTALL)
NUMBER = re.compile(r"-?[0-9]{1,20}")
OPTION = re.compile(r"(?P<before>)--(?P<name>[a-z]+(?:-[a-z]+)*)")
CURE = re.compile(r"(?P<before>\b(?:raise|lower|set|leave|take another) )(?P<name>[a-z_]+)(?P<true> = true)?\b")


class FieldError(OptionError):
    """A field has a value that it can't have.

    Attributes:
        field: its name.
    """

    def __init__(self, field: str, given: object, allowed: str) -> None:
        """``given``: its value, a text as it was entered; ``allowed``: in words."""
        super().__init__(f"{label(field)}: {_shown(given)}; allowed: {allowed}")
        self.field = field


def in_words_of_form(error: Exception, form: Mapping[str, str], shown: Set[str]) -> tuple[str, str]:
    """An error's message for the form, and the field that it is about; empty if that is unknown.

    Args:
        error: why the test was not started.
        form: what was entered.
        shown: the names of the form's fields.
    """
    if isinstance(error, FieldError):
        return str(error), error.field
    place = "host" if form.get("host", "").strip() and not form.get("endpoint", "").strip() else "endpoint"
    if isinstance(error, ConsentError):
        return (
            f"{label(place)}: {error.url} is not on this machine; check “{label('yes')}” to send up to "
            f"{error.limit:,} messages there (“{label('max_messages')}”)",
            "yes",
        )
    message, field = str(error), ""
    if isinstance(error, EndpointError) and message.startswith(UNUSABLE):
        message, field = f"{label(place)}: {message.removeprefix(UNUSABLE)}", place
        if place == "host":
            message = f"{message.partition('; write it as ')[0]}; write it as {FIELDS['host'].hint}"
    elif isinstance(error, EndpointRefusedError):
        message, field = f"{label(place)}: {message}", place
    elif isinstance(error, OwnLimitError):
        message, field = f"{label('user_count')}: {message}", "user_count"
    elif (key := KEY.fullmatch(message)) and key["name"] in shown:
        field = key["name"]
        value = (key["value"] or "").replace(" = ", ": ", 1)
        message = f"{label(field)}{value}{key['rest'].replace(', expected ', '; allowed: ', 1)}"
    elif message.startswith("plan "):
        message, field = f"{label('plan')}: {message}", "plan"
    else:
        field = next((name for name in _options(message) if name in shown), "")

    def by_label(found: re.Match[str]) -> str:
        name = found["name"].replace("-", "_")
        if name not in shown:
            return found[0]
        # A sentence about a plan's key, or the option of the command line.
        return f"check “{label(name)}”" if found.groupdict().get("true") else f"{found['before']}“{label(name)}”"

    return CURE.sub(by_label, OPTION.sub(by_label, message)), field


def _options(message: str) -> list[str]:
    return [each["name"].replace("-", "_") for each in OPTION.finditer(message)]


def _shown(given: object) -> str:
    if not isinstance(given, str):
        return f"{given:,}"
    if NUMBER.fullmatch(given):
        return given
    text = repr(given) if given else "empty"
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."
