"""What must hold of a command that was run."""

from __future__ import annotations

from difflib import unified_diff

from collected import Shown, blocks
from rules import Run, Skip
from session import Session
from shape import shape


def check(page: Session, command: Shown) -> None:
    """Run a command of a page after those before it; compare exit code, words and the output shown with it."""
    rule = page.page.commands[command.text]
    assert isinstance(rule, Run)
    done = page.result(command)
    printed = done.stdout + done.stderr
    assert done.returncode == rule.code, printed
    assert rule.says in printed
    lines = shape(done.stdout, rule.ignored)
    rules = page.page.outputs
    if command.output and not isinstance(rule_of(rules, command.output), Skip):
        differing = "\n".join(
            unified_diff(shape(command.output, rule.ignored), lines, "shown", "printed", lineterm="")
        )
        assert not differing, differing
    for block in blocks(command.document, ""):
        if rule_of(rules, block.text) == command.text:  # a part of the output
            printed_lines = iter(lines)
            missing = [line for line in shape(block.text, rule.ignored) if line not in printed_lines]
            assert not missing, f"{block}: {missing}\n{done.stdout}"


def rule_of(rules: object, text: str) -> Skip | str | None:
    """The rule of a block of output: that of the words it begins with."""
    assert isinstance(rules, dict)
    return next((rule for begin, rule in rules.items() if text.lstrip().startswith(begin)), None)
