"""What all users of one process share: the servers, the payloads, the slice that is open."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wiretax.channels.bodies.events import CHANNEL, EVENT_NAME, Event
from wiretax.channels.bodies.replay import Replay
from wiretax.channels.limits import Limits
from wiretax.channels.workload import Server, Workload
from wiretax.load.client.message_limit import MessageLimit
from wiretax.queue.external import ExternalSource
from wiretax.queue.external_queue import ExternalQueue
from wiretax.queue.queue import Queue
from wiretax.queue.slice_queue import SliceQueues
from wiretax.queue.sources.generated import GeneratedSource
from wiretax.wire.connections.connection import Connection
from wiretax.wire.connections.response import ResponseMemo
from wiretax.wire.connections.segments import ETHERNET_MAXSEG
from wiretax.wire.connections.stream_connection import StreamConnection
from wiretax.wire.connections.target import Target
from wiretax.wire.connections.tls_connection import TlsConnection
from wiretax.wire.connections.watchdog import Watchdog
from wiretax.wire.counters import ConnectionCounts, TcpCounters, TlsCounters, add_counters
from wiretax.wire.ledger import Witness
from wiretax.wire.publishers.caller import Caller
from wiretax.wire.publishers.exchange_counter import Listener, OnRejected
from wiretax.wire.publishers.publisher import Publisher
from wiretax.wire.publishers.request_source import RequestSource
from wiretax.wire.slices import Slice

if TYPE_CHECKING:
    from wiretax.wire.publishers.httpx_publisher import HttpxPublisher

log = logging.getLogger(__name__)

# Where events come from outside, a source is there for its heads.
NO_BODIES = Replay("", (Event(EVENT_NAME, (CHANNEL,), ""),))


class Session:
    """One process's side of a run.

    Attributes:
        timeout_s: how long an exchange may take.
        listener: told of each exchange, where somebody outside wiretax listens to Locust's request event.
        on_rejected: told of each answer that acknowledged nothing; to be set before users start.
        sent_bytes: bytes handed to sockets by connections that are closed for good.
        received_bytes: bytes taken from them.
        tcp: the kernel's count of the same connections; None where it keeps none.
        tls: what TLS added to the bytes of the same connections.
        connections: what became of them.
        intakes: the queues of workloads whose events arrive on a clock of their own.
        outside: where the events of a free run's queue come from; None for this process.
        limits: what the endpoint takes of those.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        seed: int,
        timeout_s: float,
        message_limit: MessageLimit | None = None,
        replay: Replay | None = None,
    ) -> None:
        """Prepare connections to ``targets``.

        Args:
            targets: where events go: one per server, TLS setting and round trip.
            message_limit: how many messages may be sent; None for no limit.
            replay: events to send instead of generated ones.
        """
        self._targets = {(target.server, target.tls, target.rtt_s): target for target in targets}
        self.timeout_s = timeout_s
        self.listener: Listener | None = None
        self.on_rejected: OnRejected | None = None
        self._message_limit = message_limit
        self.sent_bytes = 0
        self.received_bytes = 0
        self.tcp: TcpCounters | None = TcpCounters()
        self.tls = TlsCounters()
        self.connections = ConnectionCounts()
        self.slice_queues = SliceQueues(seed, replay)
        self.external: ExternalSource | None = None
        self.limits = Limits()
        self._seed = seed
        self._replay = replay
        self._memo = ResponseMemo()
        self._watchdog = Watchdog(timeout_s)
        self._contexts: dict[tuple[Server, str], ssl.SSLContext] = {}
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

    def caller(self, connection: Connection, slice_: Slice, kind: Callable[..., Caller] = Caller) -> Caller:
        """What sends a slice's calls, of events that a queue hands out, over one connection."""
        reserve = None if self._message_limit is None else self._message_limit.take
        return kind(connection, self.source(slice_.workload), slice_, self.listener, self.on_rejected, reserve)

    def free_queue(self, workload: Workload) -> Queue:
        """The queue of a free run's workload; the same one for every user."""
        if workload not in self._free_queues:
            if self.external is None:
                source = GeneratedSource.of(workload, self._seed, 0)
                self._free_queues[workload] = Queue(workload, source)
            else:
                external = self.external.source(workload, self.limits, self._seed, log.warning)
                self._free_queues[workload] = ExternalQueue(workload, external, self.external)
        return self._free_queues[workload]

    def target(self, workload: Workload) -> Target:
        """Where a workload goes."""
        return self._targets[workload.server, workload.transport.tls, workload.arrivals.rtt_s]

    def connect(self, workload: Workload) -> Connection:
        """A connection for one user and workloads of its kind, held to its deadlines; give it back with
        ``disconnect``."""
        target = self.target(workload)
        endpoint = target.endpoint
        # Loopback's own segments are 64 kB; these are what an Ethernet would carry.
        maxseg = ETHERNET_MAXSEG if endpoint.is_loopback else None
        where = (endpoint.host, endpoint.port, self.timeout_s, self._memo)
        if target.context is None:
            connection = Connection(*where, maxseg)
        elif workload.transport.by_library:
            connection = StreamConnection(*where, self._context(workload), maxseg)
        else:
            connection = TlsConnection(*where, target.context, maxseg)
        self._watchdog.add(connection)
        return connection

    def publisher(self, connection: Connection, workload: Workload) -> Publisher | HttpxPublisher:
        """What sends workloads of this kind over a connection that was made for them."""
        if isinstance(connection, StreamConnection):
            endpoint = self.target(workload).endpoint
            from wiretax.wire.publishers.httpx_publisher import HttpxPublisher

            return HttpxPublisher(connection, self._context(workload), endpoint, workload, self.on_rejected)
        return Publisher(connection, self.on_rejected)

    def _context(self, workload: Workload) -> ssl.SSLContext:
        """One for each server and version of HTTP that is offered by ALPN, shared by all users."""
        key = (workload.server, workload.transport.http)
        context = self._contexts.get(key)
        if context is None:
            context = self.target(workload).fresh_context()
            assert context is not None  # no plan has the library go without TLS
            self._contexts[key] = context
        return context

    def disconnect(self, connection: Connection) -> None:
        """Close a connection and keep its byte counts, the socket's own witness."""
        connection.close()
        self._watchdog.remove(connection)
        self.sent_bytes += connection.sent
        self.received_bytes += connection.received
        self.tcp = add_counters(self.tcp, connection.tcp())
        self.tls = add_counters(self.tls, connection.tls()) or self.tls
        self.connections = add_counters(self.connections, connection.counts()) or self.connections

    def witness(self) -> Witness:
        """What sockets and kernel counted so far, on connections that are open too; while nothing is under way."""
        total = Witness(self.sent_bytes, self.received_bytes, self.tcp, self.tls, self.connections)
        for each in self._watchdog.connections:
            total = total.plus(Witness(each.sent, each.received, each.tcp(), each.tls(), each.counts()))
        return total

    @property
    def external_queue(self) -> ExternalQueue | None:
        """The queue of events from outside; None if there was none."""
        return next((each for each in self._free_queues.values() if isinstance(each, ExternalQueue)), None)

    def stop_generating(self) -> None:
        """No generated event arrives in a free run's queue any more; the run is about to end."""
        for queue in self._free_queues.values():
            queue.stop_generating()

    def close(self) -> None:
        """Stop the watchdog, and what still arrives."""
        self._watchdog.stop()
        for queue in self._free_queues.values():
            queue.close()
