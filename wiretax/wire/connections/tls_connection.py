"""A connection inside TLS: the same exchanges, with every byte that TLS adds counted apart.

Records go through memory, not through a socket of the ssl module's own, so that what is handed to the kernel
is seen here, handshake and data apart.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from struct import Struct

import gevent

from wiretax.wire.connections.closing import count_ended, end_side
from wiretax.wire.connections.connection import RECEIVE_BYTES, Connection
from wiretax.wire.connections.response import ResponseMemo
from wiretax.wire.connections.tcp_info import read_counters
from wiretax.wire.counters import TcpCounters, TlsCounters

RECORD_HEAD = Struct("!BHH")
# Bytes that come while the counters are read are read too, and the counters again.
LAST_READINGS = 5


class TlsConnection(Connection):
    """A connection whose ``sent`` and ``received`` are HTTP's bytes; those of TLS are in ``tls()``."""

    __slots__ = (
        "_context",
        "_ended",
        "_handshake_received",
        "_handshake_sent",
        "_heard",
        "_incoming",
        "_outgoing",
        "_partial",
        "_raw_received",
        "_raw_received_before",
        "_raw_sent",
        "_session",
    )

    def __init__(
        self,
        host: str,
        port: int,
        timeout_s: float,
        memo: ResponseMemo,
        context: ssl.SSLContext,
        maxseg: int | None = None,
    ) -> None:
        super().__init__(host, port, timeout_s, memo, maxseg)
        self._context = context
        self._session: ssl.SSLObject | None = None
        self._ended = False
        self._raw_sent = self._raw_received = 0
        self._raw_received_before = 0
        self._handshake_sent = self._handshake_received = 0

    def tls(self) -> TlsCounters:
        return TlsCounters(
            self._raw_sent - self.sent,
            self._raw_received - self.received,
            self._handshake_sent,
            self._handshake_received,
        )

    def _open(self) -> None:
        self.close()
        self._raw_received_before = self._raw_received
        super()._open()
        # What is still to come decides whether there is a connection at all.
        self._connecting = True
        self._recv = self._receive
        self._partial = b""
        self._heard = self._ended = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = self._context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._host)
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush_handshake()
                self._wait_until_readable()
                data = self._take()
                if not data:
                    raise ConnectionResetError(0, "closed by the server during the TLS handshake") from None
                self._handshake_received += len(data)
                self._incoming.write(data)
            except ssl.SSLError:
                # The server is told why.
                self._flush_handshake()
                raise
        self._flush_handshake()
        self._session = session
        self._connecting = False

    def _write(self, data: bytes) -> None:
        assert self._session is not None
        self._session.write(data)
        self._push(self._outgoing.read(), len(data))

    def _push(self, records: bytes, plain: int) -> None:
        """Hand records to the socket; ``plain`` bytes of HTTP are in them."""
        before = self.sent
        try:
            super()._write(records)
        finally:
            self._raw_sent += self.sent - before
            self.sent = before + plain

    def _flush_handshake(self) -> None:
        before = self._raw_sent
        if self._outgoing.pending:
            self._push(self._outgoing.read(), 0)
        self._handshake_sent += self._raw_sent - before

    def _take(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(RECEIVE_BYTES)
        self._raw_received += len(data)
        return data

    def _receive(self, _most: int) -> bytes:
        """What HTTP is to read next: waits where only TLS's own messages came; empty where the server closed."""
        while not self._ended:
            data = self._take()
            if not data:
                break
            plain = self._decrypt(data) if self._heard else self._decrypt_first(data)
            if plain or self._ended:
                return plain
            self._wait_until_readable()
        return b""

    def _decrypt(self, data: bytes) -> bytes:
        assert self._session is not None
        self._incoming.write(data)
        plain = b""
        try:
            while more := self._session.read(RECEIVE_BYTES):
                plain += more
                if not self._incoming.pending and not self._session.pending():
                    return plain
        except ssl.SSLWantReadError:
            return plain
        # The server said that nothing more comes; it need not close the socket for that, or may wait for ours.
        self._ended = True
        self._watcher.stop()
        return plain

    def _decrypt_first(self, data: bytes) -> bytes:
        """Until the first answer, record by record: session tickets come before it; they are the handshake's."""
        data = self._partial + data
        while len(data) >= RECORD_HEAD.size:
            size = RECORD_HEAD.size + RECORD_HEAD.unpack_from(data)[2]
            if len(data) < size:
                break
            plain = self._decrypt(data[:size])
            data = data[size:]
            if plain:
                self._heard = True
                self._partial = b""
                return plain + (self._decrypt(data) if data else b"")
            self._handshake_received += size
        self._partial = data
        return b""

    def _wait_until_readable(self) -> None:
        self._waiter = gevent.getcurrent().switch
        self._switch()

    def _taken(self) -> int:
        return self._raw_received - self._raw_received_before

    def _end(self, connection: socket.socket) -> TcpCounters | None:
        self._take_the_rest(connection)
        owed = self._say_goodbye()
        ended, taken = end_side(connection), self._taken()
        # What came before that would make a RST of closing.
        self._take_the_rest(connection)
        return count_ended(connection, self._taken(), ended, owed if self._taken() == taken else 0)

    def _take_the_rest(self, connection: socket.socket) -> None:
        """Take what nobody waited for, such as the server's goodbye, until the kernel holds no more than that."""
        for _ in range(LAST_READINGS):
            self._drain()
            counted = read_counters(connection, self._taken())
            if counted is None or counted.received == self._taken():
                break

    def _drain(self) -> None:
        with suppress(OSError):
            while data := self._take():
                self._handshake_received += len(data)
                if self._session is not None:
                    self._incoming.write(data)

    def _say_goodbye(self) -> int:
        """As TLS asks of whoever closes; returns the bytes of the goodbye that the server owes."""
        session, self._session = self._session, None
        if session is None:
            return 0
        answered = False
        # If the server's own has not come yet, it is not waited for.
        with suppress(ssl.SSLError):
            session.unwrap()
            answered = True
        goodbye = self._outgoing.read()
        # Where nobody is there to hear it, that is all right.
        with suppress(OSError):
            said = self._send(goodbye) if goodbye else 0
            self._raw_sent += said
            self._handshake_sent += said
        return 0 if answered else len(goodbye)
