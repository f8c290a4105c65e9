"""Where arrivals come from, and who is told what became of them. Several publishers take from one source."""

from __future__ import annotations

from typing import Protocol

from wiretax.queue.arrival import Arrival


class Source(Protocol):
    """A queue of arrivals, on gevent's loop."""

    def start(self) -> None:
        """Begin to produce."""
        ...

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        """Wait for the first arrival; then until ``most`` are there, or ``linger_s`` after the first one arrived.

        Returns:
            One arrival at least, the oldest first; none where the source is closed.
        """
        ...

    def acknowledge(self, arrivals: list[Arrival]) -> None:
        """Their publish was acknowledged."""
        ...

    def give_back(self, arrivals: list[Arrival]) -> bool:
        """Their publish failed: they will be taken again (True), or count as lost (False)."""
        ...

    def put_back(self, arrivals: list[Arrival]) -> None:
        """They were not sent: they are taken again."""
        ...

    def reject(self, arrivals: list[Arrival]) -> None:
        """The server refused them, and would refuse them again: they are not taken again."""
        ...

    def waiting(self) -> int:
        """How deep the queue is now."""
        ...

    def close(self) -> None:
        """Nothing is to arrive any more."""
        ...
