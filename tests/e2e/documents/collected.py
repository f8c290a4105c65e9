"""What the documents show: commands, the output below them, and blocks in other languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *sorted(str(each.relative_to(ROOT)) for each in (ROOT / "docs").glob("*.md")),
    *sorted(str(each.relative_to(ROOT)) for each in (ROOT / "examples").rglob("README.md")),
)
FENCE = re.compile(r"^ *```(\w*)\s*$")
PROMPT = "$ "
COMMENT = re.compile(r"\s+# .*$")


@dataclass(frozen=True, slots=True)
class Shown:
    """A command, or a block of another language.

    Attributes:
        line: where it is in the document, from 1.
        language: of its block; empty for a block without one.
        text: the command without its comment, or the text of the block.
        comment: what follows ``#`` behind the command.
        output: what the document shows below a command after a prompt; empty if nothing.
    """

    document: str
    line: int
    language: str
    text: str
    comment: str = ""
    output: str = ""

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@cache
def shown(document: str) -> tuple[Shown, ...]:
    """All that a document shows between fences, in order: a command for each line of a shell block."""
    found: list[Shown] = []
    language: str | None = None
    lines: list[str] = []
    begin = 0
    for number, line in enumerate((ROOT / document).read_text().splitlines(), 1):
        fence = FENCE.match(line)
        if fence is None:
            lines.append(line)
        elif language is None:
            language, lines, begin = fence[1], [], number + 1
        else:
            found += _of_block(document, begin, language, lines)
            language = None
    assert language is None, f"{document}: a fence is left open"
    return tuple(found)


def _of_block(document: str, begin: int, language: str, lines: list[str]) -> list[Shown]:
    if language == "sh":
        return [
            _command(document, begin + index, language, line)
            for index, line in enumerate(lines)
            if line.strip() and not line.startswith("#")
        ]
    if not language and lines[0].startswith(PROMPT):
        command = _command(document, begin, language, lines[0].removeprefix(PROMPT), "\n".join(lines[1:]))
        return [command]
    return [Shown(document, begin, language, "\n".join(lines))]


def _command(document: str, line: int, language: str, text: str, output: str = "") -> Shown:
    comment = COMMENT.search(text)
    bare = text if comment is None else text[: comment.start()]
    return Shown(document, line, language, bare.strip(), comment[0].strip(" #") if comment else "", output)


def commands(document: str) -> list[Shown]:
    """The commands of a document, in the order of a session."""
    return [each for each in shown(document) if each.language == "sh" or each.output]


def blocks(document: str, language: str) -> list[Shown]:
    """The blocks of a language; of none: what is not a command with its output."""
    return [each for each in shown(document) if each.language == language and not each.output]
