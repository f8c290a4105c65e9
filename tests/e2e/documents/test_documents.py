"""Each command and each output that the documents show is classified, and says how long it takes."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace
from itertools import pairwise

import pytest
from checked import rule_of
from classified import PAGES
from collected import DOCUMENTS, ROOT, Shown, blocks, commands, shown
from rules import Run, Skip

from wiretax.load.plan.reading import load_plan
from wiretax.load.plan.selection import Selection
from wiretax.load.sweep.forecast import planned_seconds

# A command that takes longer says so.
LONG_S = 30.0
STATED = re.compile(r"(\d+) (s|min)\b")
UNITS_S = {"s": 1.0, "min": 60.0}


def test_each_document_is_classified() -> None:
    assert set(PAGES) == set(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_command_of_a_document_has_a_rule_and_each_rule_a_command(document: str) -> None:
    assert {each.text for each in commands(document)} == set(PAGES[document].commands)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_output_of_a_document_is_compared_or_has_a_reason_not_to_be(document: str) -> None:
    page = PAGES[document]
    plain = [each for each in blocks(document, "") if rule_of(page.outputs, each.text) is None]
    assert not [str(each) for each in plain]
    # A command that is not run has no output to compare with.
    for each in commands(document):
        if each.output and isinstance(page.commands[each.text], Skip):
            assert isinstance(rule_of(page.outputs, each.output), Skip), each
    named = [rule for rule in page.outputs.values() if isinstance(rule, str)]
    assert all(isinstance(page.commands[each], Run) for each in named)


def test_only_known_languages_are_shown() -> None:
    languages = {each.language for document in DOCUMENTS for each in shown(document)}
    assert languages <= {"", "sh", "toml", "yaml", "python", "dockerfile"}


MAKES = sorted(
    {each.text for document in DOCUMENTS for each in commands(document) if each.text.startswith("make ")}
)


@pytest.mark.parametrize("line", MAKES)
def test_make_has_the_targets(line: str) -> None:
    made = ["make", "-n", *shlex.split(line)[1:]]
    done = subprocess.run(made, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


SWEEPS = [
    each
    for document in DOCUMENTS
    for each in commands(document)
    if (words := shlex.split(each.text))[0].endswith("wiretax")
    and words[1] == "run"
    and (ROOT / "scenarios/plans" / f"{words[2]}.toml").is_file()
]


@pytest.mark.parametrize("sweep", SWEEPS, ids=str)
def test_a_long_sweep_states_its_duration(sweep: Shown) -> None:
    words = shlex.split(sweep.text)
    selection = Selection(tuple(_values(words, "--only")), tuple(_values(words, "--skip")))
    plan = selection.of(load_plan(words[2], None))
    for rounds in _values(words, "--rounds"):
        plan = replace(plan, rounds=int(rounds))
    seconds = planned_seconds(plan) if plan.capacity is None else plan.capacity.time_s
    servers = 2 if "--against" in words else 1
    if seconds * servers <= LONG_S:
        return
    said = STATED.search(sweep.comment) or STATED.search(_paragraph_after(sweep))
    assert said, f"{sweep}: {sweep.text} takes {seconds * servers:.0f} s or more"
    # What is forecast is the least: between the slices users become idle.
    assert 0.9 <= int(said[1]) * UNITS_S[said[2]] / (seconds * servers) <= 2.2


def _values(words: list[str], option: str) -> list[str]:
    return [value for word, value in pairwise(words) if word == option]


def _paragraph_after(command: Shown) -> str:
    lines = (ROOT / command.document).read_text().splitlines()[command.line :]
    after = "\n".join(lines).partition("```\n")[2]
    return after.strip().partition("\n\n")[0]
