"""Segments of Ethernet size on loopback, whose own are up to 64 KiB."""

from __future__ import annotations

import socket

# TCP_MAXSEG for segments as an Ethernet of 1,500 bytes carries them, 12 bytes of timestamps included.
ETHERNET_MAXSEG = 1460


def use_ethernet_segments(listener: socket.socket) -> None:
    """Limit the segments of a listening socket; the sockets it accepts inherit the limit."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, ETHERNET_MAXSEG)
