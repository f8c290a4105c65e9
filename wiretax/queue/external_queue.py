"""A free run's queue of events from outside: a Redis stream, or JSON Lines of a file or of standard input."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from wiretax.channels.workload import Workload
from wiretax.queue.clock import GEVENT_CLOCK, Clock
from wiretax.queue.external import ExternalSource
from wiretax.queue.queue import Queue
from wiretax.queue.unpublished import Unpublished

if TYPE_CHECKING:
    from wiretax.queue.redis.stream import RedisStream
    from wiretax.queue.sources.jsonl import JsonLines

# A file is given up if calls have failed for this long. A Redis stream is not: it keeps its entries.
GIVE_UP_S = 30.0


class ExternalQueue(Queue):
    """A queue that can report what became of its source's events."""

    def __init__(
        self,
        workload: Workload,
        source: JsonLines | RedisStream,
        external: ExternalSource,
        give_up_s: float = GIVE_UP_S,
        clock: Clock = GEVENT_CLOCK,
    ) -> None:
        give_up_s = inf if external.redis else give_up_s
        super().__init__(workload, source, name=external.name, give_up_s=give_up_s, clock=clock)
        self._external_source = source
        self._external = external

    @property
    def counts(self) -> dict[str, Any]:
        """What became of its events."""
        return self._external_source.counts.as_dict()

    @property
    def unpublished(self) -> Unpublished:
        """Its events that were not published, once it is closed."""
        counts, unread = self._external_source.counts, self._external_source.unread
        return Unpublished(
            source=self._external.name,
            kept=bool(self._external.redis),
            skip_chosen=self._external.skip_chosen,
            rejected=dict(self.rejected),
            skipped=counts.skipped,
            left=counts.read - counts.published - self.rejected.total(),
            unread=unread,
            at_end=unread == 0,
        )
