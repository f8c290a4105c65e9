"""The layout of a help page: a usage line, what the command does, groups of options, examples and notes."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Sequence

import typer

from wiretax.help.examples import Examples

# Wider lines are hard to read, and a file has no width.
MOST_COLUMNS = 100
# What an option takes of a line before its text, if it is short enough.
OPTION_COLUMNS = 26
INDENT = "  "
Entry = tuple[str, str]


def columns() -> int:
    """The width of a page."""
    return min(shutil.get_terminal_size((MOST_COLUMNS, 24)).columns, MOST_COLUMNS)


def paragraphs(text: str) -> str:
    """Text whose paragraphs are filled to the width."""
    filled = (
        textwrap.fill(" ".join(each.split()), columns(), break_on_hyphens=False) for each in text.split("\n\n")
    )
    return "\n\n".join(filled)


def section(title: str, entries: Iterable[Entry]) -> str:
    """A titled list; a text begins beside what it is about, or below if that is long."""
    listed = list(entries)
    width = min(max(len(name) for name, _ in listed), OPTION_COLUMNS)
    begin = " " * (len(INDENT) + width + 2)
    lines = [heading(title)]
    for name, text in listed:
        filled = textwrap.wrap(
            text, columns(), initial_indent=begin, subsequent_indent=begin, break_on_hyphens=False
        )
        first, *rest = filled or [""]
        if len(name) <= width:
            lines += [f"{INDENT}{name:{width}}  {first.lstrip()}".rstrip(), *rest]
        else:
            lines += [INDENT + name, *filled]
    return "\n".join(lines)


def example_section(examples: Examples) -> str:
    """Commands to copy, each whole on a line, below what it is for."""
    lines = [heading("Examples")]
    for purpose, command in examples:
        lines += [f"{INDENT}# {purpose}"] if purpose else []
        lines.append(INDENT + command)
    return "\n".join(lines)


def heading(title: str) -> str:
    """The title of a section, bold on a terminal."""
    return typer.style(f"{title}:", bold=True)


def page(parts: Sequence[str]) -> str:
    """The parts that aren't empty, with a line between them."""
    return "\n\n".join(each for each in parts if each) + "\n"
