"""A connection for a library that does its own HTTP: a byte stream, counted and timed like other connections."""

from __future__ import annotations

import ssl
from time import perf_counter_ns

from wiretax.wire.connections.connection import RECEIVE_BYTES
from wiretax.wire.connections.tls_connection import TlsConnection
from wiretax.wire.ledger import Failure


class AgreementError(Exception):
    """The server does not speak the protocol that was requested by ALPN."""


class StreamConnection(TlsConnection):
    """A connection inside TLS whose exchanges a library makes.

    Attributes:
        ended: whether the server closed its side.
    """

    __slots__ = ("ended",)

    @property
    def session(self) -> ssl.SSLObject | None:
        """The TLS session; None if the connection is not open."""
        return self._session

    def begin(self) -> None:
        """Begin an exchange: its deadline counts from here, and again from when the connection is established."""
        self.ended = self._timed_out = False
        self._deadline_ns = perf_counter_ns() + self._timeout_ns

    def open(self, protocol: str | None) -> None:
        """Connect and do the TLS handshake.

        Args:
            protocol: what ALPN has to agree on; None for any.

        Raises:
            OSError: that fails, or takes too long; ``failure`` tells which.
            AgreementError: the server does not speak the protocol.
        """
        self._open()
        assert self._session is not None
        if protocol not in (None, self._session.selected_alpn_protocol()):
            raise AgreementError(f"the endpoint does not offer {protocol} by ALPN")
        self._deadline_ns = perf_counter_ns() + self._timeout_ns

    def write(self, data: bytes) -> None:
        """Send all of it."""
        self._write(data)

    def read(self) -> bytes:
        """Wait for data, and return it; empty if the server closed."""
        while True:
            if not self._watcher.active:
                # It stops if the server sends something while no exchange waits, as HTTP/2 servers do.
                self._watcher.start(self._readable)
            try:
                data = self._receive(RECEIVE_BYTES)
            except BlockingIOError:
                if self._timed_out:
                    raise
                self._wait_until_readable()
                continue
            self.received += len(data)
            self.ended = not data
            return data

    def is_readable(self) -> bool:
        """Whether the server sent something that no exchange waits for, or closed."""
        return self._socket is None or not self._watcher.active

    def _is_ended(self) -> bool:
        # HTTP/2 servers send frames while no exchange waits.
        return self.ended or self._ended

    def failure(self, error: Exception) -> Failure:
        """Why an exchange failed, by the exception raised in it."""
        if self.ended and not isinstance(error, OSError | MemoryError):
            return Failure("lost", 0, "closed by the server before its answer was whole")
        if isinstance(error, OSError | MemoryError):
            return self._failure(error)
        if isinstance(error, AgreementError):
            return Failure("alpn", 0, str(error))
        return Failure("malformed", 0, f"{type(error).__name__}: {error}")
