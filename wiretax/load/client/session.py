"""Shared by all users of one process: connections, payloads and queues."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic

from wiretax.channels.bodies.events import Event, generated_events
from wiretax.channels.bodies.identity import Identity
from wiretax.channels.bodies.payloads import payloads
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.limits import Limits
from wiretax.channels.workload import CHANNEL, EVENT_NAME, Workload
from wiretax.delivery.publish_log import PublishLog
from wiretax.delivery.tracked_caller import TrackedCaller
from wiretax.load.client.connections import Connections
from wiretax.load.client.message_limit import MessageLimit
from wiretax.queue.external import ExternalSource
from wiretax.queue.external_queue import ExternalQueue
from wiretax.queue.queue import Queue
from wiretax.queue.shared_queue import SharedQueue
from wiretax.queue.slice_queue import SliceQueues
from wiretax.queue.sources.generated import GeneratedSource
from wiretax.queue.sources.share import Share
from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.target import Target
from wiretax.wire.publishers.caller import Caller
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.publishers.sample import Listener
from wiretax.wire.slices import Slice

log = logging.getLogger(__name__)

# With events from outside, a request source renders heads only.
NO_BODIES = Replay("", (Event(EVENT_NAME, (CHANNEL,), ""),))


class Session(Connections):
    """One process's part of a run: its connections, and the requests and queues that use them.

    Attributes:
        listener: called with each exchange, if code outside wiretax listens to Locust's request event.
        slice_queues: the queues of workloads with an arrival rate.
        external: where the events of a free run's queue come from; None to generate them.
        limits: what the endpoint accepts of external events.
        publish_log: where calls are noted if deliveries are counted; else None.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        seed: int,
        timeout_s: float,
        message_limit: MessageLimit | None = None,
        replay: Replay | None = None,
        counts_deliveries: bool = False,
    ) -> None:
        """Prepare connections to ``targets``.

        Args:
            targets: where events go: one per server, TLS setting and round trip.
            message_limit: how many messages may be sent; None for no limit.
            replay: events to send instead of generated ones.
            counts_deliveries: whether events can be told apart by their subscribers, and calls are noted.
        """
        super().__init__(targets, timeout_s)
        self.publish_log: PublishLog | None = None
        if counts_deliveries:
            self.publish_log = PublishLog(Identity.fresh(monotonic()) if replay is None else None)
        self._tracked: dict[Workload, Iterator[Event]] = {}
        self.listener: Listener | None = None
        self._message_limit = message_limit
        self.slice_queues = SliceQueues(seed, replay, stamped=counts_deliveries)
        self.external: ExternalSource | None = None
        self.limits = Limits()
        self._seed = seed
        self._replay = replay
        self._share: Share | None = None
        self._free_queues: dict[Workload, Queue] = {}
        self._sources: dict[Workload, RequestSource] = {}

    def source(self, workload: Workload) -> RequestSource:
        """The requests of a workload; the same ones for every user."""
        source = self._sources.get(workload)
        if source is None:
            if workload.transport.by_library:
                # Imported before the first slice opens, and only for a plan with such a workload.
                import wiretax.wire.publishers.httpx_publisher  # noqa: F401
            replay = self._replay if self.external is None or not workload.queued else NO_BODIES
            source = RequestSource.of(workload, self.target(workload).endpoint, self._seed, replay)
            if self._message_limit is not None:
                source = replace(source, next_body=self._message_limit.limited(workload, source.next_body))
            self._sources[workload] = source
        return source

    def events(self, workload: Workload) -> Iterator[Event]:
        """The events of a workload without end, shared by all users, if deliveries are counted."""
        if workload not in self._tracked:
            if self._replay is not None:
                self._tracked[workload] = self._replay.sent_by(workload)
            else:
                payload = workload.payload
                data = payloads(payload.kind, payload.bytes, self._seed, stamped=True)
                self._tracked[workload] = generated_events(workload, data)
        return self._tracked[workload]

    def caller(self, connection: Connection, slice_: Slice, kind: Callable[..., Caller] | None = None) -> Caller:
        """A caller that sends events over one connection, in a slice. ``kind``: None for one that notes its calls
        if deliveries are counted."""
        if kind is None:
            kind = Caller if self.publish_log is None else partial(TrackedCaller, self.publish_log)
        reserve = None if self._message_limit is None else self._message_limit.take
        return kind(connection, self.source(slice_.workload), slice_, self.listener, self.on_rejected, reserve)

    def free_queue(self, workload: Workload) -> Queue:
        """The queue of a free run's workload; the same one for every user."""
        if workload not in self._free_queues:
            if self._share is not None:
                self._free_queues[workload] = SharedQueue(workload, self._seed, self._share)
            elif self.external is None:
                source = GeneratedSource.of(workload, self._seed, 0)
                self._free_queues[workload] = Queue(workload, source)
            else:
                external = self.external.source(workload, self.limits, self._seed, log.warning)
                self._free_queues[workload] = ExternalQueue(workload, external, self.external)
        return self._free_queues[workload]

    def split_queues(self, share: Share) -> None:
        """From now on have this part of each queue; other processes have the rest."""
        self._share = self.slice_queues.share = share
        for queue in self._free_queues.values():
            if isinstance(queue, SharedQueue):
                queue.change_share(share)

    @property
    def external_queue(self) -> ExternalQueue | None:
        """The queue of events from outside; None if there was none."""
        return next((each for each in self._free_queues.values() if isinstance(each, ExternalQueue)), None)

    def stop_generating(self) -> None:
        """Stop generating events for free runs' queues; the run is about to end."""
        for queue in self._free_queues.values():
            queue.stop_generating()

    def close(self) -> None:
        """Close the queues, and stop the watchdog of the connections."""
        super().close()
        for queue in self._free_queues.values():
            queue.close()
