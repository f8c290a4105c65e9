"""Events from a Redis stream, consumed by a group: what is read is acknowledged there once it was published.

An entry has the fields ``name``, ``channel`` (or ``channels``, a JSON list) and ``data``; ``at``, seconds since
the epoch, is when it arrived, and where there is none the entry's id says so to the millisecond. Needs Redis 7.

Nothing is lost, whoever dies when: an entry that was read and not acknowledged stays pending in Redis, and is
claimed by the next consumer. It may have been published before its consumer died, so it may be sent twice; those
are counted.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from math import isfinite, nan
from time import monotonic, time
from typing import Any

import gevent
import orjson
import redis
from gevent.event import Event as Signal

from scenarios.arrivals.arrival import Arrival
from scenarios.arrivals.buffer import Buffer
from scenarios.arrivals.jsonl import OnError, event_of
from scenarios.arrivals.redis_address import GeventConnection, RedisAddress, why
from wiretax.channels.limits import Limits

STREAM = GROUP = "wiretax"
READ_AHEAD = 1000
PAGE = 100
# How long Redis may take for an answer beyond what it was asked to wait.
BLOCK_S = 0.5
TIMEOUT_S = 3.0
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
# Acknowledgements of so long go in one command; a consumer that dies meanwhile has them sent again.
GATHER_S = 0.005
# How often the queue's depth is asked for.
LOOK_S = 0.25
CLOSE_S = 5.0
# A consumer shows three times within it that it lives, so that only a dead one's entries are claimed.
CLAIM_IDLE_S = 30.0
HEARTBEATS = 3

# How Redis says so to one that asks, and to one that waits.
GROUP_GONE = ("NOGROUP", "UNBLOCKED")

Entry = tuple[bytes, dict[bytes, bytes]]


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
        counts: what became of the entries so far.
        error: what ended it; None while nothing did.
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
            consumer: its name in the group; this host and process if not said.
            claim_idle_s: entries that nobody has shown to be alive for so long are claimed.
            room: how many are read ahead at most.
        """
        self.counts = StreamCounts()
        self.error: Exception | None = None
        self._address = address
        self._stream = stream
        self._group = group
        self._consumer = consumer or f"{socket.gethostname()}-{os.getpid()}"
        self._limits = limits
        self._on_error = on_error
        self._say = say
        self._claim_idle_s = claim_idle_s
        self._buffer = Buffer(room)
        # Read and not yet acknowledged in Redis, in whatever state.
        self._held: set[bytes] = set()
        self._done: deque[bytes] = deque()
        self._to_acknowledge = Signal()
        self._lag = 0
        self._gone = False
        # Whether whatever is pending for this consumer was read by no other.
        self._sure = False
        self._to_monotonic_s = monotonic() - time()
        self._greenlets: list[gevent.Greenlet] = []
        # A connection for each greenlet: one waits in Redis for entries, the other must not wait for it.
        self._reading = address.client(BLOCK_S + TIMEOUT_S, GeventConnection)
        self._keeping = address.client(TIMEOUT_S, GeventConnection)

    def start(self) -> None:
        """Join the group and begin to read.

        Raises:
            StreamError: where Redis is not there, or the key is no stream.
        """
        try:
            self._join()
        except redis.RedisError as error:
            raise StreamError(f"{self._address.public_url}: {why(error)}") from None
        self._greenlets = [gevent.spawn(self._read), gevent.spawn(self._keep)]

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        return self._buffer.take(most, linger_s)

    def acknowledge(self, arrivals: list[Arrival]) -> None:
        """They are acknowledged in Redis soon after, many in a command; where Redis is gone, when it is back."""
        self.counts.published += len(arrivals)
        self._settle(arrival.token for arrival in arrivals)

    def give_back(self, arrivals: list[Arrival]) -> None:
        self.counts.given_back += len(arrivals)
        self._buffer.give_back(arrivals)

    def waiting(self) -> int:
        """Entries nobody has published yet: read ahead here, and not read by the group a moment ago."""
        return len(self._buffer) + self._lag

    def close(self) -> None:
        """Acknowledge what was published, and leave the rest to the next consumer."""
        gevent.killall(self._greenlets)
        self._buffer.drop()
        self._keeping.connection_pool.disconnect()  # its last answer may not have been read
        with gevent.Timeout(CLOSE_S, False):
            self._leave()
        if self._done:
            self._say(
                f"{self._address.public_url}: {len(self._done)} events were published and could not be "
                "acknowledged; the next consumer sends them again"
            )
        self._reading.close()
        self._keeping.close()

    def _settle(self, tokens: Iterable[object]) -> None:
        self._done.extend(token for token in tokens if isinstance(token, bytes))
        self._to_acknowledge.set()

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
                if not str(error).startswith(GROUP_GONE):
                    self.error = StreamError(f"{self._address.public_url}, stream {self._stream}: {why(error)}")
                else:
                    self._say(f"{self._address.public_url}: group {self._group} is gone; it is made again")
            except StreamError as error:
                self.error = error
        self._say(str(self.error))
        self._buffer.finish()

    def _join(self) -> None:
        try:
            self._reading.xgroup_create(self._stream, self._group, id="0", mkstream=True)
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
                claim_at_s = monotonic() + self._claim_idle_s / HEARTBEATS
            self._adopt(self._ask_for(">", int(BLOCK_S * 1000)), redelivered=False)

    def _ask_for(self, after: bytes | str, block_ms: int | None) -> list[Entry]:
        count = min(PAGE, self._buffer.room())
        streams: dict[Any, Any] = {self._stream: after}
        answer: Any = self._reading.xreadgroup(self._group, self._consumer, streams, count=count, block=block_ms)
        return [entry for _, entries in answer or [] for entry in entries]

    def _orphans(self) -> Iterator[Entry]:
        """Entries of consumers that have not shown for a while that they live; they are this one's now."""
        cursor: Any = "0-0"
        while True:
            answer: Any = self._reading.xautoclaim(
                self._stream, self._group, self._consumer, int(self._claim_idle_s * 1000), cursor, count=PAGE
            )
            cursor, entries = answer[0], answer[1]
            yield from entries
            if cursor in (b"0-0", "0-0"):
                return

    def _adopt(self, entries: Iterable[Entry], redelivered: bool) -> None:
        for token, fields in entries:
            if token in self._held:
                continue
            self._held.add(token)
            if not fields:
                self._settle([token])  # deleted from the stream by somebody while it was pending
                continue
            try:
                arrival = self._arrival(token, fields)
            except ValueError as error:
                self._object(token, error)
                continue
            self.counts.read += 1
            self.counts.redelivered += redelivered
            self._buffer.put(arrival)

    def _arrival(self, token: bytes, fields: dict[bytes, bytes]) -> Arrival:
        document = _document(fields)
        at_s = _seconds(document["at"]) if "at" in document else int(token.partition(b"-")[0]) / 1000
        # Another machine's clock may be ahead; nothing arrives later than it is here.
        return Arrival(event_of(document, self._limits), min(at_s + self._to_monotonic_s, monotonic()), token)

    def _object(self, token: bytes, error: ValueError) -> None:
        wrong = f"stream {self._stream}, entry {token.decode()}: {error}"
        if self._on_error == "stop":
            raise StreamError(wrong) from None
        self.counts.skipped += 1
        self._say(f"{wrong}; skipped")
        self._settle([token])

    def _lost(self, error: redis.RedisError) -> None:
        self._reading.connection_pool.disconnect()
        if not self._gone:
            self._gone = True
            self.counts.interruptions += 1
            self._say(f"{self._address.public_url} is gone ({why(error)}); waiting for it")

    def _back(self) -> None:
        if self._gone:
            self._gone = False
            self._say(f"{self._address.public_url} is back; going on")

    def _keep(self) -> None:
        """The greenlet that acknowledges, shows that this consumer lives, and looks at the queue's depth."""
        look_at_s, beat_at_s = 0.0, monotonic() + self._claim_idle_s / HEARTBEATS
        while True:
            if self._to_acknowledge.wait(LOOK_S):
                gevent.sleep(GATHER_S)
            self._to_acknowledge.clear()
            try:
                self._acknowledge_done()
                if monotonic() >= beat_at_s:
                    self._beat()
                    beat_at_s = monotonic() + self._claim_idle_s / HEARTBEATS
                if monotonic() >= look_at_s:
                    self._look()
                    look_at_s = monotonic() + LOOK_S
            except redis.ResponseError:
                gevent.sleep(LOOK_S)  # the reader meets it too, and knows what to do
            except redis.RedisError:
                self._keeping.connection_pool.disconnect()
                gevent.sleep(LOOK_S)

    def _acknowledge_done(self) -> None:
        while self._done:
            tokens = [self._done[at] for at in range(min(len(self._done), READ_AHEAD))]
            self._keeping.xack(self._stream, self._group, *tokens)
            for token in tokens:
                self._done.popleft()
                self._held.discard(token)
            self.counts.acknowledged += len(tokens)

    def _beat(self) -> None:
        """Entries held for long are claimed anew, which says that they are in good hands."""
        held: list[Any] = list(self._held)
        if held:
            idle_ms = int(self._claim_idle_s * 1000 / HEARTBEATS)
            self._keeping.xclaim(self._stream, self._group, self._consumer, idle_ms, held, justid=True)

    def _look(self) -> None:
        groups: Any = self._keeping.xinfo_groups(self._stream)
        for group in groups:
            if group["name"] in (self._group, self._group.encode()):
                self._lag = group.get("lag") or 0  # unknown where entries were deleted

    def _leave(self) -> None:
        try:
            self._acknowledge_done()
            left: Any = self._keeping.xpending_range(
                self._stream, self._group, "-", "+", 1, consumername=self._consumer
            )
            if not left:
                self._keeping.xgroup_delconsumer(self._stream, self._group, self._consumer)
        except redis.RedisError:
            return


def _document(fields: dict[bytes, bytes]) -> dict[str, Any]:
    try:
        document: dict[str, Any] = {name.decode(): value.decode() for name, value in fields.items()}
    except UnicodeDecodeError:
        raise ValueError("a field that is not UTF-8") from None
    if "channels" in document:
        try:
            document["channels"] = orjson.loads(document["channels"])
        except orjson.JSONDecodeError:
            raise ValueError("channels is not JSON, expected a list of strings") from None
    return document


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = nan
    if not isfinite(seconds):
        raise ValueError(f"at is {text!r}, expected seconds since the epoch")
    return seconds
