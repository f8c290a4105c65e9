"""What a consumer of a Redis stream owes its group while it publishes: acknowledgements, and a sign of life."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import gevent
import redis
from gevent.event import Event as Signal
from gevent.lock import BoundedSemaphore

from wiretax.queue.redis.address import GeventConnection, RedisAddress

TIMEOUT_S = 3.0
# Acknowledgements of so long go in one command; a consumer that dies meanwhile has them sent again.
GATHER_S = 0.005
AT_ONCE = 1000
# How often the queue's depth is asked for.
LOOK_S = 0.25
# So often a consumer shows that it lives within the time it is given: only a dead one's entries are claimed.
HEARTBEATS = 3


@dataclass(frozen=True, slots=True)
class Membership:
    """One consumer of a group.

    Attributes:
        address: the server.
        stream: the stream's key.
        group: consumers that share its entries.
        consumer: the name of this one.
        claim_idle_s: after so long without a sign of life what another consumer holds is claimed.
    """

    address: RedisAddress
    stream: str
    group: str
    consumer: str
    claim_idle_s: float

    @property
    def heartbeat_s(self) -> float:
        return self.claim_idle_s / HEARTBEATS


class Acknowledger:
    """Acknowledges in a greenlet of its own, over a connection of its own: the reader's waits for entries.

    Attributes:
        held: entries that were read and are not yet acknowledged in Redis, in whatever state.
        acknowledged: how many are.
        lag: entries that the group had not read a moment ago.
    """

    def __init__(self, member: Membership) -> None:
        self.held: set[bytes] = set()
        self.acknowledged = 0
        self.lag = 0
        self._member = member
        self._done: deque[bytes] = deque()
        self._something_done = Signal()
        self._turn = BoundedSemaphore(1)
        self._client = member.address.client(TIMEOUT_S, GeventConnection)
        self._greenlet: gevent.Greenlet | None = None

    @property
    def unsettled(self) -> int:
        """How many Redis is still to be told of."""
        return len(self._done)

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._run)

    def settle(self, tokens: Iterable[object]) -> None:
        """Nothing is to be done with these entries any more: they are acknowledged soon, or when Redis is back."""
        self._done.extend(token for token in tokens if isinstance(token, bytes))
        self._something_done.set()

    def stop(self) -> None:
        """From now on Redis is told by ``flush`` only."""
        if self._greenlet is not None:
            self._greenlet.kill()
        self._client.connection_pool.disconnect()  # its last answer may not have been read

    def flush(self, within_s: float, leaves: bool) -> bool:
        """Acknowledge what is left; False where Redis did not take it.

        Args:
            within_s: how long to try.
            leaves: whether the consumer is done, and leaves the group unless Redis has handed out more to it.
        """
        try:
            with gevent.Timeout(within_s, False), suppress(redis.RedisError):
                self._acknowledge()
                if leaves:
                    self._leave()
        finally:
            self._client.connection_pool.disconnect()
        return not self._done

    def _run(self) -> None:
        look_at_s, beat_at_s = 0.0, monotonic() + self._member.heartbeat_s
        while True:
            if self._something_done.wait(LOOK_S):
                gevent.sleep(GATHER_S)
            self._something_done.clear()
            try:
                self._acknowledge()
                if monotonic() >= beat_at_s:
                    self._beat()
                    beat_at_s = monotonic() + self._member.heartbeat_s
                if monotonic() >= look_at_s:
                    self._look()
                    look_at_s = monotonic() + LOOK_S
            except redis.ResponseError:
                gevent.sleep(LOOK_S)  # the reader meets it too, and knows what to do
            except redis.RedisError:
                self._client.connection_pool.disconnect()
                gevent.sleep(LOOK_S)

    def _acknowledge(self) -> None:
        with self._turn:
            while self._done:
                tokens = [self._done[at] for at in range(min(len(self._done), AT_ONCE))]
                self._client.xack(self._member.stream, self._member.group, *tokens)
                for token in tokens:
                    self._done.popleft()
                    self.held.discard(token)
                self.acknowledged += len(tokens)

    def _beat(self) -> None:
        """Entries held for long are claimed anew, which says that they are in good hands."""
        member, held = self._member, list[Any](self.held)
        if held:
            idle_ms = int(member.heartbeat_s * 1000)
            self._client.xclaim(member.stream, member.group, member.consumer, idle_ms, held, justid=True)

    def _look(self) -> None:
        groups: Any = self._client.xinfo_groups(self._member.stream)
        for group in groups:
            if group["name"] == self._member.group.encode():
                self.lag = group.get("lag") or 0  # unknown where entries were deleted

    def _leave(self) -> None:
        member = self._member
        # What Redis handed out and never arrived here is pending too, and would go with the consumer.
        pending: Any = self._client.xpending_range(
            member.stream, member.group, "-", "+", 1, consumername=member.consumer
        )
        if not pending:
            self._client.xgroup_delconsumer(member.stream, member.group, member.consumer)
