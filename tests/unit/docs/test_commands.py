"""The commands that the documents show exist, with the options that they are shown with."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from shown import commands, missing

from wiretax.load.plan.reading import plan_names

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = sorted({tuple(command) for document in DOCUMENTS for command in commands(document.read_text())})


def test_the_readme_shows_commands() -> None:
    assert {"run", "doctor", "observe", "gate", "report", "ui", "advise"} <= {
        command[1] for command in commands((ROOT / "README.md").read_text()) if command[0] == "wiretax"
    }


@pytest.mark.parametrize("command", SHOWN, ids=" ".join)
def test_a_command_has_its_options(command: tuple[str, ...]) -> None:
    assert not missing(list(command))


@pytest.mark.parametrize("command", [each for each in SHOWN if each[:2] == ("wiretax", "run")], ids=" ".join)
def test_a_plan_that_is_named_exists(command: tuple[str, ...]) -> None:
    assert command[2] in {*plan_names(), "my-plan.toml", "faults.toml"}


INLINE = sorted(
    {
        " ".join(found.split())
        for document in DOCUMENTS
        for found in re.findall(
            r"`(?:\.venv/bin/)?(wiretax [a-z][^`]*)`",
            re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL),
        )
    }
)


@pytest.mark.parametrize("line", INLINE)
def test_a_command_in_a_sentence_has_its_options(line: str) -> None:
    words = shlex.split(line)
    assert not missing(["locust", "-f", "scenarios/locustfile.py", *words[2:]] if words[1] == "ui" else words)
