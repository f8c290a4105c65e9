"""Text from outside (answers of servers, names, files) on a terminal and in logs: it may not act there.

- Control characters, line breaks and characters that change the direction of text are shown as escapes.
- Commands of CI systems (``::error ::text``, ``##[error]text``) are broken by a backslash.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

# C0, C1 and DEL; whatever else has no width, changes the direction of text or ends a line; what no file can hold.
# The joiners U+200C and U+200D remain: scripts and emoji need them.
INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    r"\ud800-\udfff\U000e0000-\U000e0fff]"
)
BUT_LINE_BREAKS = re.compile(INVISIBLE.pattern.replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f"))
# In a document, a tab is as harmless as a line break.
IN_DOCUMENTS = re.compile(INVISIBLE.pattern.replace(r"\x00-\x1f", r"\x00-\x08\x0b-\x1f"))
SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
# Where a backslash breaks a command: before GitHub's, which start a line, and within others, which may be anywhere
# (``##[``, ``##vso[``, ``##teamcity[``).
COMMAND = re.compile(r"(?<!\S)(?=::[A-Za-z])|(?<=#)(?=#\w*\[)")
# A further line of a log message can't be taken for a message.
CONTINUED = "\n| "


def visible(text: str) -> str:
    """The text on one line, with escapes like ``\\x1b`` for what a terminal would obey or not show."""
    return text if text.isascii() and text.isprintable() else INVISIBLE.sub(_escaped, text)


class OneLineError(Exception):
    """An error whose message is one line that can't act, whatever names and values from outside are in it."""

    def __init__(self, line: str) -> None:
        super().__init__(visible(line))


def visible_document(text: str) -> str:
    """A document of several lines, such as a page, with the same escapes in each; tabs and line breaks remain."""
    return IN_DOCUMENTS.sub(_escaped, text.replace("\r\n", "\n"))


def disarmed(text: str) -> str:
    """The text without commands of CI systems."""
    return COMMAND.sub(r"\\", text) if "::" in text or "##" in text else text


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return SHORT.get(character) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


class EscapingConsole(Console):
    """A console on which a printed string is one line that can't act, whatever text is in it.

    A ``Text`` may have line breaks and commands, so it is for wiretax's own words. Markup in strings stays markup:
    text from outside is printed with ``rich.markup.escape`` or ``markup=False``.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(highlight=False, emoji=False, **settings)

    def render_str(self, text: str, **settings: Any) -> Text:
        shown = super().render_str(visible(text), **settings)
        places = [match.start() for match in COMMAND.finditer(shown.plain)]
        return shown.blank_copy("\\").join(shown.divide(places)) if places else shown

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text = segment.text
            if segment.control or (text.isascii() and text.isprintable()):
                yield segment
            else:
                yield Segment(BUT_LINE_BREAKS.sub(_escaped, text), segment.style)


class EscapedRecord(logging.LogRecord):
    """A log record whose message, and traceback if it has one, can't act on a terminal or forge other lines."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        if self.exc_info and self.exc_info[0] is not None:
            # Formatters take this, if it is there, for what they would make of exc_info.
            self.exc_text = _continued(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> str:  # noqa: N802  # as logging names it
        return _continued(super().getMessage())


def _continued(text: str) -> str:
    if text.isascii() and text.isprintable():
        return disarmed(text)
    return CONTINUED.join(disarmed(visible(line)) for line in text.split("\n"))


def escape_logs() -> None:
    """Escape all that this process logs from now on, Locust's messages included."""
    logging.setLogRecordFactory(EscapedRecord)
