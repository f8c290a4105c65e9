"""A connection inside TLS: the same exchanges, with every byte that TLS adds counted separately.

Records go through memory buffers instead of an SSLSocket, so that this module sees what is handed to the kernel,
and can tell the handshake from data.
"""

from __future__ import annotations

import _socket
import ssl
from contextlib import suppress
from struct import Struct

import gevent

from wiretax.wire.connections.closing import count_ended, end_side
from wiretax.wire.connections.connection import RECEIVE_BYTES, Connection
from wiretax.wire.connections.generator_limit import generator_limit
from wiretax.wire.connections.response import ResponseMemo
from wiretax.wire.connections.tcp_info import read_counters
from wiretax.wire.counters import TcpCounters, TlsCounters
from wiretax.wire.reach.addresses import Addresses
from wiretax.wire.reach.proxy import Tunnel, TunnelError

RECORD_HEAD = Struct("!BHH")
# If data arrives while the counters are read, it is read too, and the counters are read again.
LAST_READINGS = 5


class TlsConnection(Connection):
    """A connection whose ``sent`` and ``received`` count HTTP's bytes, and ``tls()`` those of TLS."""

    __slots__ = (
        "_context",
        "_ended",
        "_got_data",
        "_handshake_received",
        "_handshake_sent",
        "_incoming",
        "_outgoing",
        "_partial",
        "_raw_received",
        "_raw_received_before",
        "_raw_sent",
        "_session",
        "_shaking_hands",
        "_tunnel",
    )

    def __init__(
        self,
        host: str,
        port: int,
        timeout_s: float,
        memo: ResponseMemo,
        context: ssl.SSLContext,
        maxseg: int | None = None,
        addresses: Addresses | None = None,
        tunnel: Tunnel | None = None,
    ) -> None:
        """``tunnel``: what the connection goes through; the addresses are then the proxy's."""
        super().__init__(host, port, timeout_s, memo, maxseg, addresses)
        self._tunnel = tunnel
        self._context = context
        self._session: ssl.SSLObject | None = None
        self._ended = self._shaking_hands = False
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
        self._shaking_hands = False
        self._raw_received_before = self._raw_received
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        if self._tunnel is None:
            super()._open()
            # Without a TLS handshake there is no connection.
            self._connecting = True
        else:
            self._open_through(self._tunnel)
        self._recv = self._receive
        self._partial = b""
        self._got_data = self._ended = False
        self._shaking_hands = True
        session = self._context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._host)
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush_handshake()
                self._wait_until_readable()
                data = self._read_raw()
                if not data:
                    raise ConnectionResetError(0, "closed by the server during the TLS handshake") from None
                self._handshake_received += len(data)
                self._incoming.write(data)
            except ssl.SSLError:
                # The alert tells the server why.
                self._flush_handshake()
                raise
        self._flush_handshake()
        self._session = session
        self._connecting = self._shaking_hands = False

    def _open_through(self, tunnel: Tunnel) -> None:
        """Connect to a proxy and ask it for a tunnel. Both are part of the connection's fixed cost."""
        try:
            super()._open()
        except OSError as error:
            if self._timed_out or generator_limit(error):
                raise
            raise TunnelError(f"{tunnel.proxy}: {error.strerror or error}") from None
        self._connecting = True
        before = self._raw_sent
        self._push(tunnel.request, 0)
        self._handshake_sent += self._raw_sent - before
        reply, rest = b"", None
        while rest is None:
            self._wait_until_readable()
            data = self._read_raw()
            if not data:
                raise TunnelError(f"{tunnel.proxy} closed the connection without a reply to CONNECT")
            self._handshake_received += len(data)
            reply += data
            rest = tunnel.proxy.after_reply(reply)
        self._incoming.write(rest)

    def _awaited(self) -> str:
        return "whole TLS handshake" if self._shaking_hands else super()._awaited()

    def _write(self, data: bytes) -> None:
        assert self._session is not None
        self._session.write(data)
        self._push(self._outgoing.read(), len(data))

    def _push(self, records: bytes, plain: int) -> None:
        """Hand records to the socket, which contain ``plain`` bytes of HTTP."""
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

    def _read_raw(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(RECEIVE_BYTES)
        self._raw_received += len(data)
        return data

    def _receive(self, _most: int) -> bytes:
        """Read data for HTTP: waits while only TLS messages arrive; empty if the server closed."""
        while not self._ended:
            data = self._read_raw()
            if not data:
                break
            plain = self._decrypt(data) if self._got_data else self._decrypt_first(data)
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
        # The server sent a close_notify. It may keep the socket open, or wait for the client's.
        self._ended = True
        self._watcher.stop()
        return plain

    def _decrypt_first(self, data: bytes) -> bytes:
        """Decrypt record by record until data comes: session tickets precede it, and count as handshake."""
        data = self._partial + data
        while len(data) >= RECORD_HEAD.size:
            size = RECORD_HEAD.size + RECORD_HEAD.unpack_from(data)[2]
            if len(data) < size:
                break
            plain = self._decrypt(data[:size])
            data = data[size:]
            if plain:
                self._got_data = True
                self._partial = b""
                return plain + (self._decrypt(data) if data else b"")
            self._handshake_received += size
        self._partial = data
        return b""

    def _wait_until_readable(self) -> None:
        self._waiter = gevent.getcurrent().switch
        self._switch()

    def _read_bytes(self) -> int:
        return self._raw_received - self._raw_received_before

    def _end(self, connection: _socket.socket) -> TcpCounters | None:
        self._read_rest(connection)
        awaited = self._send_close_notify()
        ended, read_bytes = end_side(connection), self._read_bytes()
        # If data that came before is left unread, closing sends a RST.
        self._read_rest(connection)
        return count_ended(
            connection, self._read_bytes(), ended, awaited if self._read_bytes() == read_bytes else 0
        )

    def _read_rest(self, connection: _socket.socket) -> None:
        """Read data that no exchange waits for, such as a close_notify, until the kernel holds no more."""
        for _ in range(LAST_READINGS):
            self._discard_readable()
            counted = read_counters(connection, self._read_bytes())
            if counted is None or counted.received == self._read_bytes():
                break

    def _discard_readable(self) -> None:
        with suppress(OSError):
            while data := self._read_raw():
                self._handshake_received += len(data)
                if self._session is not None:
                    self._incoming.write(data)

    def _send_close_notify(self) -> int:
        """Send a close_notify, as TLS requires; returns the bytes of the one that the server has yet to send."""
        session, self._session = self._session, None
        if session is None:
            return 0
        answered = False
        # This raises if the server's close_notify has not arrived yet; don't wait for it.
        with suppress(ssl.SSLError):
            session.unwrap()
            answered = True
        close_notify = self._outgoing.read()
        # The server may be gone already, which is fine.
        with suppress(OSError):
            sent = self._send(close_notify) if close_notify else 0
            self._raw_sent += sent
            self._handshake_sent += sent
        return 0 if answered else len(close_notify)
