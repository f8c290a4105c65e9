"""The mock as a process: listens, counts, closes idle connections, stops on a signal."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import ssl
import sys
from collections.abc import Callable
from ipaddress import ip_address
from secrets import token_hex
from time import monotonic, process_time
from typing import Any

import uvloop

from wiretax.malloc import keep_heap
from wiretax.mock.certificate import HTTP_1, PROTOCOLS, server_context
from wiretax.mock.cost import ServerQueue
from wiretax.mock.delivery.faulty_hub import FaultyHub
from wiretax.mock.delivery.hub import Hub
from wiretax.mock.delivery.members import Members
from wiretax.mock.ledger import ServerLedger
from wiretax.mock.options import MockOptions
from wiretax.mock.protocols.connection import MAX_SWEEPS, MockConnection
from wiretax.mock.protocols.faulty_http1 import FaultyConnection
from wiretax.mock.protocols.http1 import Http1Connection
from wiretax.mock.protocols.known_fields import KnownFields
from wiretax.mock.protocols.timer import Timer
from wiretax.mock.rules import Rules
from wiretax.wire.connections.segments import use_ethernet_segments
from wiretax.wire.open_files import raise_open_files

# Bytes of a body besides the events' data.
BODY_ALLOWANCE = 1_048_576
# Bodies of the largest size that may be unfinished at a time: on one connection, and on all.
MAX_HELD_HERE = 4
MAX_HELD = 40


class MockServer:
    """State shared by all connections of one mock.

    Attributes:
        known_fields: fields of HTTP/1.1 requests that are in order.
        http1: the class that serves HTTP/1.1 connections.
        answers_at_once: whether responses are sent immediately and unchanged.
        closes: whether each response is its connection's last.
        max_body_bytes: the largest body that is read.
        max_held_here: the most bytes of unfinished bodies on one connection.
        max_held: the most bytes of unfinished bodies on all connections.
        held: the bytes of unfinished bodies now.
        hub: the subscribers, and what they are sent.
        members: who is in each presence channel.
        publishing: number of connections with requests other than for the ledger, counted if there are faults.
    """

    def __init__(self, options: MockOptions, loop: asyncio.AbstractEventLoop) -> None:
        self.options = options
        self._instance = token_hex(8)
        self.known_fields = KnownFields()
        self.ledger = ServerLedger()
        self.connections: set[MockConnection] = set()
        # The loop's clock stands still within an iteration and counts milliseconds.
        self.clock: Callable[[], float] = monotonic
        self.queue = None if options.cost.is_free else ServerQueue(options.cost)
        self.timer = Timer(loop)
        self.http1 = FaultyConnection if options.faults else Http1Connection
        self.hub = (
            FaultyHub(options.backpressure_bytes, self.timer, self.clock)
            if options.faults
            else Hub(options.backpressure_bytes)
        )
        self.members = Members()
        watched = self.hub.channels
        self.rules = Rules(options.app, options.limits, options.prefix, options.signs_prefix, watched)
        self.answers_at_once = options.cost.is_free and not options.faults
        self.closes = not options.keep_alive
        self.publishing = 0
        # Escaped JSON is at most six times its text; a full batch of it fits.
        full = BODY_ALLOWANCE + 6 * options.limits.batch_size * options.limits.data_bytes
        self.max_body_bytes = full if options.body_bytes is None else options.body_bytes
        self.max_held_here = MAX_HELD_HERE * self.max_body_bytes
        self.max_held = MAX_HELD * self.max_body_bytes
        self.held = 0

    def forget(self, connection: MockConnection) -> None:
        """Add a closed connection's bytes to the totals."""
        self.connections.discard(connection)
        self._count(self.ledger, connection)

    def read_ledger(self) -> dict[str, Any]:
        """The current totals, open connections included, the processor time of this process (s), and what tells
        it from other mocks."""
        reading = ServerLedger()
        for name in ServerLedger.__slots__:
            setattr(reading, name, getattr(self.ledger, name))
        for connection in self.connections:
            self._count(reading, connection)
        delivered = self.hub.ledger.as_dict()
        return {
            **reading.as_dict(),
            **({"delivery": delivered} if delivered else {}),
            "cpu_s": process_time(),
            "instance": self._instance,
        }

    @staticmethod
    def _count(ledger: ServerLedger, connection: MockConnection) -> None:
        if not connection.control:
            ledger.connections += 1
            ledger.request_bytes += connection.received
            ledger.response_bytes += connection.sent

    async def sweep(self) -> None:
        """Close idle connections and refuse bodies that don't arrive, as long as the server runs."""
        while True:
            await asyncio.sleep(self.options.idle_timeout / MAX_SWEEPS)
            for connection in list(self.connections):
                connection.sweep()
            for subscriber in list(self.hub.connections):
                subscriber.sweep()


async def serve(options: MockOptions, ready: Callable[[str, int], None], with_parent: bool) -> None:
    """Listen until SIGINT, SIGTERM or SIGHUP; ``ready(host, port)`` is called once connections are accepted."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores it
            loop.add_signal_handler(number, stop.set)
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), lambda: None if os.read(sys.stdin.fileno(), 1024) else stop.set())
    server = MockServer(options, loop)
    listener = await loop.create_server(
        _protocol_of(server),
        options.host,
        options.port,
        backlog=1024,
        reuse_address=True,
        ssl=_context(options),
    )
    if ip_address(listener.sockets[0].getsockname()[0]).is_loopback:
        use_ethernet_segments(listener.sockets[0])
    sweeper = asyncio.create_task(server.sweep())
    host, port = listener.sockets[0].getsockname()[:2]
    # Everything allocated so far lives as long as the process, so the garbage collector can skip it.
    gc.freeze()
    ready(host, port)
    await stop.wait()
    sweeper.cancel()
    listener.close()
    server.timer.close()


def _protocol_of(server: MockServer) -> Callable[[], asyncio.Protocol]:
    """Makes the protocol of a new connection."""
    if server.options.tls is None:
        return lambda: server.http1(server)
    # Only a mock with TLS speaks HTTP/2; loading it takes as long as a fifth of the mock.
    from wiretax.mock.protocols.alpn import AlpnProtocol

    return lambda: AlpnProtocol(server)


def _context(options: MockOptions) -> ssl.SSLContext | None:
    if options.tls is None:
        return None
    return server_context(options.host, options.tls, HTTP_1 if options.http1_only else PROTOCOLS)


def run_mock(options: MockOptions, ready: Callable[[str, int], None], with_parent: bool = False) -> None:
    """Run a mock in this process until a signal stops it.

    Args:
        options: how it is set up.
        ready: called with address and port once it listens.
        with_parent: whether it also stops when its standard input closes.

    Raises:
        OSError: if it can't listen on the address, or can't write its authority's certificate.
    """
    keep_heap()
    raise_open_files()  # each connection is one
    uvloop.run(serve(options, ready, with_parent))
