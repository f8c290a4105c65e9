"""The help of each command: options in named groups, with a text and the default; examples that parse."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from shown import missing
from typer.testing import CliRunner

from wiretax.cli import COMMANDS, LazyCommands, app
from wiretax.help.commands import EXIT_CODES
from wiretax.help.examples import COMMANDS as EXAMPLES
from wiretax.help.examples import LOCUST, WIRETAX
from wiretax.help.groups import COMMANDS as GROUPED
from wiretax.help.groups import OPTIONS, OTHER
from wiretax.terminal import Exit

INDENTED = re.compile(r"^  (--\S+)", re.MULTILINE)


def all_commands() -> Iterator[tuple[str, Any]]:
    for name, command in LazyCommands().items():
        yield name, command
        yield from ((f"{name} {each}", inner) for each, inner in getattr(command, "commands", {}).items())


ALL = [(name, command) for name, command in all_commands() if name != "ui"]
BY_NAME = pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])


def page(*arguments: str, columns: int = 80, **env: str) -> str:
    done = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": str(columns), **env})
    assert done.exit_code == 0, done.output
    return str(done.output)


def options(command: Any) -> list[Any]:
    return [each for each in command.params if each.param_type_name == "option"]


@BY_NAME
def test_each_option_is_in_one_named_group(name: str, command: Any) -> None:
    grouped = [option for names in OPTIONS.get(name, {}).values() for option in names]
    assert sorted(grouped) == sorted(each.opts[0] for each in options(command))
    shown = page(*name.split())
    assert INDENTED.findall(shown.partition(f"{OTHER}:")[2]) == ["--help"]
    assert all(f"\n{title}:\n" in shown for title in OPTIONS.get(name, {}))


@BY_NAME
def test_each_option_has_a_text_and_its_default(name: str, command: Any) -> None:
    shown = " ".join(page(*name.split()).split())
    for each in options(command):
        assert each.help
        begin = shown.partition(f" {each.opts[0]}")[2]
        assert " ".join(each.help.rstrip(".").split()) in begin
        if each.default not in (None, False, "") and each.default is not True:
            assert f"Default: {each.default}." in begin


@pytest.mark.parametrize("columns", [80, 120])
@BY_NAME
def test_only_examples_and_urls_are_wider_than_the_terminal(name: str, command: Any, columns: int) -> None:
    text = page(*name.split(), columns=columns).partition("\nExamples:")[0]
    wide = [line for line in text.splitlines() if len(line) > min(columns, 100) and len(line.split()) > 1]
    assert not wide


@pytest.mark.parametrize("name", sorted({*EXAMPLES, *(name for name, _ in ALL)}))
def test_each_command_has_examples_that_parse(name: str) -> None:
    shown = page(*name.split()) if name != "ui" else "\n".join(f"  {line}\n" for _, line in EXAMPLES[name])
    for _, line in EXAMPLES[name]:
        assert f"  {line}\n" in shown
        words = shlex.split(line)
        assert words[:2] == ["wiretax", name.split()[0]]
        if name == "ui":
            words = ["locust", "-f", "scenarios/locustfile.py", *words[2:]]
        assert not missing(words)
        if name != "ui":
            LazyCommands()[words[1]].make_context(words[1], words[2:], resilient_parsing=True)


@pytest.mark.parametrize("line", [line for examples in LOCUST.values() for _, line in examples])
def test_the_examples_for_locust_have_options_that_it_has(line: str) -> None:
    assert not missing(shlex.split(line))


def test_the_overview_has_all_commands_by_task_examples_and_exit_codes() -> None:
    shown = page()
    assert sorted(each for names in GROUPED.values() for each in names) == sorted(COMMANDS)
    assert all(f"\n{title}:\n" in shown for title in (*GROUPED, "Examples", "Exit codes"))
    assert {int(code) for code, _ in EXIT_CODES} == set(Exit)
    assert all(f"\n  {code} " in shown for code, _ in EXIT_CODES)
    for _, line in WIRETAX:
        assert not missing(shlex.split(line))


def test_a_variable_that_is_set_is_named_with_its_value_but_no_secret() -> None:
    secret = "http://key:hidden@example.test/apps/1"
    shown = " ".join(page("run", WIRETAX_RUN_ROUNDS="7", PUSHER_URL=secret).split())
    assert "Now set to 7 by WIRETAX_RUN_ROUNDS." in shown
    assert "Now set by PUSHER_URL." in shown
    assert "hidden" not in shown
