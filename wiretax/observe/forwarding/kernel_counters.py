"""The kernel's counters of a publisher's connection, as the publisher's side has them."""

from __future__ import annotations

import socket

from wiretax.wire.connections.closing import count_ended, end_side
from wiretax.wire.connections.tcp_info import read_counters
from wiretax.wire.counters import TcpCounters, subtract_counters


class KernelCounters:
    """Reads the counters of an accepted connection, and what was counted since the last reading.

    Attributes:
        received: bytes received from the publisher.
        ended: whether the publisher has closed its side.
    """

    def __init__(self) -> None:
        self.received = 0
        self.ended = False
        self._socket: socket.socket | None = None
        self._last: TcpCounters | None = TcpCounters()
        self._before_response: TcpCounters | None = None

    def attach(self, accepted: socket.socket) -> None:
        """Read from this socket."""
        self._socket = accepted

    def begin_response(self) -> None:
        """Read before a response is passed on: a publisher that has it may send its next request before the next
        reading."""
        self._before_response = self._read()

    def end_response(self) -> None:
        self._before_response = None

    def advance(self) -> TcpCounters | None:
        """The counts since the last reading; a request that follows the current response is left out."""
        counters, before = self._read(), self._before_response
        if counters is not None and before is not None:
            counters = counters._replace(
                sent=before.sent, segments_out=before.segments_out, headers_out=before.headers_out
            )
        counted = subtract_counters(counters, self._last)
        self._last = counters
        return counted

    def close(self, ended_here: bool) -> tuple[TcpCounters | None, TcpCounters | None, bool]:
        """Read for the last time, before the socket is closed.

        Args:
            ended_here: whether this side has ended already.

        Returns:
            The total, with the segments of the close that are still to come; the counts since the last reading;
            and whether there are any.
        """
        assert self._socket is not None
        # This side ends before the reading, as no model knows what the publisher does in between.
        ended = ended_here or end_side(self._socket)
        total = _as_publisher(count_ended(self._socket, self.received, ended, accepted=True))
        return total, subtract_counters(total, self._last), total != self._last

    def _read(self) -> TcpCounters | None:
        assert self._socket is not None
        # A response to a publisher that is gone is answered by RST, after which the socket's state no longer shows
        # the FIN before it.
        known = self.received if self.ended else None
        return _as_publisher(read_counters(self._socket, known, accepted=True))


def _as_publisher(counters: TcpCounters | None) -> TcpCounters | None:
    """The publisher's side of the counters, without its retransmissions, which are unknown here."""
    if counters is None:
        return None
    return TcpCounters(
        sent=counters.received,
        received=counters.sent,
        segments_out=counters.segments_in,
        segments_in=counters.segments_out,
        headers_out=counters.headers_in,
        headers_in=counters.headers_out,
        close_segments_out=counters.close_segments_in,
        close_segments_in=counters.close_segments_out,
    )
