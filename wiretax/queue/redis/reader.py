"""Reading a Redis stream as a consumer of a group, for as long as it takes Redis to come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import monotonic, time
from typing import Any

import gevent
import redis

from wiretax.channels.limits import Limits
from wiretax.queue.redis.acknowledger import TIMEOUT_S, Acknowledger, Consumer
from wiretax.queue.redis.address import GeventConnection, why
from wiretax.queue.redis.counts import StreamCounts
from wiretax.queue.redis.entry import AT, Entry, Fields, read_entry
from wiretax.queue.sources.arrival import Arrival
from wiretax.queue.sources.buffer import Buffer
from wiretax.queue.sources.event_fields import LibraryCheck, OnError, UnknownFields

PAGE = 100
# How long Redis delays its response if there is no new entry.
BLOCK_S = 0.5
FIRST_PAUSE_S = 0.05
MAX_PAUSE_S = 2.0
# How Redis says that the group is gone: to a command that names it, and to one that waits.
GROUP_GONE = ("NOGROUP", "UNBLOCKED")


class StreamError(RuntimeError):
    """A stream that can't be read; the message holds no password."""


class StreamReader:
    """Reads entries into a buffer, in its own greenlet and over its own connection.

    Attributes:
        error: what ended it; None while nothing has.
    """

    def __init__(
        self,
        consumer: Consumer,
        acknowledger: Acknowledger,
        buffer: Buffer,
        counts: StreamCounts,
        limits: Limits,
        on_error: OnError,
        warn: Callable[[str], None],
        library: LibraryCheck | None = None,
    ) -> None:
        """Nothing is sent before ``start``.

        Args:
            consumer: who reads.
            acknowledger: acknowledges entries that are skipped, and knows those that were read already.
            buffer: where arrivals go.
            counts: where entries are counted.
            limits: what the endpoint accepts.
            on_error: what to do with an invalid entry.
            warn: called with a message for each entry that is skipped, for a field that is not sent, and whenever
                Redis is lost or back.
            library: says why the client library would refuse an event; None if it refuses none.
        """
        self.error: Exception | None = None
        self._consumer = consumer
        self._acknowledger = acknowledger
        self._buffer = buffer
        self._counts = counts
        self._limits = limits
        self._library = library
        self._on_error = on_error
        self._warn = warn
        self._unknown = UnknownFields(warn, (AT,))
        self._is_disconnected = False
        # Whether every pending entry of this consumer was read by this process, and so is no redelivery.
        self._pending_is_ours = False
        self._to_monotonic_s = monotonic() - time()
        self._greenlet: gevent.Greenlet | None = None
        self._client = consumer.address.client(BLOCK_S + TIMEOUT_S, GeventConnection)

    def start(self) -> None:
        """Join the group and begin to read.

        Raises:
            StreamError: Redis is not there, or the key is not a stream.
        """
        try:
            self._join()
        except redis.RedisError as error:
            raise StreamError(f"{self._consumer.address.public_url}: {why(error)}") from None
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Stop reading."""
        if self._greenlet is not None:
            self._greenlet.kill()
        self._client.connection_pool.disconnect()

    def _run(self) -> None:
        url, pause_s = self._consumer.address.public_url, FIRST_PAUSE_S
        while self.error is None:
            try:
                self._join()
                self._receive(self._own_pending(), redelivered=not self._pending_is_ours)
                self._pending_is_ours = True
                self._note_connected()
                pause_s = FIRST_PAUSE_S
                self._read_on()
            except (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError) as error:
                self._note_disconnected(error)
                gevent.sleep(pause_s)
                pause_s = min(2 * pause_s, MAX_PAUSE_S)
            except redis.ResponseError as error:
                # A server that was restarted without its data has no group either.
                if str(error).startswith(GROUP_GONE):
                    self._warn(f"{url}: group {self._consumer.group} is gone; creating it again")
                else:
                    self.error = StreamError(f"{url}, stream {self._consumer.stream}: {why(error)}")
            except StreamError as error:
                self.error = error
        self._warn(str(self.error))
        self._buffer.close()

    def _join(self) -> None:
        try:
            self._client.xgroup_create(self._consumer.stream, self._consumer.group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _own_pending(self) -> Iterator[Entry]:
        """Entries pending for this consumer: delivered to an earlier one of the same name, or lost on the way when
        the connection broke."""
        after: bytes | str = "0"
        while entries := self._read_group(after, None):
            yield from entries
            after = entries[-1][0]

    def _read_on(self) -> None:
        """Read new entries, and regularly claim those of dead consumers."""
        claim_at_s = monotonic()
        while True:
            if monotonic() >= claim_at_s:
                self._pending_is_ours = False  # until all claimed entries have arrived here
                self._receive(self._claim(), redelivered=True)
                self._pending_is_ours = True
                claim_at_s = monotonic() + self._consumer.heartbeat_s
            self._receive(self._read_group(">", int(BLOCK_S * 1000)), redelivered=False)

    def _read_group(self, after: bytes | str, block_ms: int | None) -> list[Entry]:
        consumer, count = self._consumer, min(PAGE, self._buffer.wait_for_space())
        streams: dict[Any, Any] = {consumer.stream: after}
        answer: Any = self._client.xreadgroup(consumer.group, consumer.name, streams, count=count, block=block_ms)
        return [entry for _, entries in answer or [] for entry in entries]

    def _claim(self) -> Iterator[Entry]:
        """Claim the pending entries of consumers that have shown no sign of life for a while."""
        consumer = self._consumer
        idle_ms, cursor = int(consumer.claim_idle_s * 1000), b"0-0"
        while True:
            answer: Any = self._client.xautoclaim(
                consumer.stream, consumer.group, consumer.name, idle_ms, cursor, count=PAGE
            )
            cursor, entries = answer[0], answer[1]
            yield from entries
            if cursor == b"0-0":
                return

    def _receive(self, entries: Iterable[Entry], redelivered: bool) -> None:
        """Make arrivals of entries, except those that were received before."""
        for token, fields in entries:
            if token in self._acknowledger.pending:
                continue
            self._acknowledger.pending.add(token)
            if not fields:
                self._acknowledger.acknowledge([token])  # deleted from the stream while it was pending
                continue
            try:
                event, at_s = read_entry(token, fields, self._limits, self._library)
            except ValueError as error:
                self._skip(token, fields, error)
                continue
            self._unknown.note(self._name_of(token), [name.decode() for name in fields])
            self._counts.read += 1
            self._counts.redelivered += redelivered
            # The clock of another machine may be ahead; no event arrives later than now.
            intended_s = min(at_s + self._to_monotonic_s, monotonic())
            self._buffer.put(Arrival(event, intended_s, token))

    def _skip(self, token: bytes, fields: Fields, error: ValueError) -> None:
        wrong = f"{self._name_of(token)}: {error}"
        if self._on_error == "stop":
            raise StreamError(wrong) from None
        self._counts.skipped += 1
        self._warn(f"{wrong}; skipped, and kept in {self._consumer.rejected_stream}")
        self._acknowledger.reject(token, fields, str(error))

    def _name_of(self, token: bytes) -> str:
        return f"stream {self._consumer.stream}, entry {token.decode()}"

    def _note_disconnected(self, error: redis.RedisError) -> None:
        self._client.connection_pool.disconnect()
        if not self._is_disconnected:
            self._is_disconnected = True
            self._counts.interruptions += 1
            self._warn(f"{self._consumer.address.public_url} is gone ({why(error)}); waiting for it")

    def _note_connected(self) -> None:
        if self._is_disconnected:
            self._is_disconnected = False
            self._warn(f"{self._consumer.address.public_url} is back; continuing")
