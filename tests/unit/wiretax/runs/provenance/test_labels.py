"""Labels: what is one, and what is never stored."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from wiretax.channels.endpoint import Credentials
from wiretax.runs.provenance.labels import (
    LabelError,
    check_labels,
    masked,
    parse_label,
    parse_labels,
    refuse_secrets,
)

APP = Credentials("1", "key", "s3/cret")


def test_labels_are_read() -> None:
    given = ["team=search", "note=a=b, and more", "empty=", f"{'k' * 64}={'ü' * 256}"]
    assert parse_labels(given) == {
        "team": "search",
        "note": "a=b, and more",
        "empty": "",
        "k" * 64: "ü" * 256,
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["hunter2"], "a label without =, expected KEY=VALUE"),
        (["=x"], "label '': expected a key of 1 to 64 letters"),
        (["a b=x"], "label 'a b': expected a key"),
        ([f"{'k' * 65}=x"], "expected a key of 1 to 64"),
        (["a=" + "x" * 257], "label a: its value has 257 characters, expected 256 at most"),
        (["a=x\n"], "label a: its value has characters that can't be printed"),
        (["a=\x1b[2J"], "label a: its value has characters"),
        (["a=\u202egpj"], "label a: its value has characters"),
        (["a=1", "a=2"], "label a is given twice"),
        ([f"a{number}=x" for number in range(33)], "33 labels, expected 32 at most"),
        (["app_secret=x"], "label app_secret: its name says that it is a secret"),
        (["Deploy-TOKEN=x"], "its name says"),
        (["db.password=x"], "its name says"),
        (["apikey=x"], "its name says"),
        (["repo=https://user:hunter2@host/x.git"], "label repo: its value has a URL with a password"),
    ],
)
def test_what_is_no_label_is_one_line_without_the_value(given: list[str], said: str) -> None:
    with pytest.raises(LabelError) as raised:
        parse_labels(given)
    line = str(raised.value)
    assert said in line
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert "hunter2" not in line


def test_as_many_labels_as_there_may_be() -> None:
    check_labels({f"key{number}": "x" for number in range(32)})


@pytest.mark.parametrize("held", [f"before {APP.secret} after", quote(APP.secret, safe="")])
def test_the_secret_of_an_app_is_refused_and_else_hidden(held: str) -> None:
    with pytest.raises(LabelError, match="holds the app's secret") as raised:
        refuse_secrets({"note": held}, [APP])
    assert "cret " not in str(raised.value)
    assert APP.secret not in str(masked({"note": held}, [APP]))
    refuse_secrets({"note": "harmless"}, [APP])
    assert masked({"note": "harmless"}, [APP]) == {"note": "harmless"}


def test_one_label_is_read_as_a_filter() -> None:
    assert parse_label("team=search") == ("team", "search")
