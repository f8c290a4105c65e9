"""What docs/scaling.md tells people to copy can be used as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from shown import commands, fenced, missing

TEXT = (Path(__file__).parents[3] / "docs" / "scaling.md").read_text()


def documents() -> list[dict[str, Any]]:
    [text] = fenced(TEXT, "yaml")
    return list(yaml.safe_load_all(text))


def containers() -> list[dict[str, Any]]:
    templates = [each["spec"]["template"]["spec"] for each in documents() if "template" in each.get("spec", {})]
    return [container for template in templates for container in template["containers"]]


def shown_commands() -> list[list[str]]:
    """All of them, as they would be run from the checkout."""
    [image] = fenced(TEXT, "dockerfile")
    entry = re.search(r"^ENTRYPOINT \[(.*)\]$", image, re.MULTILINE)
    assert entry is not None
    locust = [word.strip(' "') for word in entry[1].split(",")]
    return commands(TEXT) + [each.get("command") or [*locust, *each["args"]] for each in containers()]


@pytest.mark.parametrize("command", shown_commands(), ids=" ".join)
def test_its_commands_have_the_options_they_name(command: list[str]) -> None:
    assert not missing(command)


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
