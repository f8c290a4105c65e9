"""Events from JSON Lines: a file or standard input, one event a line, in one pass, in order.

``{"name": "my-event", "channel": "my-channel", "data": "..."}``; ``channels`` is a list where an event goes to
several. Data that is no string is encoded as compactly as JSON allows, as an application would.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import gevent
import orjson
from gevent import socket as gevent_socket

from wiretax.channels.bodies.events import Event
from wiretax.channels.limits import Limits, refuse_event
from wiretax.queue.arrival import Arrival
from wiretax.queue.buffer import Buffer

OnError = Literal["skip", "stop"]
STDIN = "-"
CHUNK_BYTES = 65_536
# A line longer than this is no event: the service takes 10 kB, a dedicated cluster some more.
MOST_LINE_BYTES = 16 * 1024 * 1024
READ_AHEAD = 1000
# Counting the lines of a longer rest would delay the end of a run.
MOST_COUNTED_BYTES = 256 * 1024 * 1024


class LineError(ValueError):
    """A line that is no event the endpoint would take: its number, and what is wrong."""

    def __init__(self, where: str, number: int, why: str) -> None:
        super().__init__(f"{where}, line {number}: {why}")
        self.number = number


class EventsError(ValueError):
    """Events that can't be read at all."""


def event_of(document: Any, limits: Limits) -> Event:
    """An event from its fields.

    Raises:
        ValueError: with what is wrong; the fields are no event, or the endpoint would refuse it.
    """
    if not isinstance(document, dict):
        raise ValueError(f"{_kind(document)}, expected an object with name, channel and data")
    for field in ("name", "data"):
        if field not in document:
            raise ValueError(f"no {field}; an event has name, channel (or channels) and data")
    name, data = document["name"], document["data"]
    if not isinstance(name, str):
        raise ValueError(f"name is {_kind(name)}, expected a string")
    if not isinstance(data, str):
        data = orjson.dumps(data).decode()
    event = Event(name, _channels(document), data)
    if limits.channels == 1 < len(event.channels):
        raise ValueError(f"{len(event.channels)} channels; an item of a batch has one, a trigger takes several")
    refusal = refuse_event(name, event.channels, data, limits)
    if refusal is not None:
        raise ValueError(refusal.message)
    return event


def _channels(document: dict[str, Any]) -> tuple[str, ...]:
    if ("channel" in document) == ("channels" in document):
        raise ValueError("expected either channel or channels")
    channels = [document["channel"]] if "channel" in document else document["channels"]
    if not isinstance(channels, list) or not all(isinstance(each, str) for each in channels):
        field = "channel" if "channel" in document else "channels"
        what = "a string" if field == "channel" else "a list of strings"
        raise ValueError(f"{field} is {_kind(document[field])}, expected {what}")
    return tuple(channels)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    names = {type(None): "null", dict: "an object", list: "a list", str: "a string", int: "a number"}
    return names.get(type(value), "a number")


@dataclass(slots=True)
class Lines:
    """The events of a file, read once.

    Attributes:
        where: what to call it.
        limits: what the endpoint takes.
        on_error: whether a line that is no event is skipped, or ends the reading.
        say: told of each line that is skipped.
        read: events read so far.
        skipped: lines skipped so far.
    """

    where: str
    limits: Limits
    on_error: OnError
    say: Callable[[str], None]
    read: int = 0
    skipped: int = 0

    def events(self, lines: Iterator[bytes]) -> Iterator[Event]:
        """Events in order; empty lines are none.

        Raises:
            LineError: at the first line that is no event, unless those are skipped.
        """
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                event = self._event(line)
            except ValueError as error:
                wrong = LineError(self.where, number, str(error))
                if self.on_error == "stop":
                    raise wrong from None
                self.skipped += 1
                self.say(f"{wrong}; skipped")
                continue
            self.read += 1
            yield event

    def _event(self, line: bytes) -> Event:
        if len(line) > MOST_LINE_BYTES:
            raise ValueError(f"more than {MOST_LINE_BYTES:,} bytes without a line end")
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"not JSON ({error})") from None
        return event_of(document, self.limits)


def split_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines without their ends. One that never ends is given out when it is longer than any event, and then
    passed over up to its end."""
    rest, passing = b"", False
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if not passing:
                yield line
            passing = False
        if len(rest) > MOST_LINE_BYTES:
            if not passing:
                yield rest
            rest, passing = b"", True
    if rest and not passing:
        yield rest


def open_events(path: str) -> int:
    """A file descriptor to read from; standard input for ``-``.

    Raises:
        EventsError: where it can't be opened.
    """
    if path == STDIN:
        return os.dup(sys.stdin.fileno())
    try:
        if Path(path).is_dir():
            raise EventsError(f"{path}: a folder, expected a file of JSON Lines, or - for standard input")
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise EventsError(f"{path}: {error.strerror}; expected a file of JSON Lines, or -") from None


def chunks_of(descriptor: int) -> Iterator[bytes]:
    """What is to be read, piece by piece; other greenlets run while a pipe has nothing. The descriptor is closed
    at the end."""
    waits = not stat.S_ISREG(os.fstat(descriptor).st_mode)
    try:
        while True:
            if waits:
                gevent_socket.wait_read(descriptor)
            chunk = os.read(descriptor, CHUNK_BYTES)
            if not chunk:
                return
            yield chunk
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class LinesCounts:
    """The ledger of a file.

    Attributes:
        read: lines that became arrivals.
        published: arrivals whose publish was acknowledged.
        given_back: arrivals whose publish failed; each is taken again, and may be sent twice where only its
            answer was lost.
        skipped: lines that are no event.
    """

    read: int = 0
    published: int = 0
    given_back: int = 0
    skipped: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class JsonLines:
    """A source: events of a file or of standard input, in one pass, in order.

    Attributes:
        lines: how far it is, and what was skipped.
        error: what ended it before the end; None while nothing did.
    """

    def __init__(
        self,
        path: str,
        limits: Limits,
        on_error: OnError,
        say: Callable[[str], None],
        pace: Iterator[float] | None = None,
        room: int = READ_AHEAD,
    ) -> None:
        """Open the file.

        Args:
            path: the file, or ``-``.
            limits: what the endpoint takes.
            on_error: what becomes of a line that is no event.
            say: told of each that is skipped.
            pace: when each event is meant to arrive, seconds after the start; None for when it is read.
            room: how many are read ahead at most.

        Raises:
            EventsError: where it can't be opened.
        """
        self._descriptor = open_events(path)
        self._is_file = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        where = "standard input" if path == STDIN else path
        self.lines = Lines(where, limits, on_error, say)
        self.error: ValueError | None = None
        self._counts = LinesCounts()
        self._pace = pace
        self._buffer = Buffer(room)
        self._reader: gevent.Greenlet | None = None
        self._rest = split_lines(chunks_of(self._descriptor))
        # Lines that were not read; None if they were not counted, or can't be (a pipe).
        self._unread: int | None = None

    @property
    def unread(self) -> int | None:
        """Lines after the last one that was read, 0 at the end of the file; None if their number is not known.
        Counted when the source is closed."""
        return self._unread

    @property
    def counts(self) -> LinesCounts:
        """What became of its events so far."""
        self._counts.read, self._counts.skipped = self.lines.read, self.lines.skipped
        return self._counts

    def start(self) -> None:
        """Begin to read."""
        self._reader = gevent.spawn(self._read)

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        return self._buffer.take(most, linger_s)

    def acknowledge(self, arrivals: list[Arrival]) -> None:
        self._counts.published += len(arrivals)

    def give_back(self, arrivals: list[Arrival]) -> bool:
        self._counts.given_back += len(arrivals)
        self.put_back(arrivals)
        return True

    def put_back(self, arrivals: list[Arrival]) -> None:
        self._buffer.give_back(arrivals)

    def reject(self, arrivals: list[Arrival]) -> None:
        return None

    def waiting(self) -> int:
        """How many were read and not taken; what is still in the file is not known."""
        return len(self._buffer)

    def close(self) -> None:
        """Nothing more is read; what was read ahead is there to be taken."""
        if self._reader is None:
            os.close(self._descriptor)
        else:
            self._reader.kill()
            self._count_rest()
        self._buffer.finish()

    def _count_rest(self) -> None:
        """Count the lines that were not read. Those of a pipe are not waited for."""
        if self._unread is not None or not self._is_file:
            return
        with suppress(OSError):  # closed after its last line was read
            left_bytes = os.fstat(self._descriptor).st_size - os.lseek(self._descriptor, 0, os.SEEK_CUR)
            if left_bytes <= MOST_COUNTED_BYTES:
                self._unread = sum(1 for line in self._rest if line.strip())

    def _read(self) -> None:
        began_s = monotonic()
        try:
            for event in self.lines.events(self._rest):
                intended_s = monotonic()
                if self._pace is not None:
                    intended_s = began_s + next(self._pace)
                    gevent.sleep(max(0.0, intended_s - monotonic()))
                self._buffer.put(Arrival(event, intended_s))
            self._unread = 0
        except LineError as error:
            self.error = error
        except OSError as error:
            self.error = EventsError(f"{self.lines.where}: {error.strerror}")
            self._is_file = False
        finally:
            self._buffer.finish()
