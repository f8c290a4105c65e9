"""A source of events from JSON Lines: a file or standard input, in one pass, in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass

import gevent

from wiretax.channels.limits import Limits
from wiretax.queue.clock import GEVENT_CLOCK, Clock
from wiretax.queue.sources.arrival import Arrival
from wiretax.queue.sources.buffer import Buffer
from wiretax.queue.sources.chunks import STDIN, EventsError, chunks_of, is_file, open_events, split_lines
from wiretax.queue.sources.event_fields import LibraryCheck, OnError, UnknownFields
from wiretax.queue.sources.lines import LineError, LineParser
from wiretax.wire.queue_tally import QueueTally

READ_AHEAD = 1000
# Counting the lines of a longer rest would delay the end of a run.
MAX_COUNTED_BYTES = 256 * 1024 * 1024


@dataclass(slots=True)
class LinesCounts:
    """What became of a file's lines.

    Attributes:
        read: lines that became arrivals.
        published: arrivals whose call was acknowledged.
        given_back: arrivals whose call failed; each is taken again, and may be published twice if only the
            response was lost.
        skipped: invalid lines.
    """

    read: int = 0
    published: int = 0
    given_back: int = 0
    skipped: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class JsonLines:
    """A source: the events of a file or of standard input.

    Attributes:
        retries: events whose call failed are taken again.
        error: what ended it before the end; None if nothing did.
        unread: lines after the last one that was read, counted when the source is closed: 0 at the end of the
            file, None if the number is not known.
    """

    retries = True

    def __init__(
        self,
        path: str,
        limits: Limits,
        on_error: OnError,
        warn: Callable[[str], None],
        pace: Iterator[float] | None = None,
        read_ahead: int = READ_AHEAD,
        clock: Clock = GEVENT_CLOCK,
        library: LibraryCheck | None = None,
    ) -> None:
        """Open the file.

        Args:
            path: the file, or ``-``.
            limits: what the endpoint accepts.
            on_error: what to do with an invalid line.
            warn: called with a message for each line that is skipped, and for a field that is not sent.
            pace: when each event is meant to arrive, seconds after the start; None for when it is read.
            read_ahead: how many events are read ahead at most.
            clock: what arrivals are timed with.
            library: says why the client library would refuse an event; None if it refuses none.

        Raises:
            EventsError: it can't be opened.
        """
        self._descriptor = open_events(path)
        self._is_file = is_file(self._descriptor)
        name = "standard input" if path == STDIN else path
        self._lines = LineParser(name, limits, on_error, warn, library, UnknownFields(warn))
        self.error: ValueError | None = None
        self.unread: int | None = None
        self._counts = LinesCounts()
        self._pace = pace
        self._clock = clock
        self._buffer = Buffer(read_ahead, clock)
        self._reader: gevent.Greenlet | None = None
        self._rest = split_lines(chunks_of(self._descriptor))

    @property
    def counts(self) -> LinesCounts:
        """What became of its lines so far."""
        self._counts.read, self._counts.skipped = self._lines.read, self._lines.skipped
        return self._counts

    def start(self) -> None:
        """Begin to read."""
        self._reader = gevent.spawn(self._read)

    def count_arrivals_in(self, tally: QueueTally) -> bool:
        return False

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        return self._buffer.take(most, linger_s)

    def acknowledge(self, arrivals: list[Arrival]) -> None:
        self._counts.published += len(arrivals)

    def retry(self, arrivals: list[Arrival]) -> None:
        self._counts.given_back += len(arrivals)
        self.put_back(arrivals)

    def put_back(self, arrivals: list[Arrival]) -> None:
        self._buffer.put_back(arrivals)

    def reject(self, arrivals: list[Arrival]) -> None:
        return None

    def take_rest(self) -> list[Arrival]:
        return []

    def waiting(self) -> int:
        """How many were read and not taken; the rest of the file is not included."""
        return len(self._buffer)

    def close(self) -> None:
        """Stop reading. Events that were read ahead can still be taken."""
        if self._reader is None:
            os.close(self._descriptor)
        else:
            self._reader.kill()
            self._count_rest()
        self._buffer.close()

    def _count_rest(self) -> None:
        """Count the lines that were not read, but don't wait for those of a pipe."""
        if self.unread is not None or not self._is_file:
            return
        with suppress(OSError):  # closed after its last line was read
            rest_bytes = os.fstat(self._descriptor).st_size - os.lseek(self._descriptor, 0, os.SEEK_CUR)
            if rest_bytes <= MAX_COUNTED_BYTES:
                self.unread = sum(1 for line in self._rest if line.strip())

    def _read(self) -> None:
        began_s = self._clock.now()
        try:
            for event in self._lines.events(self._rest):
                intended_s = self._clock.now()
                if self._pace is not None:
                    intended_s = began_s + next(self._pace)
                    self._clock.sleep(max(0.0, intended_s - self._clock.now()))
                self._buffer.put(Arrival(event, intended_s))
            self.unread = 0
        except LineError as error:
            self.error = error
        except OSError as error:
            self.error = EventsError(f"{self._lines.name}: {error.strerror}")
            self._is_file = False
        finally:
            self._buffer.close()
