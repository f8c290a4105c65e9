"""What docs/ci.md tells people to copy can be used as it is."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from shown import fenced, missing

from analysis.gates.baseline.gates import load_gates
from wiretax.load.plan.reading import load_plan

TEXT = (Path(__file__).parents[3] / "docs" / "ci.md").read_text()


@pytest.mark.parametrize("number", range(len(fenced(TEXT, "toml"))))
def test_its_gates_and_plans_can_be_loaded(number: int, tmp_path: Path) -> None:
    file = tmp_path / "file.toml"
    text = fenced(TEXT, "toml")[number]
    file.write_text(text)
    if "[[workload]]" in text:
        assert load_plan(str(file), None).workloads
    else:
        assert load_gates(file, accepting=True).checks


def test_its_jobs_are_whole() -> None:
    github, gitlab = (yaml.safe_load(each) for each in fenced(TEXT, "yaml")[:2])
    steps: list[dict[str, Any]] = github["jobs"]["gate"]["steps"]
    assert any(step.get("run", "").startswith("wiretax run ci") for step in steps)
    assert gitlab["publishing"]["artifacts"]["reports"]["junit"] == "results/*/junit.xml"


def commands() -> list[list[str]]:
    lines = (
        line.strip().removeprefix("- ").removeprefix("run: ")
        for each in fenced(TEXT, "yaml")
        for line in each.splitlines()
    )
    return [shlex.split(line) for line in lines if line.startswith("wiretax ")]


def test_there_are_commands_to_copy() -> None:
    assert {command[1] for command in commands()} == {"run", "gate", "observe"}


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_its_commands_have_the_options_they_name(command: list[str]) -> None:
    assert not missing(command)
