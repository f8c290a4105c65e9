"""Whether subscribers can connect: it subscribes to a public and to a private channel, and publishes nothing."""

from __future__ import annotations

from wiretax.delivery.subscribing.subscriber_error import SubscriberError
from wiretax.delivery.subscribing.subscribers import Subscribers
from wiretax.doctor.finding import Finding
from wiretax.wire.connections.target import Target

CHANNELS = ("wiretax-doctor", "private-wiretax-doctor")
NO_EVENT = "wiretax-doctor"


def subscription(target: Target, timeout_s: float) -> Finding:
    """Subscribe over WebSocket, as ``wiretax run --deliver`` does.

    Args:
        target: the server.
        timeout_s: how long it may take to confirm.
    """
    subscribers = Subscribers(target, NO_EVENT, timeout_s=timeout_s)
    try:
        subscribers.begin(CHANNELS, 1)
    except SubscriberError as error:
        return Finding(
            "subscription",
            "note",
            str(error),
            "calls can be measured, but deliveries can't be counted (wiretax run --deliver): open /app/KEY, the "
            "server's WebSocket, to this machine",
        )
    finally:
        subscribers.close()
    return Finding("subscription", "ok", "subscribed to a public and a private channel over WebSocket")
