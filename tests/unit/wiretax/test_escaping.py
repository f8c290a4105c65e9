"""Text from outside can't act on a terminal, in a log or in CI."""

from __future__ import annotations

import io
import logging
import unicodedata

import pytest
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from wiretax.escaping import EscapedRecord, EscapingConsole, visible, visible_document
from wiretax.progress_bar import progress_bar

# Clears the screen, sets the clipboard, forges lines and commands, and turns the direction of text.
HOSTILE = (
    "\x1b[2J\x1b]52;c;eA==\x07\r\n::error file=x::forged\u2028\u202egnp.\u2066 \x9b2J ##[error]x ##vso[a] "
    "[red]x[/red] [/] \udcff\U000e0041"
)
SHOWN = (
    r"\x1b[2J\x1b]52;c;eA==\x07\r\n::error file=x::forged\u2028\u202egnp.\u2066 \x9b2J #\#[error]x #\#vso[a] "
    r"[red]x[/red] [/] \udcff\U000e0041"
)


def console(terminal: bool = False) -> tuple[EscapingConsole, io.StringIO]:
    text = io.StringIO()
    return EscapingConsole(file=text, width=400, force_terminal=terminal), text


def test_a_document_keeps_its_lines_and_tabs_and_nothing_else_that_acts() -> None:
    assert visible_document("a\tb\r\nc\n\x1b[2J\r\u202e\x9b") == "a\tb\nc\n\\x1b[2J\\r\\u202e\\x9b"


def test_characters_that_control_a_terminal_or_turn_text_are_escaped_and_writing_is_not() -> None:
    kept = "\u200c\u200d"
    turning = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    for code in range(0x10000):
        character = chr(code)
        category, direction = unicodedata.category(character), unicodedata.bidirectional(character)
        if category in ("Cc", "Zl", "Zp", "Cs") or direction in turning:
            assert visible(character).isascii(), hex(code)
    assert visible(kept) == kept
    assert visible("déjà vu, 漢字 \U0001f600") == "déjà vu, 漢字 \U0001f600"


def test_a_string_is_one_line_that_does_nothing() -> None:
    for markup, text in ((False, HOSTILE), (True, escape(HOSTILE)), (True, f"[red]{escape(HOSTILE)}[/red]")):
        printer, printed = console()
        printer.print(text, markup=markup, soft_wrap=True)
        assert printed.getvalue() == SHOWN + "\n"


@pytest.mark.parametrize("command", ["::error ::x", "  ::set-output name=a::b", "##[group]x", "a ##teamcity[x]"])
def test_commands_of_ci_systems_are_broken(command: str) -> None:
    printer, printed = console()
    printer.print(command, markup=False)
    table = Table(box=None)
    table.add_column("")
    table.add_row(f"[bold]{escape(command)}[/bold]")
    printer.print(table)
    for line in printed.getvalue().splitlines():
        assert not line.strip().startswith("::")
        assert "##" not in line
    printer.print("std::move, [::1]:80 and #1", markup=False)
    assert printed.getvalue().endswith("std::move, [::1]:80 and #1\n")


def test_styles_and_own_line_breaks_remain_and_cells_keep_their_width() -> None:
    printer, printed = console(terminal=True)
    printer.print("[red]ours[/red]", Text("two\nlines"))
    assert printed.getvalue() == "\x1b[31mours\x1b[0m two\nlines\n"
    printer, printed = console()
    table = Table(box=None, pad_edge=False)
    table.add_column("a")
    table.add_column("b")
    table.add_row("\x1b[2J", "here")
    table.add_row("x", "here")
    printer.print(table)
    _, *rows = printed.getvalue().splitlines()
    assert len({row.index("here") for row in rows}) == 1


def test_a_text_and_a_progress_bar_have_no_control_characters() -> None:
    printer, printed = console(terminal=True)
    printer.print(Text("a\x1b[2Jb\x9b"))
    assert printed.getvalue() == "a\\x1b[2Jb\\x9b\n"
    bar = progress_bar(printer)
    task = bar.add_task(HOSTILE, total=1, now="")
    bar.start()
    bar.update(task, completed=0.5, now=HOSTILE)
    bar.refresh()
    bar.stop()
    assert "\x1b[2J" not in printed.getvalue().replace("\x1b[2K", "")
    assert "\x1b]" not in printed.getvalue()
    assert SHOWN.split()[0] in printed.getvalue()


def test_messages_and_tracebacks_in_logs_forge_no_line() -> None:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    for record in (
        EscapedRecord("n", logging.ERROR, "f", 1, "said %s", (HOSTILE,), None),
        EscapedRecord("n", logging.ERROR, "f", 1, "::error ::%s", ("x",), info),
    ):
        handler.emit(record)
    written = lines.getvalue()
    assert visible(written.replace("\n", "")) == written.replace("\n", "")
    assert "##[" not in written
    first, *others = written.splitlines()
    assert first.startswith("said \\x1b[2J")
    assert sum(not line.startswith("| ") for line in others) == 2
    assert not any(line.lstrip("| ").startswith("::") for line in written.splitlines())
