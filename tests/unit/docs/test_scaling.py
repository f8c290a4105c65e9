"""What docs/scaling.md tells people to copy can be used as it is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "scaling.md").read_text()


def fenced(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def documents() -> list[dict[str, Any]]:
    [text] = fenced("yaml")
    return list(yaml.safe_load_all(text))


def containers() -> list[dict[str, Any]]:
    templates = [each["spec"]["template"]["spec"] for each in documents() if "template" in each.get("spec", {})]
    return [container for template in templates for container in template["containers"]]


def commands() -> list[list[str]]:
    """All of them, as they would be run from the checkout."""
    lines = [line.partition("#")[0] for each in fenced("sh") for line in each.splitlines()]
    shown = [shlex.split(line.removeprefix(".venv/bin/")) for line in lines if line.startswith(".venv/bin/")]
    [image] = fenced("dockerfile")
    entry = re.search(r"^ENTRYPOINT \[(.*)\]$", image, re.MULTILINE)
    assert entry is not None
    locust = [word.strip(' "') for word in entry[1].split(",")]
    return shown + [each.get("command") or [*locust, *each["args"]] for each in containers()]


# Locust's own --help leaves out the options of a locustfile.
LOCUST_OPTIONS = """
import sys
from importlib import import_module
from locust.argument_parser import get_parser
import_module(sys.argv[1])
print(*(option for action in get_parser()._actions for option in action.option_strings))
"""


@cache
def options(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "NO_COLOR": "1"},
    ).stdout


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_its_commands_have_the_options_they_name(command: list[str]) -> None:
    if command[0] == "locust":
        module = command[command.index("-f") + 1].removesuffix(".py").replace("/", ".")
        said = options("-c", LOCUST_OPTIONS, module)
    elif command[0] == "python":
        assert (ROOT / f"{command[2].replace('.', '/')}.py").is_file()
        return
    else:
        said = options("-m", *command[:2], "--help")
    for option in (word for word in command if word.startswith("-")):
        assert re.search(rf"(^|[\s,]){option}\b", said), option


def test_its_objects_name_each_other() -> None:
    by_kind: dict[str, set[str]] = {}
    for each in documents():
        by_kind.setdefault(each["kind"], set()).add(each["metadata"]["name"])
    labels = {
        each["spec"]["template"]["metadata"]["labels"]["app"]
        for each in documents()
        if "template" in each.get("spec", {})
    }
    for service in (each for each in documents() if each["kind"] == "Service"):
        assert service["spec"]["selector"]["app"] in labels
    master, worker = (next(each for each in containers() if each["name"] == name) for name in ("master", "worker"))
    assert worker["args"][worker["args"].index("--master-host") + 1] in by_kind["Service"]
    assert master["env"][0]["valueFrom"]["secretKeyRef"]["name"] in by_kind["Secret"]
    [jobs] = [each for each in documents() if each["metadata"]["name"] == "wiretax-workers"]
    assert str(jobs["spec"]["parallelism"]) == master["args"][master["args"].index("--expect-workers") + 1]
    [claim] = by_kind["PersistentVolumeClaim"]
    assert f"claimName: {claim}" in TEXT
