"""What each field allows, and the value that its text stands for."""

from __future__ import annotations

import re
from argparse import Action
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from locust.util.timespan import parse_timespan

from wiretax.channels.bodies.payloads import KINDS, least_bytes
from wiretax.channels.limits import Limits
from wiretax.channels.validation import MOST_SPREAD
from wiretax.load.free.options import MOST_BATCH_SIZE
from wiretax.load.plan.reading import MAX_ROUNDS
from wiretax.load.web.form.fields import label
from wiretax.load.web.form.wording import FieldError
from wiretax.toml_errors import near

BOOLEANS = {"true": True, "false": False}
WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
SEPARATORS = re.compile(r"[\s,]+")
# Above any limit that makes sense, and a file of a run can hold it.
MOST_MESSAGES = 10**12


def read_value(name: str, action: Action, text: str, form: Mapping[str, Any]) -> Any:
    """A field's text, converted to the type of its option. ``refuse_out_of_bounds`` checks numbers.

    ``form``: the whole form over the options that it leaves out; what is allowed may depend on other fields.

    Raises:
        FieldError: it can't be.
    """
    if action.nargs == 0:
        if text not in BOOLEANS:
            raise FieldError(name, text, "true or false")
        return BOOLEANS[text]
    if action.choices is not None:
        choices = [str(each) for each in action.choices]
        if text not in choices:
            raise FieldError(name, text, f"{', '.join(choices)}{near(text, choices)}")
    if isinstance(action.default, list) or name in ("only", "skip"):
        return [each for each in SEPARATORS.split(text) if each] or action.default
    if action.type is int:
        if not text and action.default is None:
            return None
        if not WHOLE.fullmatch(text):
            raise FieldError(name, text, _whole_number(name, form))
        return int(text)
    return text


def refuse_out_of_bounds(names: Iterable[str], values: Mapping[str, Any]) -> None:
    """Check the numbers of some fields.

    Args:
        names: of these fields, in the order of the form.
        values: of all options.

    Raises:
        FieldError: a number is too small or too large.
    """
    for name in names:
        bounds, why = _bounds(name, values)
        if bounds is not None and values[name] is not None and not bounds[0] <= values[name] <= bounds[1]:
            raise FieldError(name, values[name], f"{_range(*bounds)}{why}")


def users(form: Mapping[str, str]) -> int:
    """How many users a form asks for.

    Raises:
        FieldError: that, or how fast to start them, can't be read.
    """
    text = form.get("user_count", "").strip()
    if not WHOLE.fullmatch(text) or int(text) < 0:
        raise FieldError("user_count", text, "a whole number, 0 or more")
    rate = form.get("spawn_rate", "").strip()
    if not 0 < _decimal(rate) < inf:
        raise FieldError("spawn_rate", rate, "a number above 0")
    return int(text)


def refuse_run_time(text: str) -> None:
    """Check a run time.

    Raises:
        FieldError: it is none.
    """
    allowed = "20, 90s, 3m, 2h or 1h30m (seconds without a unit), or empty for no limit"
    if not text.strip():
        return
    try:
        seconds = parse_timespan(text.strip()) if text.isascii() else 0
    except (ValueError, OverflowError):
        seconds = 0
    if seconds <= 0:
        raise FieldError("run_time", text, allowed)


def _whole_number(name: str, form: Mapping[str, Any]) -> str:
    """What a field with a whole number allows, in words."""
    kind, most = form["payload_kind"], str(form["max_batch_size"])
    known = {
        "payload_kind": kind if kind in KINDS else None,
        "max_batch_size": int(most) if WHOLE.fullmatch(most) and int(most) > 0 else None,
    }
    bounds, why = _bounds(name, known)
    return f"a whole number{'' if bounds is None else f', {_range(*bounds)}'}{why}"


def _bounds(name: str, values: Mapping[str, Any]) -> tuple[tuple[float, float] | None, str]:
    """The least and the greatest number of a field, and what they depend on; None if it has no bounds."""
    limits = Limits()
    if name == "payload_bytes":
        kind = values["payload_kind"]
        least = min(map(least_bytes, KINDS)) if kind is None else least_bytes(kind)
        return (least, limits.data_bytes), "" if kind is None else f" bytes for data of kind {kind}"
    if name == "batch_size":
        most = values["max_batch_size"]
        return (1, limits.batch_size if most is None else most), f" (“{label('max_batch_size')}”)"
    return {
        "channels": (1, limits.channels),
        "spread": (1, MOST_SPREAD),
        "max_batch_size": (1, MOST_BATCH_SIZE),
        "max_messages": (0, MOST_MESSAGES),
        "rounds": (1, MAX_ROUNDS),
    }.get(name), ""


def _range(least: float, most: float) -> str:
    return f"{least:,} to {most:,}"


def _decimal(text: str) -> float:
    """The number that a text stands for; not a number if it is none."""
    try:
        return float(text) if text.isascii() else float("nan")
    except ValueError:
        return float("nan")
