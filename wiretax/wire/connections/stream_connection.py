"""A connection for a library that does its own HTTP: bytes in, bytes out, counted and timed like any other's."""

from __future__ import annotations

import ssl
from time import perf_counter_ns

from wiretax.wire.connections.connection import RECEIVE_BYTES
from wiretax.wire.connections.tls_connection import TlsConnection
from wiretax.wire.ledger import Failure


class AgreementError(Exception):
    """The server does not speak the protocol that was asked for by ALPN."""


class StreamConnection(TlsConnection):
    """A connection inside TLS whose exchanges are another's business.

    Attributes:
        ended: whether the server closed its side.
    """

    __slots__ = ("ended",)

    @property
    def session(self) -> ssl.SSLObject | None:
        """What TLS agreed on; None where the connection is not open."""
        return self._session

    def begin(self) -> None:
        """An exchange begins: its time runs from here, and again from when it has a connection."""
        self.ended = self._timed_out = False
        self._deadline_ns = perf_counter_ns() + self._timeout_ns

    def open(self, protocol: str | None) -> None:
        """Connect and shake hands.

        Args:
            protocol: what ALPN has to agree on; None where that is all the same.

        Raises:
            OSError: where that fails, or takes too long; ``failure`` says which.
            AgreementError: where the server does not speak the protocol.
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
        """What came, as soon as anything has; empty where the server closed."""
        while True:
            if not self._watcher.active:
                # It stops where the server spoke before anybody waited for it, as HTTP/2's do.
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
        """Whether the server said something that nobody waits for, or closed."""
        return self._socket is None or not self._watcher.active

    def _is_ended(self) -> bool:
        # HTTP/2 servers speak while nobody waits.
        return self.ended or self._ended

    def failure(self, error: Exception) -> Failure:
        """How an exchange failed, by what was raised in it."""
        if self.ended and not isinstance(error, OSError):
            return Failure("lost", 0, "closed by the server before its answer was whole")
        if isinstance(error, OSError):
            return self._failure(error)
        if isinstance(error, AgreementError):
            return Failure("alpn", 0, str(error))
        return Failure("malformed", 0, f"{type(error).__name__}: {error}")
