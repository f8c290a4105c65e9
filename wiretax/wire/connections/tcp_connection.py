"""The TCP connections of one user to an endpoint, one at a time: non-blocking sockets on gevent's loop.

A socket's read watcher stays armed while the connection is open, and whoever waits switches to the hub; nothing is
registered or timed per request. A watchdog enforces the deadlines.
"""

from __future__ import annotations

import _socket
import socket
from collections.abc import Callable
from errno import EINPROGRESS
from os import strerror
from time import perf_counter_ns
from typing import Any

import gevent

from wiretax.wire.connections.closing import count_ended, end_side
from wiretax.wire.connections.tcp_info import read_counters
from wiretax.wire.counters import ConnectionCounts, Snapshot, TcpCounters, TlsCounters, add_counters
from wiretax.wire.reach.addresses import Addresses, SocketAddress

NO_TLS = TlsCounters()
READ, WRITE = 1, 2


class TcpConnection:
    """Opens and closes the sockets of one user, one at a time, and counts what they carried.

    Attributes:
        sent: bytes handed to sockets so far.
        received: bytes read from them so far.
        opened: connections opened so far.
        closed_by_server: connections that the server closed or announced to close, also at the client's request.
        closed_by_client: connections that were closed here.
    """

    __slots__ = (
        "_address",
        "_addresses",
        "_closed_tcp",
        "_connecting",
        "_deadline_ns",
        "_established",
        "_host",
        "_maxseg",
        "_received_before",
        "_recv",
        "_send",
        "_socket",
        "_switch",
        "_timed_out",
        "_timeout_ns",
        "_waiter",
        "_watcher",
        "closed_by_client",
        "closed_by_server",
        "opened",
        "received",
        "sent",
    )

    def __init__(
        self, host: str, port: int, timeout_s: float, maxseg: int | None = None, addresses: Addresses | None = None
    ) -> None:
        """Prepare a connection; see ``Connection`` for the arguments."""
        self._host = host
        self._addresses = Addresses(host, port) if addresses is None else addresses
        self._address: SocketAddress | None = None
        self._timeout_ns = int(timeout_s * 1e9)
        self._maxseg = maxseg
        self._closed_tcp: TcpCounters | None = TcpCounters()
        self._socket: _socket.socket | None = None
        self._watcher: Any = None
        self._waiter: Callable[[], object] | None = None
        self._deadline_ns = 0
        self._timed_out = self._connecting = self._established = False
        self._received_before = 0
        self.sent = self.received = 0
        self.opened = self.closed_by_server = self.closed_by_client = 0

    def close(self, by_server: bool | None = None) -> None:
        """Close the socket, if it is open.

        ``by_server``: whether the server closed or announced to close; None if that is not known yet.
        """
        if self._socket is not None:
            if self._established:
                ended_there = self._is_ended() if by_server is None else by_server
                self.closed_by_server += ended_there
                self.closed_by_client += not ended_there
                self._established = False
            self._drop()
        self._waiter = None

    def snapshot(self) -> Snapshot:
        """Its counts so far; call it only while no exchange is under way."""
        return Snapshot(self.counts(), self.tcp(), self.tls())

    def counts(self) -> ConnectionCounts:
        """What became of its connections so far."""
        return ConnectionCounts(self.opened, self.closed_by_server, self.closed_by_client)

    def tcp(self) -> TcpCounters | None:
        """The kernel's counters of all sockets so far, including the open one; None if it keeps none."""
        if self._socket is None:
            return self._closed_tcp
        return add_counters(self._closed_tcp, read_counters(self._socket, self._read_bytes()))

    def tls(self) -> TlsCounters:
        """The bytes that TLS added to HTTP so far: none without TLS."""
        return NO_TLS

    @property
    def descriptor(self) -> int | None:
        """The open socket's; None if there is none."""
        return None if self._socket is None else self._socket.fileno()

    @property
    def is_overdue(self) -> bool:
        """Whether its last exchange missed its deadline."""
        return self._timed_out

    def is_late(self, now_ns: int) -> bool:
        """Whether an exchange waits past its deadline."""
        return self._waiter is not None and now_ns > self._deadline_ns

    def time_out(self) -> None:
        """Wake the exchange that waits, marked as timed out."""
        self._timed_out = True
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            gevent.get_hub().loop.run_callback(waiter)

    def _open(self) -> None:
        self.close()
        self._received_before = self.received
        self._connecting = True
        self._timed_out = False
        if self._address is None:
            self._connect_any(None)
        else:
            try:
                self._connect(self._address)
            except OSError as error:
                self._connect_any(error)
        self._connecting = False
        self._watcher.start(self._readable)
        self.opened += 1
        assert self._address is not None
        self._addresses.opened[self._address] += 1
        self._established = True

    def _connect_any(self, failure: OSError | None) -> None:
        """Connect to the first address that accepts a connection.

        Args:
            failure: why the last one used accepts none; None if none was used yet.

        Raises:
            OSError: there is no address, or each one failed.
        """
        addresses, last = self._addresses, self._address
        if failure is not None and last is not None:
            self._give_up(last)
        for address in addresses.in_order(last):
            try:
                self._connect(address)
            except OSError as error:
                failure = error
                self._give_up(address)
            else:
                addresses.note_reached(address)
                self._address = address
                return
        assert failure is not None
        raise _of_all(failure, len(addresses))

    def _give_up(self, address: SocketAddress) -> None:
        # The socket is closed before another address is tried, so that the segments of each are counted.
        self._addresses.note_failed(address)
        self._drop()

    def _connect(self, address: SocketAddress) -> None:
        """Open a socket to one of the host's addresses."""
        self._timed_out = False
        self._deadline_ns = perf_counter_ns() + self._timeout_ns
        # The class beneath ``socket.socket``: gevent doesn't patch it, so a user waits once per exchange instead
        # of inside each send and recv; and it makes no enumerations, which costs time at each connection.
        self._socket = _socket.socket(address.family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._maxseg is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, self._maxseg)
        self._send = self._socket.send
        self._recv: Callable[[int], bytes] = self._socket.recv
        hub = gevent.get_hub()
        self._switch = hub.switch
        self._watcher = hub.loop.io(self._socket.fileno(), READ)
        code = self._socket.connect_ex(address.place)
        if code == EINPROGRESS:
            self._wait_until_writable()
            code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, strerror(code))

    def _drop(self) -> None:
        """Close the socket, if there is one, and keep its counts."""
        if self._socket is not None:
            self._closed_tcp = add_counters(self._closed_tcp, self._end(self._socket))
            self._watcher.stop()
            self._watcher.close()
            self._socket.close()
            self._socket = None

    def _is_ended(self) -> bool:
        """Whether the server closed the connection while no exchange was waiting."""
        return not self._watcher.active

    def _read_bytes(self) -> int:
        """Bytes read from the open socket."""
        return self.received - self._received_before

    def _end(self, connection: _socket.socket) -> TcpCounters | None:
        """Shut down a socket that is about to be closed, and count all that it carries."""
        ended = end_side(connection)
        return count_ended(connection, self._read_bytes(), ended)

    def _wait_until_writable(self) -> None:
        assert self._socket is not None
        watcher = gevent.get_hub().loop.io(self._socket.fileno(), WRITE)
        self._waiter = gevent.getcurrent().switch
        watcher.start(self._writable)
        try:
            self._switch()
        finally:
            watcher.stop()
            watcher.close()
        if self._timed_out:
            raise TimeoutError

    def _readable(self) -> None:
        """Called in the hub when the socket is readable."""
        waiter = self._waiter
        if waiter is None:
            # No exchange waits: the server closed, or sent something unsolicited. The next exchange reconnects.
            self._watcher.stop()
        else:
            self._waiter = None
            waiter()

    def _writable(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            waiter()


def _of_all(failure: OSError, addresses: int) -> OSError:
    """Why no address could be connected to: the last failure, and how many there are."""
    if addresses < 2 or isinstance(failure, TimeoutError):
        return failure
    return OSError(failure.errno, f"{failure.strerror}, at each of {addresses} addresses")
