"""One event on its way from a source to the API."""

from __future__ import annotations

from dataclasses import dataclass

from wiretax.channels.bodies.events import Event


@dataclass(slots=True)
class Arrival:
    """An event and its time.

    Attributes:
        event: name, channels, data (a string ready to be sent).
        intended_s: when it was meant to arrive, seconds on its source's clock.
        token: what its source needs to acknowledge it.
    """

    event: Event
    intended_s: float
    token: object = None
