"""Commands that the documents show, and the options that those commands have."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import typer

from wiretax.cli import app

ROOT = Path(__file__).parents[2]
LOCUSTFILES = ("scenarios.locustfile", "scenarios.subscribers", "scenarios.planfile")
# Locust's own --help leaves out the options of a locustfile.
# Each locustfile adds its own, so each is imported by a separate process, which begins with what they share.
LOCUST_OPTIONS = """
import os, sys
from importlib import import_module
from locust.argument_parser import get_parser
import wiretax.load.drivers.locustfiles.locust_session, wiretax.load.drivers.locustfiles.planfile_session
sys.path.insert(0, "scenarios")  # as Locust does with the folder of a locustfile
for module in sys.argv[1:]:
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0
        continue
    import_module(module)
    print(module, *(option for action in get_parser()._actions for option in action.option_strings), flush=True)
    os._exit(0)
"""


def fenced(text: str, kind: str) -> list[str]:
    """The blocks of a document between fences of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """The commands of a document's shell blocks, as they would be run from the checkout."""
    lines = [line.partition(" #")[0] for each in fenced(text, "sh") for line in each.splitlines()]
    shown = [line.rpartition("| ")[2] for line in lines if ".venv/bin/" in line]
    return [shlex.split(line.removeprefix(".venv/bin/")) for line in shown]


def missing(command: list[str]) -> list[str]:
    """The options of a command that its program does not have, or the module to run if there is none."""
    if command[0] == "python":
        module = command[command.index("-m") + 1]
        path = ROOT / module.replace(".", "/")
        return [] if path.with_suffix(".py").is_file() or (path / "__main__.py").is_file() else [module]
    own = [word for word in (command[: command.index("--")] if "--" in command else command) if word != "--help"]
    if command[0] == "locust":
        known = _locust_options()[command[command.index("-f") + 1].removesuffix(".py").replace("/", ".")]
    else:
        known = _wiretax_options(*own[1:3])
    return [word for word in own if word.startswith("-") and word != "-" and word not in known]


@cache
def _locust_options() -> dict[str, frozenset[str]]:
    printed = subprocess.run(
        [sys.executable, "-c", LOCUST_OPTIONS, *LOCUSTFILES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    found = [line.split() for line in printed.splitlines()]
    return {module: frozenset(options) for module, *options in found}


@cache
def _wiretax_options(name: str = "run", word: str = "") -> frozenset[str]:
    group = typer.main.get_command(app)
    found = vars(group)["commands"][name]
    found = vars(found).get("commands", {}).get(word, found)
    return frozenset(option for each in found.params for option in (*each.opts, *each.secondary_opts))
