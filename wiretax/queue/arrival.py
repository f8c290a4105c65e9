"""One event on its way from a source to the API."""

from __future__ import annotations

from dataclasses import dataclass

from wiretax.channels.bodies.events import Event


@dataclass(slots=True)
class Arrival:
    """An event and its time.

    Attributes:
        event: name, channels, data (a ready string).
        intended_s: when it was meant to arrive, seconds on ``time.monotonic``.
        token: what its source needs to acknowledge it.
    """

    event: Event
    intended_s: float
    token: object = None
