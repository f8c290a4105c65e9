"""The mock as a process: listens, counts, sweeps idle connections, stops on a signal."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import monotonic, process_time
from typing import Any

import uvloop

from wiretax.channels.endpoint import DEMO, Credentials
from wiretax.channels.limits import Limits
from wiretax.malloc import keep_heap
from wiretax.mock.alpn import Negotiation
from wiretax.mock.certificate import HTTP_1, PROTOCOLS, MockTls, server_context
from wiretax.mock.cost import CostModel, Queue
from wiretax.mock.faults import NO_FAULTS, FaultList
from wiretax.mock.faulty_http1 import FaultyConnection
from wiretax.mock.http1 import Connection
from wiretax.mock.http2 import Http2Connection
from wiretax.mock.ledger import ServerLedger
from wiretax.mock.rules import Rules
from wiretax.mock.timer import Alarm
from wiretax.wire.connections.tcp_info import ETHERNET_MAXSEG

BODY_ROOM = 1_048_576
QUIET_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class MockOptions:
    """How a mock is set up.

    Attributes:
        host: the address to listen on.
        port: the TCP port; 0 takes a free one.
        app: the credentials it knows.
        limits: what it takes.
        cost: what it costs.
        idle_timeout: seconds after which a silent connection is closed.
        tls: its certificate; None for plain HTTP.
        faults: what it gets wrong, by HTTP/1.1; with any it speaks no other.
        keep_alive: whether connections stay open after an answer; those that don't speak HTTP/1.1 only.
    """

    host: str = "127.0.0.1"
    port: int = 0
    app: Credentials = DEMO
    limits: Limits = field(default_factory=Limits)
    cost: CostModel = field(default_factory=CostModel)
    idle_timeout: float = 60.0
    tls: MockTls | None = None
    faults: FaultList = NO_FAULTS
    keep_alive: bool = True

    @property
    def scheme(self) -> str:
        return "http" if self.tls is None else "https"


class MockServer:
    """State shared by all connections of one mock.

    Attributes:
        protocol: what a connection by HTTP/1.1 is served by.
        answers_at_once: whether an answer is sent as it is, as soon as it is known.
        closes: whether each answer is a connection's last.
        publishing: connections so far that were asked for more than the ledger, where faults count them.
    """

    def __init__(self, options: MockOptions, loop: asyncio.AbstractEventLoop) -> None:
        self.options = options
        self.rules = Rules(options.app, options.limits)
        self.ledger = ServerLedger()
        self.connections: set[Connection | Http2Connection] = set()
        # The loop's own clock stands still within an iteration and counts milliseconds.
        self.clock: Callable[[], float] = monotonic
        self.queue = None if options.cost.is_free else Queue(options.cost)
        self.alarm = Alarm(loop)
        self.protocol = FaultyConnection if options.faults else Connection
        self.answers_at_once = options.cost.is_free and not options.faults
        self.closes = not options.keep_alive
        self.publishing = 0
        # Escaped JSON is at most six times its text; a full batch of it still fits.
        self.max_body_bytes = BODY_ROOM + 6 * options.limits.batch_size * options.limits.data_bytes

    def forget(self, connection: Connection | Http2Connection) -> None:
        """Fold a closed connection's bytes into the totals."""
        self.connections.discard(connection)
        self._count(self.ledger, connection)

    def read_ledger(self) -> dict[str, Any]:
        """The totals now, open connections included, and the processor time this process took (s)."""
        reading = ServerLedger()
        for name in ServerLedger.__slots__:
            setattr(reading, name, getattr(self.ledger, name))
        for connection in self.connections:
            self._count(reading, connection)
        return {**reading.as_dict(), "cpu_s": process_time()}

    @staticmethod
    def _count(ledger: ServerLedger, connection: Connection | Http2Connection) -> None:
        if not connection.control:
            ledger.connections += 1
            ledger.request_bytes += connection.received
            ledger.response_bytes += connection.sent

    async def sweep(self) -> None:
        """Close silent connections, for as long as the server runs."""
        while True:
            await asyncio.sleep(self.options.idle_timeout / QUIET_SWEEPS)
            for connection in list(self.connections):
                connection.quiet += 1
                if connection.quiet > QUIET_SWEEPS:
                    connection.close_idle()


async def serve(options: MockOptions, ready: Callable[[str, int], None], with_parent: bool) -> None:
    """Listen until SIGINT or SIGTERM; ``ready(host, port)`` is called once connections are taken."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), lambda: None if os.read(sys.stdin.fileno(), 1024) else stop.set())
    server = MockServer(options, loop)
    listener = await loop.create_server(
        lambda: server.protocol(server) if options.tls is None else Negotiation(server),
        options.host,
        options.port,
        backlog=1024,
        reuse_address=True,
        ssl=_context(options),
    )
    if ip_address(listener.sockets[0].getsockname()[0]).is_loopback:
        # Accepted sockets inherit it: answers in segments as an Ethernet would carry them.
        listener.sockets[0].setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, ETHERNET_MAXSEG)
    sweeper = asyncio.create_task(server.sweep())
    host, port = listener.sockets[0].getsockname()[:2]
    # What exists now lives as long as the process; the collector need not look at it again.
    gc.freeze()
    ready(host, port)
    await stop.wait()
    sweeper.cancel()
    listener.close()
    server.alarm.close()


def _context(options: MockOptions) -> ssl.SSLContext | None:
    if options.tls is None:
        return None
    return server_context(
        options.host, options.tls, HTTP_1 if options.faults or not options.keep_alive else PROTOCOLS
    )


def run_mock(options: MockOptions, ready: Callable[[str, int], None], with_parent: bool = False) -> None:
    """Run a mock in this process until it is told to stop.

    Args:
        options: how it is set up.
        ready: called with address and port once it listens.
        with_parent: whether it also stops when its standard input closes.

    Raises:
        OSError: where it can't listen on the address, or can't write its authority's certificate.
    """
    keep_heap()
    uvloop.run(serve(options, ready, with_parent))
