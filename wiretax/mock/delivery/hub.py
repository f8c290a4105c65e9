"""The subscribers of a mock by channel, and sending them what is published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wiretax.channels.bodies.events import Event
from wiretax.channels.websocket.messages import delivery
from wiretax.mock.delivery.ledger import DeliveryLedger
from wiretax.mock.delivery.published import Published
from wiretax.mock.faults import Fault

if TYPE_CHECKING:
    from wiretax.mock.delivery.websocket import WebSocketConnection


class Hub:
    """Sends events to the subscribers of their channels, in the order in which they were published.

    Attributes:
        channels: the subscribers of each channel that has one, in the order in which they came.
        connections: all WebSocket connections.
        ledger: what was sent.
        backpressure_bytes: a subscriber with more than that still to be sent is not sent any more events.
    """

    def __init__(self, backpressure_bytes: int) -> None:
        # Never replaced: whoever accepts events looks into it for each of them.
        self.channels: dict[str, dict[WebSocketConnection, None]] = {}
        self.connections: set[WebSocketConnection] = set()
        self.ledger = DeliveryLedger()
        self.backpressure_bytes = backpressure_bytes

    def subscribe(self, channel: str, connection: WebSocketConnection) -> None:
        """Send a connection the events of a channel from now on."""
        self.channels.setdefault(channel, {})[connection] = None
        self.ledger.subscriptions += 1

    def unsubscribe(self, channel: str, connection: WebSocketConnection) -> None:
        """Send it no more of them."""
        subscribers = self.channels.get(channel, {})
        subscribers.pop(connection, None)
        if not subscribers:
            self.channels.pop(channel, None)

    def publish(self, events: Sequence[Published], fault: Fault | None = None) -> None:
        """Send the events of a request. ``fault``: what goes wrong with it; None, unless faults are injected."""
        for event in events:
            self.send(event)

    def send(self, event: Published) -> None:
        """Send one event to all subscribers of its channels."""
        for channel in event.channels:
            subscribers = self.channels.get(channel)
            if not subscribers:
                continue  # the last one has left
            frame = b""
            for subscriber in list(subscribers):
                frame = frame or subscriber.frame(delivery(Event(event.name, (channel,), event.data), channel))
                if subscriber.socket_id != event.socket_id:
                    subscriber.deliver(frame)
