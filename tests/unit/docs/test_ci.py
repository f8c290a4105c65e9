"""What docs/ci.md tells people to copy can be used as it is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from shown import fenced, missing

from analysis.gates.baseline.gates import load_gates
from wiretax.load.plan.reading import load_plan

ROOT = Path(__file__).parents[3]
TEXT, README = ((ROOT / name).read_text() for name in ("docs/ci.md", "README.md"))
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
BLOCKS = fenced(TEXT, "yaml")


@pytest.mark.parametrize("number", range(len(fenced(TEXT, "toml"))))
def test_its_gates_and_plans_can_be_loaded(number: int, tmp_path: Path) -> None:
    file = tmp_path / "file.toml"
    text = fenced(TEXT, "toml")[number]
    file.write_text(text)
    if "[[workload]]" in text:
        assert load_plan(str(file), None).workloads
    else:
        assert load_gates(file, accepting=True).checks


def test_its_workflows_are_valid_and_give_the_action_inputs_that_it_has(tmp_path: Path) -> None:
    workflows = [each for each in BLOCKS if re.match(r"(name|on):", each)]
    assert len(workflows) == 3
    assert fenced(README, "yaml") != []
    for each in (*workflows, *fenced(README, "yaml")):
        check_schema("github-workflows", each, tmp_path)
    used = [
        step
        for each in (*workflows, *fenced(README, "yaml"))
        for job in yaml.safe_load(each)["jobs"].values()
        for step in job["steps"]
        if step.get("uses") == "ORG/wiretax@main"
    ]
    assert len(used) == 4
    assert all(step["with"].keys() <= ACTION["inputs"].keys() for step in used)


def test_its_further_jobs_and_steps_belong_into_a_workflow(tmp_path: Path) -> None:
    for each in BLOCKS:
        if each.startswith("  "):
            indented = (
                each
                if each.lstrip().startswith(("queue:", "capacity:"))
                else f"  job:\n    runs-on: x\n    steps:\n{each}"
            )
            workflow = f"on: push\njobs:\n{indented}"
            check_schema("github-workflows", workflow, tmp_path)


def test_its_table_lists_the_inputs_of_the_action() -> None:
    table = TEXT.partition("| input | default | meaning |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(.+?)`", table, re.MULTILINE)) == ACTION["inputs"].keys()


def test_its_gitlab_files_are_valid(tmp_path: Path) -> None:
    [template] = [each for each in BLOCKS if each.startswith("spec:")]
    # A job with what the including file adds to it.
    [extension] = [each for each in BLOCKS if each.startswith("wiretax:")]
    [include] = [each for each in BLOCKS if each.startswith("include:")]
    spec, job = yaml.safe_load_all(template)
    assert set(re.findall(r"inputs\.(\w+)", template)) == spec["spec"]["inputs"].keys()
    assert yaml.safe_load(include)["include"][0]["inputs"].keys() <= spec["spec"]["inputs"].keys()
    job["wiretax"].update(yaml.safe_load(extension)["wiretax"])
    for each in (template.partition("---\n")[2], yaml.safe_dump(job), include):
        check_schema("gitlab-ci", each, tmp_path)
    assert job["wiretax"]["artifacts"]["reports"] == {"junit": "results/*/junit.xml", "metrics": "metrics.txt"}


def check_schema(name: str, text: str, folder: Path) -> None:
    """Check a file with a schema of SchemaStore that the checker brings along."""
    file = folder / "file.yml"
    file.write_text(text)
    done = subprocess.run(
        [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", f"vendor.{name}", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def commands() -> list[list[str]]:
    lines = (
        line.strip().removeprefix("- ").removeprefix("run: ") for each in BLOCKS for line in each.splitlines()
    )
    shown = [line.removeprefix("/tmp/wiretax/bin/").partition(" | ")[0] for line in lines]
    return [shlex.split(line) for line in shown if line.startswith("wiretax ")]


def test_there_are_commands_to_copy() -> None:
    assert {command[1] for command in commands()} == {"run", "gate", "observe", "export"}


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_its_commands_have_the_options_they_name(command: list[str]) -> None:
    assert not missing(command)
