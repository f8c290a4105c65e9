"""Documents on standard output: JSON that any parser reads, and that acts on no terminal and in no CI system."""

from __future__ import annotations

import json
import subprocess
import sys
from math import inf, nan

from hypothesis import given
from hypothesis import strategies as st

from wiretax.escaping import BUT_LINE_BREAKS, INVISIBLE
from wiretax.json_output import encoded

RESERVE = """
import os, subprocess, sys
from wiretax.json_output import reserve_stdout
print("before")
write = reserve_stdout()
print("a line of this process", flush=True)
os.write(1, b"a line past Python\\n")
subprocess.run(["echo", "a line of a child"], check=True)
write({"a": 1})
print("a line afterwards")
"""


@given(st.text())
def test_text_is_read_as_it_was_and_can_not_act(text: str) -> None:
    data = encoded({"text": text, text: [text]})
    assert json.loads(data) == {"text": text, text: [text]}
    assert not BUT_LINE_BREAKS.search(data.decode())


def test_characters_beyond_sixteen_bits_are_escaped_in_two_halves() -> None:
    tag = "\U000e0041"
    assert INVISIBLE.match(tag)
    assert b'"\\udb40\\udc41"' in encoded({"a": tag})


def test_commands_of_ci_systems_are_broken() -> None:
    text = "##[error]x ##vso[task.complete] ##teamcity[message] ## 3"
    data = encoded({"a": text})
    assert json.loads(data) == {"a": text}
    assert not any(each in data for each in (b"##[", b"##vso[", b"##teamcity["))


def test_what_is_no_number_is_null_and_what_is_no_unicode_is_escaped() -> None:
    assert json.loads(encoded({"a": nan, "b": [inf], "c": "\udcff"})) == {"a": None, "b": [None], "c": "\\udcff"}


def test_only_the_document_is_on_standard_output() -> None:
    done = subprocess.run([sys.executable, "-c", RESERVE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["before", "{", '  "a": 1', "}"]
    assert sorted(done.stderr.splitlines()) == [
        "a line afterwards",
        "a line of a child",
        "a line of this process",
        "a line past Python",
    ]


def test_a_reader_that_left_stops_nothing() -> None:
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            RESERVE.replace('"before"', '"", end=""').replace('"a": 1', '"a": "x" * 1_000_000'),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert "a line afterwards" in process.stderr.read()
    assert process.returncode == 0
