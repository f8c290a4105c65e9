"""A source of events from a Redis stream, consumed by a group: entries are acknowledged after they were published.

No entry is lost, whichever process dies: an entry that was read but not acknowledged stays pending in Redis until
the next consumer claims it. It may have been published before its consumer died, so it may be published twice;
such entries are counted. Needs Redis 7.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from wiretax.channels.limits import Limits
from wiretax.queue.redis.acknowledger import Acknowledger, Consumer
from wiretax.queue.redis.address import RedisAddress
from wiretax.queue.redis.counts import StreamCounts
from wiretax.queue.redis.reader import StreamReader
from wiretax.queue.sources.arrival import Arrival
from wiretax.queue.sources.buffer import Buffer
from wiretax.queue.sources.event_fields import LibraryCheck, OnError
from wiretax.wire.queue_tally import QueueTally

GROUP = "wiretax"
READ_AHEAD = 1000
CLOSE_S = 5.0
CLAIM_IDLE_S = 30.0


class RedisStream:
    """A source that is a consumer of a stream's group.

    Attributes:
        retries: events whose call failed are taken again.
        unread: always None, since a stream has no end.
    """

    retries = True
    unread: int | None = None

    def __init__(
        self,
        address: RedisAddress,
        stream: str,
        limits: Limits,
        on_error: OnError,
        warn: Callable[[str], None],
        group: str = GROUP,
        consumer: str | None = None,
        claim_idle_s: float = CLAIM_IDLE_S,
        read_ahead: int = READ_AHEAD,
        library: LibraryCheck | None = None,
    ) -> None:
        """Nothing is sent before ``start``.

        Args:
            address: the server.
            stream: the stream's key; it is created if it does not exist.
            limits: what the endpoint accepts.
            on_error: what to do with an invalid entry; one that is skipped is moved to ``<stream>:rejected``.
            warn: called with a message for each of those, and whenever Redis is lost or back.
            group: consumers that share the entries; it is created if it does not exist, from the oldest entry on.
            consumer: a name that is unique among the group's live consumers; None for this host and process.
            claim_idle_s: pending entries of a consumer without a sign of life for this long are claimed.
            read_ahead: how many entries are read ahead at most.
            library: says why the client library would refuse an event; None if it refuses none.
        """
        name = consumer or f"{socket.gethostname()}-{os.getpid()}"
        self._consumer = Consumer(address, stream, group, name, claim_idle_s)
        self._warn = warn
        self._counts = StreamCounts()
        self._buffer = Buffer(read_ahead)
        self._acknowledger = Acknowledger(self._consumer, warn)
        self._reader = StreamReader(
            self._consumer, self._acknowledger, self._buffer, self._counts, limits, on_error, warn, library
        )
        self._under_way = 0
        self._closed = False

    @property
    def error(self) -> Exception | None:
        """What ended it; None while nothing has."""
        return self._reader.error

    @property
    def counts(self) -> StreamCounts:
        """What became of the entries so far."""
        self._counts.acknowledged = self._acknowledger.acknowledged
        return self._counts

    def start(self) -> None:
        """Join the group and begin to read.

        Raises:
            StreamError: Redis is not there, or the key is not a stream.
        """
        self._reader.start()
        self._acknowledger.start()

    def count_arrivals_in(self, tally: QueueTally) -> bool:
        return False

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        arrivals = self._buffer.take(most, linger_s)
        self._under_way += len(arrivals)
        return arrivals

    def acknowledge(self, arrivals: list[Arrival]) -> None:
        """Acknowledge them in Redis soon, many in one command, or when Redis is back."""
        self._counts.published += len(arrivals)
        self._acknowledger.acknowledge(arrival.token for arrival in arrivals)
        self._note_ended(len(arrivals))

    def retry(self, arrivals: list[Arrival]) -> None:
        self._counts.given_back += len(arrivals)
        self.put_back(arrivals)

    def put_back(self, arrivals: list[Arrival]) -> None:
        self._buffer.put_back(arrivals)
        self._note_ended(len(arrivals))

    def reject(self, arrivals: list[Arrival]) -> None:
        """They stay pending in Redis, for a later consumer."""
        self._note_ended(len(arrivals))

    def take_rest(self) -> list[Arrival]:
        return []

    def waiting(self) -> int:
        """Entries that were not taken: those read ahead here, and those that the group had not read when its lag
        was last requested."""
        return len(self._buffer) + self._acknowledger.lag

    def close(self) -> None:
        """Stop reading. Entries that were read ahead can still be taken; otherwise the next consumer gets them.

        Published entries are acknowledged before this returns, and later ones as soon as they are published.
        """
        self._reader.stop()
        self._buffer.close()
        self._closed = True
        self._acknowledger.stop()
        self._note_ended(0)

    def _note_ended(self, count: int) -> None:
        """Note that the calls of ``count`` arrivals have ended; once closed, acknowledge at once."""
        self._under_way -= count
        if not self._closed:
            return
        is_done = not self._under_way and not len(self._buffer)
        if not self._acknowledger.flush(CLOSE_S, leaves=is_done):
            self._warn(
                f"{self._consumer.address.public_url}: {self._acknowledger.unacknowledged} events were published "
                "and could not be acknowledged; the next consumer sends them again"
            )
