"""Events from a Redis stream, consumed by a group: what is read is acknowledged there once it was published.

Nothing is lost, whoever dies when: an entry that was read and not acknowledged stays pending in Redis, and is
claimed by the next consumer. It may have been published before its consumer died, so it may be sent twice; those
are counted. Needs Redis 7.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from time import monotonic, time
from typing import Any

import gevent
import redis

from wiretax.channels.limits import Limits
from wiretax.queue.arrival import Arrival
from wiretax.queue.buffer import Buffer
from wiretax.queue.jsonl import OnError
from wiretax.queue.redis.acknowledger import TIMEOUT_S, Acknowledger, Membership
from wiretax.queue.redis.address import GeventConnection, RedisAddress, why
from wiretax.queue.redis.entry import Entry, read_entry

GROUP = "wiretax"
READ_AHEAD = 1000
PAGE = 100
# How long Redis keeps an answer back where there is nothing new.
BLOCK_S = 0.5
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
CLOSE_S = 5.0
CLAIM_IDLE_S = 30.0
# How Redis says so to one that asks, and to one that waits.
GROUP_GONE = ("NOGROUP", "UNBLOCKED")


class StreamError(RuntimeError):
    """A stream that can't be read; the message holds no password."""


@dataclass(slots=True)
class StreamCounts:
    """The ledger of a stream.

    Attributes:
        read: entries that became arrivals.
        published: arrivals whose publish was acknowledged.
        acknowledged: entries acknowledged in Redis: published ones, and those that were skipped.
        redelivered: arrivals that an earlier consumer had read and not acknowledged: they may be sent twice.
        given_back: arrivals whose publish failed; each is taken again, and may be sent twice where only its
            answer was lost.
        skipped: entries that are no event.
        interruptions: how often Redis was gone.
    """

    read: int = 0
    published: int = 0
    acknowledged: int = 0
    redelivered: int = 0
    given_back: int = 0
    skipped: int = 0
    interruptions: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class RedisStream:
    """A source that is a consumer of a stream's group.

    Attributes:
        error: what ended it; None while nothing did.
        unread: always None: a stream has no end.
    """

    def __init__(
        self,
        address: RedisAddress,
        stream: str,
        limits: Limits,
        on_error: OnError,
        say: Callable[[str], None],
        group: str = GROUP,
        consumer: str | None = None,
        claim_idle_s: float = CLAIM_IDLE_S,
        room: int = READ_AHEAD,
    ) -> None:
        """Nothing is sent before ``start``.

        Args:
            address: the server.
            stream: the stream's key; it is made where there is none.
            limits: what the endpoint takes.
            on_error: what becomes of an entry that is no event; one that is skipped is acknowledged.
            say: told of each of those, and of Redis gone and back.
            group: consumers that share the entries; it is made where there is none, and begins with the oldest.
            consumer: its name in the group, which no other that lives may have; this host and process if not said.
            claim_idle_s: after so long without a sign of life what another consumer holds is claimed.
            room: how many are read ahead at most.
        """
        self.error: Exception | None = None
        self.unread: int | None = None
        self._member = Membership(
            address, stream, group, consumer or f"{socket.gethostname()}-{os.getpid()}", claim_idle_s
        )
        self._limits = limits
        self._on_error = on_error
        self._say = say
        self._counts = StreamCounts()
        self._buffer = Buffer(room)
        self._acknowledger = Acknowledger(self._member)
        self._in_flight = 0
        self._closed = self._gone = False
        # Whether whatever is pending for this consumer was read by no other.
        self._sure = False
        self._to_monotonic_s = monotonic() - time()
        self._reader: gevent.Greenlet | None = None
        self._client = address.client(BLOCK_S + TIMEOUT_S, GeventConnection)

    @property
    def counts(self) -> StreamCounts:
        """What became of the entries so far."""
        self._counts.acknowledged = self._acknowledger.acknowledged
        return self._counts

    def start(self) -> None:
        """Join the group and begin to read.

        Raises:
            StreamError: where Redis is not there, or the key is no stream.
        """
        try:
            self._join()
        except redis.RedisError as error:
            raise StreamError(f"{self._where}: {why(error)}") from None
        self._reader = gevent.spawn(self._read)
        self._acknowledger.start()

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        taken = self._buffer.take(most, linger_s)
        self._in_flight += len(taken)
        return taken

    def acknowledge(self, arrivals: list[Arrival]) -> None:
        """They are acknowledged in Redis soon after, many in a command; where Redis is gone, when it is back."""
        self._counts.published += len(arrivals)
        self._acknowledger.settle(arrival.token for arrival in arrivals)
        self._returned(len(arrivals))

    def give_back(self, arrivals: list[Arrival]) -> bool:
        self._counts.given_back += len(arrivals)
        self.put_back(arrivals)
        return True

    def put_back(self, arrivals: list[Arrival]) -> None:
        self._buffer.give_back(arrivals)
        self._returned(len(arrivals))

    def reject(self, arrivals: list[Arrival]) -> None:
        """They stay pending in Redis, for a consumer that comes later."""
        self._returned(len(arrivals))

    def waiting(self) -> int:
        """Entries nobody has taken yet: read ahead here, and not read by the group a moment ago."""
        return len(self._buffer) + self._acknowledger.lag

    def close(self) -> None:
        """Nothing more is read; what was read ahead is there to be taken, and is the next consumer's if nobody
        does. What was published is acknowledged before this returns, what will be at once."""
        if self._reader is not None:
            self._reader.kill()
        self._client.connection_pool.disconnect()
        self._buffer.finish()
        self._closed = True
        self._acknowledger.stop()
        self._returned(0)

    def _returned(self, count: int) -> None:
        """So many arrivals are not under way any more."""
        self._in_flight -= count
        if not self._closed:
            return
        done = not self._in_flight and not len(self._buffer)
        if not self._acknowledger.flush(CLOSE_S, leaves=done):
            self._say(
                f"{self._where}: {self._acknowledger.unsettled} events were published and could not be "
                "acknowledged; the next consumer sends them again"
            )

    @property
    def _where(self) -> str:
        return self._member.address.public_url

    def _read(self) -> None:
        """The greenlet that reads, for as long as it takes Redis to come back."""
        pause_s = FIRST_PAUSE_S
        while self.error is None:
            try:
                self._join()
                self._adopt(self._own(), redelivered=not self._sure)
                self._sure = True
                self._back()
                pause_s = FIRST_PAUSE_S
                self._read_on()
            except (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError) as error:
                self._lost(error)
                gevent.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            except redis.ResponseError as error:
                # A server that came back without what it held has no group either.
                if str(error).startswith(GROUP_GONE):
                    self._say(f"{self._where}: group {self._member.group} is gone; it is made again")
                else:
                    self.error = StreamError(f"{self._where}, stream {self._member.stream}: {why(error)}")
            except StreamError as error:
                self.error = error
        self._say(str(self.error))
        self._buffer.finish()

    def _join(self) -> None:
        try:
            self._client.xgroup_create(self._member.stream, self._member.group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _own(self) -> Iterator[Entry]:
        """What is pending for this consumer: an earlier one's of the same name, or read when the connection broke
        before it arrived."""
        after: bytes | str = "0"
        while entries := self._ask_for(after, None):
            yield from entries
            after = entries[-1][0]

    def _read_on(self) -> None:
        claim_at_s = monotonic()
        while True:
            if monotonic() >= claim_at_s:
                self._sure = False  # until what was claimed has arrived here
                self._adopt(self._orphans(), redelivered=True)
                self._sure = True
                claim_at_s = monotonic() + self._member.heartbeat_s
            self._adopt(self._ask_for(">", int(BLOCK_S * 1000)), redelivered=False)

    def _ask_for(self, after: bytes | str, block_ms: int | None) -> list[Entry]:
        member, count = self._member, min(PAGE, self._buffer.room())
        streams: dict[Any, Any] = {member.stream: after}
        answer: Any = self._client.xreadgroup(member.group, member.consumer, streams, count=count, block=block_ms)
        return [entry for _, entries in answer or [] for entry in entries]

    def _orphans(self) -> Iterator[Entry]:
        """Entries of consumers that have not shown for a while that they live; they are this one's now."""
        member = self._member
        idle_ms, cursor = int(member.claim_idle_s * 1000), b"0-0"
        while True:
            answer: Any = self._client.xautoclaim(
                member.stream, member.group, member.consumer, idle_ms, cursor, count=PAGE
            )
            cursor, entries = answer[0], answer[1]
            yield from entries
            if cursor == b"0-0":
                return

    def _adopt(self, entries: Iterable[Entry], redelivered: bool) -> None:
        for token, fields in entries:
            if token in self._acknowledger.held:
                continue
            self._acknowledger.held.add(token)
            if not fields:
                self._acknowledger.settle([token])  # deleted from the stream while it was pending
                continue
            try:
                event, at_s = read_entry(token, fields, self._limits)
            except ValueError as error:
                self._object(token, error)
                continue
            self._counts.read += 1
            self._counts.redelivered += redelivered
            # Another machine's clock may be ahead; nothing arrives later than it is here.
            intended_s = min(at_s + self._to_monotonic_s, monotonic())
            self._buffer.put(Arrival(event, intended_s, token))

    def _object(self, token: bytes, error: ValueError) -> None:
        wrong = f"stream {self._member.stream}, entry {token.decode()}: {error}"
        if self._on_error == "stop":
            raise StreamError(wrong) from None
        self._counts.skipped += 1
        self._say(f"{wrong}; skipped")
        self._acknowledger.settle([token])

    def _lost(self, error: redis.RedisError) -> None:
        self._client.connection_pool.disconnect()
        if not self._gone:
            self._gone = True
            self._counts.interruptions += 1
            self._say(f"{self._where} is gone ({why(error)}); waiting for it")

    def _back(self) -> None:
        if self._gone:
            self._gone = False
            self._say(f"{self._where} is back; going on")
