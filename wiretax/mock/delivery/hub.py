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
        # What one subscriber gets leaves together, as from servers that write once per turn of their loop.
        frames: dict[WebSocketConnection, list[bytes]] = {}
        for event in events:
            for channel in event.channels:
                subscribers = self.channels.get(channel)
                if not subscribers:
                    continue  # the last one has left
                message = delivery(Event(event.name, (channel,), event.data), channel)
                frame = next(iter(subscribers)).frame(message)
                for subscriber in subscribers:
                    if subscriber.socket_id != event.socket_id:
                        frames.setdefault(subscriber, []).append(frame)
        for subscriber, own in frames.items():
            subscriber.deliver(own)
