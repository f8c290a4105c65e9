"""Events from lines of JSON, one event a line.

``{"name": "my-event", "channel": "my-channel", "data": "..."}``; an event for several channels has a list
``channels`` instead of ``channel``. ``data`` is a string or a document; ``socket_id`` and ``info`` may follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wiretax.channels.bodies.events import Event
from wiretax.channels.limits import Limits
from wiretax.queue.sources.chunks import MAX_LINE_BYTES
from wiretax.queue.sources.event_fields import LibraryCheck, OnError, UnknownFields, event_of
from wiretax.queue.sources.line_fields import fields_of


class LineError(ValueError):
    """A line that isn't an event the endpoint and the client library would accept: its number, and the reason."""

    def __init__(self, name: str, number: int, why: str) -> None:
        super().__init__(f"{name}, line {number}: {why}")
        self.number = number


@dataclass(slots=True)
class LineParser:
    """The events of a file, read once.

    Attributes:
        name: what to call the file in messages.
        limits: what the endpoint accepts.
        on_error: what to do with an invalid line: skip it, or stop reading.
        warn: called with a message for each line that is skipped.
        library: says why the client library would refuse an event; None if it refuses none.
        unknown: names the fields that are not sent; None if nobody needs to know.
        read: events read so far.
        skipped: lines skipped so far.
    """

    name: str
    limits: Limits
    on_error: OnError
    warn: Callable[[str], None]
    library: LibraryCheck | None = None
    unknown: UnknownFields | None = None
    read: int = 0
    skipped: int = 0

    def events(self, lines: Iterator[bytes]) -> Iterator[Event]:
        """Read events in order, ignoring empty lines.

        Raises:
            LineError: at the first invalid line, unless those are skipped.
        """
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                event = self._event(line, number)
            except ValueError as error:
                wrong = LineError(self.name, number, str(error))
                if self.on_error == "stop":
                    raise wrong from None
                self.skipped += 1
                self.warn(f"{wrong}; skipped")
                continue
            self.read += 1
            yield event

    def _event(self, line: bytes, number: int) -> Event:
        if len(line) > MAX_LINE_BYTES:
            raise ValueError(f"more than {MAX_LINE_BYTES:,} bytes without a line end")
        fields, is_document = fields_of(line)
        event = event_of(fields, self.limits, self.library, is_document)
        if self.unknown is not None:
            self.unknown.note(f"{self.name}, line {number}", fields)
        return event
