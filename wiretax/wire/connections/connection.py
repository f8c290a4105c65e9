"""The exchanges of one user over a connection to an endpoint: a request is written, and its response read."""

from __future__ import annotations

from time import perf_counter_ns

import gevent

from wiretax.wire.connections.exchange_error import CUT, ExchangeError, failure_of
from wiretax.wire.connections.response import Response, ResponseError, ResponseMemo, ResponseReader
from wiretax.wire.connections.tcp_connection import TcpConnection
from wiretax.wire.ledger import Failure
from wiretax.wire.reach.addresses import Addresses

RECEIVE_BYTES = 65_536
# A response to a publisher has a few hundred bytes. Room for more costs more, and a longer one is read in pieces.
RESPONSE_BYTES = 4096


class Connection(TcpConnection):
    """Sends a request and waits for its response; connects when needed.

    A request is never retried: if it fails after its first byte was sent, the failure is reported.
    """

    __slots__ = ("_memo",)

    def __init__(
        self,
        host: str,
        port: int,
        timeout_s: float,
        memo: ResponseMemo,
        maxseg: int | None = None,
        addresses: Addresses | None = None,
    ) -> None:
        """Prepare a connection.

        Args:
            host: a name or an address, IPv6 without brackets.
            port: the TCP port.
            timeout_s: how long an exchange may take, and each attempt to connect.
            memo: responses that were read before.
            maxseg: the largest segment in bytes, before options; None leaves it to the kernel and the path.
            addresses: the host's, if users share them.
        """
        super().__init__(host, port, timeout_s, maxseg, addresses)
        self._memo = memo

    def exchange(self, head: bytes, body: bytes, writes: int) -> Response:
        """Send one request, in one write or in two, and wait for the response.

        Raises:
            ExchangeError: no whole response came; it says how far the exchange got. Its cause is what stopped
                the user, if that is why.
        """
        sent, received = self.sent, self.received
        try:
            if self._socket is None or not self._watcher.active:
                self._open()
            self._deadline_ns = perf_counter_ns() + self._timeout_ns
            if writes == 1:
                self._write(head + body)
            else:
                self._write(head)
                self._write(body)
            self._waiter = gevent.getcurrent().switch
            self._switch()
            data = self._recv(RESPONSE_BYTES)
            self.received += len(data)
            response = self._memo.get(data) or self._read(data)
        except (OSError, ResponseError, MemoryError) as error:
            self.close(by_server=isinstance(error, ConnectionError))
            failure = self._failure(error)
            raise ExchangeError(failure, self.sent - sent, self.received - received) from None
        except BaseException as reason:
            # The user was stopped half-way: whatever still arrives on this connection belongs to nobody.
            self.close(by_server=False)
            raise ExchangeError(CUT, self.sent - sent, self.received - received) from reason
        if not response.keeps_alive:
            self.close(by_server=True)
        return response

    def _write(self, data: bytes) -> None:
        try:
            written = self._send(data)
        except BlockingIOError:
            written = 0
        self.sent += written
        if written < len(data):
            self._write_rest(memoryview(data)[written:])

    def _write_rest(self, data: memoryview) -> None:
        # A response that comes before the request was sent must not wake the wait for a writable socket.
        self._watcher.stop()
        while data:
            self._wait_until_writable()
            try:
                written = self._send(data)
            except BlockingIOError:
                continue
            self.sent += written
            data = data[written:]
        self._watcher.start(self._readable)

    def _read(self, data: bytes) -> Response:
        """Parse a response that the memo does not know: a new one, one in pieces, or none."""
        reader = ResponseReader()
        first = data
        while True:
            response = reader.feed(data) if data else reader.end()
            if response is not None:
                if data is first:
                    self._memo.keep(data, response)
                return response
            if not data:
                raise ConnectionResetError(0, "closed by the server before its answer was whole")
            if self._watcher.active:  # otherwise the server has closed
                self._waiter = gevent.getcurrent().switch
                self._switch()
            data = self._recv(RECEIVE_BYTES)
            self.received += len(data)

    def _failure(self, error: Exception) -> Failure:
        if self._timed_out:
            return Failure("timeout", 0, f"no {self._awaited()} within {self._timeout_ns / 1e9:g} s")
        return failure_of(error, self._connecting)

    def _awaited(self) -> str:
        """What the exchange waits for."""
        return "connect" if self._connecting else "answer"
