"""The protocol of a source: where arrivals come from, and what it is told about their calls."""

from __future__ import annotations

from typing import Protocol

from wiretax.queue.sources.arrival import Arrival
from wiretax.wire.queue_tally import QueueTally


class Source(Protocol):
    """A queue of arrivals, on gevent's loop, from which several publishers take.

    Attributes:
        retries: whether events whose call failed are taken again; if not, they are lost.
        error: what ended it early; None if nothing did.
    """

    @property
    def retries(self) -> bool: ...

    @property
    def error(self) -> Exception | None: ...

    def start(self) -> None:
        """Begin to produce.

        Raises:
            RuntimeError: nothing can be produced; the message says why.
        """
        ...

    def count_arrivals_in(self, tally: QueueTally) -> bool:
        """Count in this tally what arrives from now on; False if the source doesn't count its arrivals."""
        ...

    def take(self, most: int, linger_s: float) -> list[Arrival]:
        """Wait for the first arrival, then until ``most`` are there or ``linger_s`` after the first one arrived.

        Returns:
            At least one arrival, the oldest first; none once the source is closed and empty.
        """
        ...

    def acknowledge(self, arrivals: list[Arrival]) -> None:
        """Their call was acknowledged."""
        ...

    def retry(self, arrivals: list[Arrival]) -> None:
        """Their call failed: if the source retries, they are taken again."""
        ...

    def put_back(self, arrivals: list[Arrival]) -> None:
        """They were not sent: they are taken again."""
        ...

    def reject(self, arrivals: list[Arrival]) -> None:
        """The server refused them, and would refuse them again: they are not taken again."""
        ...

    def take_rest(self) -> list[Arrival]:
        """Remove the arrivals that will not be sent any more; none if the source keeps or reports them."""
        ...

    def waiting(self) -> int:
        """How many arrivals are waiting to be taken."""
        ...

    def close(self) -> None:
        """Stop producing. What has arrived can still be taken."""
        ...
