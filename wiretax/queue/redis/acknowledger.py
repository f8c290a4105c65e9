"""What a consumer of a Redis stream sends to its group while it publishes: acknowledgements and heartbeats."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import gevent
import redis
from gevent.event import Event as Signal
from gevent.lock import BoundedSemaphore

from wiretax.queue.redis.address import GeventConnection, RedisAddress, why

TIMEOUT_S = 3.0
# Acknowledgements of this span go in one command; if the consumer dies meanwhile, those entries are sent again.
COLLECT_S = 0.005
MAX_PER_COMMAND = 1000
# Of a poison entry's copy: a field that is longer is cut off. Whole, it stays in its own stream.
COPIED_BYTES = 65_536
# How many poison entries are kept, about; the oldest go first.
MOST_REJECTED = 100_000
# How often the group's lag is requested.
LAG_EVERY_S = 0.25
# Heartbeats within the time after which entries are claimed, so that only those of dead consumers are.
HEARTBEATS = 3


@dataclass(frozen=True, slots=True)
class Consumer:
    """One consumer of a group.

    Attributes:
        address: the server.
        stream: the stream's key.
        group: consumers that share its entries.
        name: this consumer's name in the group.
        claim_idle_s: pending entries of a consumer without a sign of life for this long are claimed.
    """

    address: RedisAddress
    stream: str
    group: str
    name: str
    claim_idle_s: float

    @property
    def rejected_stream(self) -> str:
        """The key of the stream that keeps its poison entries: those that can't be published."""
        return f"{self.stream}:rejected"

    @property
    def heartbeat_s(self) -> float:
        """Seconds between two heartbeats."""
        return self.claim_idle_s / HEARTBEATS


class Acknowledger:
    """Acknowledges in its own greenlet and over its own connection, since the reader's waits for entries.

    Attributes:
        pending: entries that were read and not yet acknowledged in Redis, in whatever state.
        acknowledged: how many entries were acknowledged.
        lag: entries that the group had not read when this was last requested.
    """

    def __init__(self, consumer: Consumer, warn: Callable[[str], None]) -> None:
        """``warn``: called if poison entries can't be kept."""
        self.pending: set[bytes] = set()
        self.acknowledged = 0
        self.lag = 0
        self._consumer = consumer
        self._warn = warn
        self._warned = False
        self._done: deque[bytes] = deque()
        self._rejected: deque[tuple[bytes, dict[Any, Any]]] = deque()
        self._has_done = Signal()
        self._turn = BoundedSemaphore(1)
        self._client = consumer.address.client(TIMEOUT_S, GeventConnection)
        self._greenlet: gevent.Greenlet | None = None

    @property
    def unacknowledged(self) -> int:
        """How many entries are done and not yet acknowledged."""
        return len(self._done) + len(self._rejected)

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._run)

    def acknowledge(self, tokens: Iterable[object]) -> None:
        """Acknowledge entries soon, or when Redis is back: they are published, or will not be."""
        self._done.extend(token for token in tokens if isinstance(token, bytes))
        self._has_done.set()

    def reject(self, token: bytes, fields: Mapping[bytes, bytes], reason: str) -> None:
        """Move a poison entry to the stream of those, with the reason, soon: it won't be published."""
        copied = {name[:COPIED_BYTES]: value[:COPIED_BYTES] for name, value in fields.items()}
        self._rejected.append((token, {**copied, "wiretax:id": token, "wiretax:reason": reason}))
        self._has_done.set()

    def stop(self) -> None:
        """From now on only ``flush`` sends anything to Redis."""
        if self._greenlet is not None:
            self._greenlet.kill()
        self._client.connection_pool.disconnect()  # its last response may not have been read

    def flush(self, within_s: float, leaves: bool) -> bool:
        """Acknowledge the rest; False if Redis did not accept it.

        Args:
            within_s: how long to try.
            leaves: whether the consumer is done, and leaves the group unless Redis has delivered more to it.
        """
        try:
            with gevent.Timeout(within_s, False), suppress(redis.RedisError):
                self._send_done()
                if leaves:
                    self._leave()
        finally:
            self._client.connection_pool.disconnect()
        return not self.unacknowledged

    def _run(self) -> None:
        lag_at_s, beat_at_s = 0.0, monotonic() + self._consumer.heartbeat_s
        while True:
            if self._has_done.wait(LAG_EVERY_S):
                gevent.sleep(COLLECT_S)
            self._has_done.clear()
            try:
                self._send_done()
                if monotonic() >= beat_at_s:
                    self._send_heartbeat()
                    beat_at_s = monotonic() + self._consumer.heartbeat_s
                if monotonic() >= lag_at_s:
                    self._request_lag()
                    lag_at_s = monotonic() + LAG_EVERY_S
            except redis.ResponseError:
                gevent.sleep(LAG_EVERY_S)  # the reader gets the same error and handles it
            except redis.RedisError:
                self._client.connection_pool.disconnect()
                gevent.sleep(LAG_EVERY_S)

    def _send_done(self) -> None:
        with self._turn:
            while self._done:
                tokens = [self._done[at] for at in range(min(len(self._done), MAX_PER_COMMAND))]
                self._client.xack(self._consumer.stream, self._consumer.group, *tokens)
                for token in tokens:
                    self._done.popleft()
                    self.pending.discard(token)
                self.acknowledged += len(tokens)
            while self._rejected:
                token, fields = self._rejected[0]
                self._send_rejected(token, fields)
                self._rejected.popleft()
                self.pending.discard(token)
                self.acknowledged += 1

    def _send_rejected(self, token: bytes, fields: dict[Any, Any]) -> None:
        """Copy and acknowledge a poison entry in one transaction, so that it is never lost between the two."""
        consumer = self._consumer
        try:
            with self._client.pipeline(transaction=True) as together:
                together.xadd(consumer.rejected_stream, fields, maxlen=MOST_REJECTED, approximate=True)
                together.xack(consumer.stream, consumer.group, token)
                together.execute()
        except redis.ReadOnlyError:
            raise  # for as long as this server is a replica
        except redis.ResponseError as error:
            # Pending, it would come back to every consumer; it stays in its own stream.
            if not self._warned:
                self._warned = True
                self._warn(f"{consumer.rejected_stream} can't keep invalid entries: {why(error)}")
            self._client.xack(consumer.stream, consumer.group, token)

    def _send_heartbeat(self) -> None:
        """Claim again the entries that have been pending for long, which resets their idle time."""
        consumer, pending = self._consumer, list[Any](self.pending)
        if pending:
            idle_ms = int(consumer.heartbeat_s * 1000)
            self._client.xclaim(consumer.stream, consumer.group, consumer.name, idle_ms, pending, justid=True)

    def _request_lag(self) -> None:
        groups: Any = self._client.xinfo_groups(self._consumer.stream)
        for group in groups:
            if group["name"] == self._consumer.group.encode():
                self.lag = group.get("lag") or 0  # unknown if entries were deleted

    def _leave(self) -> None:
        consumer = self._consumer
        # Entries that Redis delivered but that never arrived here are pending too; deleting the consumer would
        # lose them.
        pending: Any = self._client.xpending_range(
            consumer.stream, consumer.group, "-", "+", 1, consumername=consumer.name
        )
        if not pending:
            self._client.xgroup_delconsumer(consumer.stream, consumer.group, consumer.name)
