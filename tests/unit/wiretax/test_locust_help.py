"""``locust -f FILE --help`` lists wiretax's options in groups; any other Locust is left alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from shown import LOCUSTFILES, ROOT, _locust_options

from wiretax.help.groups import LOCUST_OTHER
from wiretax.locust_help import locust_arguments, locustfiles, wants_help

LOCUST = Path(sys.executable).with_name("locust")
# Of Locust 2.47: all that precedes the options of a locustfile is its own.
TITLE = re.compile(r"^(\S.*):$", re.MULTILINE)


def shown(*arguments: str, **env: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WIRETAX_")}
    done = subprocess.run(
        arguments, cwd=ROOT, env={**inherited, "COLUMNS": "100", **env}, capture_output=True, text=True, check=True
    )
    return done.stdout


@cache
def locusts_own() -> frozenset[str]:
    options = "option for action in get_parser()._actions for option in action.option_strings"
    script = f"from locust.argument_parser import get_parser; print(*({options}))"
    return frozenset(shown(sys.executable, "-c", script).split())


@pytest.mark.parametrize("module", LOCUSTFILES)
def test_the_options_of_a_locustfile_are_in_named_groups_before_locusts_own(module: str) -> None:
    file = f"{module.replace('.', '/')}.py"
    text = shown(
        str(LOCUST), "-f", file, "--help", WIRETAX_MAX_MESSAGES="5", PUSHER_URL="http://key:hidden@h/apps/1"
    )
    ours, common, _ = text.partition("\nCommon options:\n")
    assert common
    titles = TITLE.findall(ours)
    assert titles[0] == "wiretax: plan"
    assert all(each.startswith("wiretax: ") for each in titles)
    assert LOCUST_OTHER not in titles
    listed = set(re.findall(r"^  (--[\w-]+)", ours, re.MULTILINE))
    assert listed == _locust_options()[module] - locusts_own()
    assert "Now set to 5 by WIRETAX_MAX_MESSAGES." in " ".join(ours.split())
    assert "hidden" not in text
    assert f"    locust -f {file} " in text.partition("\nExamples:\n")[2]


def test_wiretax_ui_lists_them_too_and_its_defaults() -> None:
    text = shown(sys.executable, "-m", "wiretax", "ui", "--help")
    assert text.startswith("Usage: wiretax ui [options]\n")
    assert "\nwiretax: what to send:\n" in text
    assert "--web-host 127.0.0.1" in text
    assert text.index("wiretax: what to send:") < text.index("Web UI options:") < text.index("Examples:")


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (["python", "/venv/bin/locust", "-f", "a.py", "-h"], ["-f", "a.py", "-h"]),
        (["python", "-X", "dev", "-m", "locust", "--help"], ["--help"]),
        (["python", "-m", "pytest", "locust", "--help"], None),
        (["python", "/venv/bin/gunicorn", "locust"], None),
        (["python"], None),
    ],
)
def test_a_process_that_runs_locust_is_known_by_its_command(
    command: list[str], arguments: list[str] | None
) -> None:
    assert locust_arguments(command) == arguments


def test_help_is_only_replaced_for_a_locustfile_with_wiretax_in_it(tmp_path: Path) -> None:
    ours, other = tmp_path / "ours.py", tmp_path / "other.py"
    ours.write_text("from scenarios.locustfile import *\n")
    other.write_text("from locust import HttpUser\n")
    assert wants_help(["-f", str(ours), "--help"])
    assert wants_help([f"--locustfile={other},{ours}", "-h"])
    assert not wants_help(["-f", str(other), "--help"])
    assert not wants_help(["-f", str(ours), "-H", "http://h"])
    assert not wants_help(["-f", str(tmp_path / "missing.py"), "--help"])
    assert not wants_help(["--help"])
    assert locustfiles(["-f", "a.py, b.py", "--locustfile=c.py"]) == ["a.py", "b.py", "c.py"]
