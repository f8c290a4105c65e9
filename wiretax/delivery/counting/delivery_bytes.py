"""The bytes of subscribers' connections by layer. The sum of the layers is what their sockets carried."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class DeliveryBytes:
    """Bytes of one or more connections, both directions together unless a name says otherwise.

    Attributes:
        messages: events that arrived.
        frame_header: WebSocket headers of the frames with events.
        envelope: their messages without the data: names, channel, JSON, and the escapes of the data.
        payload: the data as the application passed it.
        encryption: what encryption added to it.
        protocol: messages of the Pusher protocol, with their frames and masks: subscriptions, pings.
        control: frames of WebSocket itself: pings, closes.
        handshake: the HTTP requests and responses that opened the connections.
        sent: what was sent, of all these.
        received: what was received, of all these.
        tls_sent: bytes that TLS added to what was sent.
        tls_received: bytes that TLS added to what was received.
        tcp_sent: data bytes sent, by the kernel; -1 if it keeps no count.
        tcp_received: data bytes received, likewise.
        segments_out: segments sent, those that carry no data included.
        segments_in: segments received, likewise.
        tcp_ip_sent: IP and TCP headers sent.
        tcp_ip_received: IP and TCP headers received.
        connections: connections opened.
    """

    messages: int = 0
    frame_header: int = 0
    envelope: int = 0
    payload: int = 0
    encryption: int = 0
    protocol: int = 0
    control: int = 0
    handshake: int = 0
    sent: int = 0
    received: int = 0
    tls_sent: int = 0
    tls_received: int = 0
    tcp_sent: int = 0
    tcp_received: int = 0
    segments_out: int = 0
    segments_in: int = 0
    tcp_ip_sent: int = 0
    tcp_ip_received: int = 0
    connections: int = 0

    @property
    def layers(self) -> int:
        """The sum of the layers."""
        data = self.frame_header + self.envelope + self.payload + self.encryption
        return data + self.protocol + self.control + self.handshake

    def plus(self, other: DeliveryBytes) -> Self:
        """The sum of both."""
        return type(self)(*(getattr(self, each) + getattr(other, each) for each in NAMES))

    def minus(self, other: DeliveryBytes) -> Self:
        """What was added since the other was counted."""
        return type(self)(*(getattr(self, each) - getattr(other, each) for each in NAMES))

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers by name."""
        return {each: getattr(self, each) for each in NAMES}


NAMES = tuple(each.name for each in fields(DeliveryBytes))
