"""The mock's own count of what it sent to subscribers, with which a run is reconciled."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class DeliveryLedger:
    """Totals since the mock started. None of them is part of the API's requests and bytes.

    Attributes:
        connections: WebSocket connections that were opened.
        subscriptions: subscriptions that were confirmed.
        messages: events sent, once for each subscriber that was sent one.
        message_bytes: their frames, headers included.
        sent_bytes: everything sent on WebSocket connections, handshakes included.
        received_bytes: everything received on them.
        dropped: events that a subscriber was not sent, because too much of what came before had not left yet.
        disconnected: subscribers that the mock disconnected.
    """

    connections: int = 0
    subscriptions: int = 0
    messages: int = 0
    message_bytes: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    dropped: int = 0
    disconnected: int = 0

    def as_dict(self) -> dict[str, int]:
        """Plain numbers, as ``server.json`` holds them; without those that are 0."""
        return {name: value for name, value in asdict(self).items() if value}
