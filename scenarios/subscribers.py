"""The scenarios with subscribers: ``locust -f scenarios/subscribers.py TriggerUser SubscriberUser``.

Each SubscriberUser subscribes to the channels that the other users publish to. The run's files then say of each
event whether it was delivered, and its delay is a row of Locust's table.
"""

from __future__ import annotations

# Locust puts the folder of this file first on sys.path.
from locustfile import BatchUser, MultiTriggerUser, QueueUser, TriggerUser  # type: ignore[import-not-found]

from wiretax.load.users.subscriber import FreeSubscriber

__all__ = ["BatchUser", "MultiTriggerUser", "QueueUser", "SubscriberUser", "TriggerUser"]


class SubscriberUser(FreeSubscriber):
    """Receives what the others publish."""
