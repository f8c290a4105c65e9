"""How a client reacts to the codes of a close."""

import pytest

from wiretax.channels.websocket.close_codes import NAMES, in_words, pause_s, reaction


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (4000, "give up"), (4004, "give up"), (4099, "give up"), (4100, "pause"), (4199, "pause"),
        (4200, "at once"), (4299, "at once"), (4300, "at once"), (1006, "at once"), (None, "at once"),
    ],
)  # fmt: skip
def test_each_range_has_its_reaction(code, expected):
    assert reaction(code) == expected


def test_pauses_grow_up_to_a_limit():
    assert [pause_s(each) for each in (0, 1, 2, 50)] == [1.0, 2.0, 4.0, 30.0]


def test_in_words():
    assert in_words(4004) == f"4004 ({NAMES[4004]})"
    assert in_words(4100, "full") == "4100 (full)"
    assert in_words(4050) == "4050"
    assert in_words(None) == "the connection was lost"
