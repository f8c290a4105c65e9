"""What the form's fields allow: each rejects the rest by its label, with the value and what is allowed."""

from __future__ import annotations

from typing import Any

import locust_unpatched  # noqa: F401  # before anything else of Locust's
import pytest

from wiretax.load.web.form.fields import FIELDS, label
from wiretax.load.web.form.options import form_options, option_values
from wiretax.load.web.form.values import refuse_run_time, users
from wiretax.load.web.form.wording import FieldError, in_words_of_form
from wiretax.terminal import OptionError

ODD = ("", "-1", "0", "9" * 18, "9" * 40, "1.5", "1e3", "abc", "é✓", "١٢", "\x00", "true ", "None", "x" * 500)
KNOWN = {name: action.default for name, action in form_options().items()} | {"host": ""}
NUMBERS = ("payload_bytes", "batch_size", "channels", "spread", "max_batch_size", "max_messages", "rounds")
CHOICES = ("payload_kind", "client", "connection", "arrivals", "plan")
FLAGS = ("encrypted", "tls", "insecure", "sign_prefix", "yes")
# Empty: as many as the plan has; 0: the usual limit.
FINE = {("rounds", ""), ("max_messages", "0")}
# A huge limit is a limit.


def test_each_option_of_the_form_is_described() -> None:
    assert form_options().keys() <= FIELDS.keys()
    assert {*NUMBERS, *CHOICES, *FLAGS} <= form_options().keys()
    labels = [each.label for each in FIELDS.values()]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("name", [*NUMBERS, *CHOICES, *FLAGS])
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: ascii(odd)[:12])
def test_an_odd_value_is_rejected_by_the_label_of_its_field(name: str, odd: str) -> None:
    if (name, odd) in FINE or (name in FLAGS and odd.strip() == "true"):
        option_values(KNOWN, {name: odd})
        return
    with pytest.raises(FieldError) as refused:
        option_values(KNOWN, {name: odd})
    message, field = in_words_of_form(refused.value, {}, form_options().keys())
    assert field == name
    assert message.startswith(f"{label(name)}: ")
    assert "; allowed: " in message
    assert "\x00" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"payload_bytes": "8"}, "Payload: 8; allowed: 9 to 10,240 bytes for data of kind chat"),
        (
            {"payload_bytes": "0", "payload_kind": "ascii"},
            "Payload: 0; allowed: 1 to 10,240 bytes for data of kind",
        ),
        ({"payload_bytes": "x", "payload_kind": "y"}, "Payload: 'x'; allowed: a whole number, 1 to 10,240"),
        ({"batch_size": "21", "max_batch_size": "20"}, "Events per call: 21; allowed: 1 to 20 (“Largest batch"),
        ({"batch_size": "x", "max_batch_size": "20"}, "Events per call: 'x'; allowed: a whole number, 1 to 20"),
        ({"batch_size": "x", "max_batch_size": "-3"}, "Events per call: 'x'; allowed: a whole number, 1 to 10"),
        # The topmost field first, in whatever order they come.
        ({"channels": "0", "payload_bytes": "0"}, "Payload: 0; allowed"),
    ],
)
def test_fields_that_depend_on_each_other(form: dict[str, str], says: str) -> None:
    with pytest.raises(FieldError) as refused:
        option_values(KNOWN, form)
    assert str(refused.value).startswith(says)


def test_a_plan_leaves_aside_what_it_decides_itself() -> None:
    values = option_values(KNOWN, {"plan": "quick", "payload_bytes": "0", "only": " a*, b ,c ", "skip": ""})
    assert (values["only"], values["skip"], values["rounds"]) == (["a*", "b", "c"], None, None)


@pytest.mark.parametrize("odd", ["", "-1", "1.5", "1e3", "x", "١٢", "9" * 40])
def test_a_number_of_users_that_is_none(odd: str) -> None:
    with pytest.raises(FieldError, match=r"Number of users: .*; allowed: a whole number, 0 or more"):
        users({"user_count": odd, "spawn_rate": "1"})


@pytest.mark.parametrize("odd", ["", "-1", "0", "nan", "inf", "1e999", "x", "١٢"])
def test_a_rate_at_which_no_user_starts(odd: str) -> None:
    with pytest.raises(FieldError, match=r"Users started: .*; allowed: a number above 0"):
        users({"user_count": "1", "spawn_rate": odd})


@pytest.mark.parametrize("odd", ["x", "-1", "0", "0s", "1h30", "1.5h", "٣s"])
def test_a_run_time_that_is_none(odd: str) -> None:
    with pytest.raises(FieldError, match=r"Run time: .*; allowed: 20, 90s"):
        refuse_run_time(odd)


def test_run_times() -> None:
    for given in ("", " ", "20", "90s", "3m", "1h30m", " 2h "):
        refuse_run_time(given)


@pytest.mark.parametrize(
    ("message", "says", "field"),
    [
        ("--max-messages 3: expected 5", "“Message limit” 3: expected 5", "max_messages"),
        ("set encrypted = true", "check “Encrypt events end to end”", ""),
        (
            "spread = 5, expected 6; raise spread",
            "Channels in turn: 5; allowed: 6; raise “Channels in turn”",
            "spread",
        ),
        # What the form does not have, and what is no name of a field.
        ("add --processes 4 or --events -", "add --processes 4 or --events -", ""),
        ("linger: '5' is not a duration", "Longest wait of a batch: '5' is not a duration", "linger"),
        ("a sentence: with a colon", "a sentence: with a colon", ""),
    ],
)
def test_other_errors_name_fields_by_their_labels(message: str, says: str, field: str) -> None:
    error: Any = OptionError(message)
    assert in_words_of_form(error, {}, form_options().keys()) == (says, field)
