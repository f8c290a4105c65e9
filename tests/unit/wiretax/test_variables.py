"""Each option of each command has a variable; none of them means something else anywhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from wiretax.cli import COMMANDS, LazyCommands, app

ROOT = Path(__file__).parents[3]
NAMED = re.compile(r"WIRETAX_[A-Z][A-Z_]*")


def commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for sub, each in getattr(command, "commands", {}).items():
        yield from commands(f"{name} {sub}", each)


ALL = [each for name, command in LazyCommands().items() for each in commands(name, command)]


def options(command: Any) -> list[Any]:
    return [each for each in command.params if each.param_type_name == "option"]


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_each_option_has_the_variable_of_its_command_and_name(name: str, command: Any) -> None:
    for option in options(command):
        words = f"wiretax {name} {option.opts[0].lstrip('-')}"
        assert option.envvar[0] == re.sub(r"[ -]", "_", words).upper()
    assert bool(options(command)) == (command.epilog is not None)


def test_there_are_commands_and_those_of_a_group() -> None:
    assert {name for name, _ in ALL} >= set(COMMANDS)
    assert any(" " in name for name, _ in ALL)
    assert sum(len(options(command)) for _, command in ALL) > 100


def test_no_variable_stands_for_two_options_or_for_anything_else() -> None:
    own = Counter(option.envvar[0] for _, command in ALL for option in options(command))
    assert [name for name, times in own.items() if times > 1] == []
    files = [
        *(ROOT / "wiretax").rglob("*.py"),
        *(ROOT / "scenarios").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
    ]
    others = {
        name
        for file in files
        if not {"variables", "documents", "help"} & {*file.stem.split("_"), *file.parent.parts}
        for name in NAMED.findall(file.read_text())
    }
    # It names the same option.
    assert others & own.keys() <= {"WIRETAX_MOCK_SECRET"}
    assert {"WIRETAX_PLAN", "WIRETAX_DEBUG", "WIRETAX_WEB_PASSWORD"} <= others


def call(*arguments: str, **env: str) -> Any:
    return CliRunner().invoke(app, arguments, env=env)


def test_variables_set_options_and_the_command_line_wins() -> None:
    done = call("plan", "quick", WIRETAX_PLAN_ONLY="batch2-* batch5-*", WIRETAX_PLAN_ROUNDS="7")
    assert "4 workloads, 7 rounds" in done.output
    done = call("plan", "quick", "--rounds", "9", WIRETAX_PLAN_ROUNDS="7")
    assert "8 workloads, 9 rounds" in done.output


def test_the_variable_that_names_the_command_wins_over_a_shorter_one() -> None:
    long, short = (f"http://key:hidden@{host}:80/apps/1" for host in ("long.test", "short.test"))
    done = call("plan", "quick", WIRETAX_PLAN_ENDPOINT=long, PUSHER_URL=short)
    assert "long.test" in done.output
    assert "hidden" not in done.output
    assert "short.test" in call("plan", "quick", PUSHER_URL=short).output


def test_a_value_that_can_not_be_used_is_rejected_with_its_variable() -> None:
    done = call("plan", "quick", WIRETAX_PLAN_ROUNDS="many")
    assert done.exit_code == 2
    assert "(from WIRETAX_PLAN_ROUNDS)" in " ".join(done.output.replace("│", " ").split())
    assert "from" not in call("plan", "quick", "--rounds", "many", WIRETAX_PLAN_ROUNDS="7").output


@pytest.mark.parametrize("arguments", [["run", "--help"], ["plan", "quick", "--rounds", "x"], ["plan"]])
def test_no_secret_is_shown(arguments: list[str]) -> None:
    secret = "http://key:hidden@[broken/apps"
    done = call(*arguments, WIRETAX_RUN_ENDPOINT=secret, WIRETAX_PLAN_ENDPOINT=secret, WIRETAX_RUN_AGAINST=secret)
    assert "hidden" not in done.output


def test_the_options_of_wiretax_itself_have_no_variables() -> None:
    done = call("clients", WIRETAX_VERSION="1", WIRETAX_INSTALL_COMPLETION="1", WIRETAX_SHOW_COMPLETION="1")
    assert done.exit_code == 0
    assert "not libraries of the service" in done.output
