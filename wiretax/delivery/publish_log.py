"""What this process's publishers send, noted call by call in a few bytes per event."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import numpy as np

from wiretax.channels.bodies.events import Event
from wiretax.channels.bodies.identity import Identity
from wiretax.channels.workload import Workload
from wiretax.delivery.counting.content_key import content_key
from wiretax.delivery.counting.published import Published


class PublishLog:
    """The calls of the open slice, from all publishers.

    Attributes:
        identity: stamps the events; None if they are the user's own, and are identified by their content.
        publishers: what each of them sends, by number.
    """

    def __init__(self, identity: Identity | None) -> None:
        self.identity = identity
        self._next = 0
        self.publishers: list[Workload] = []
        self._begin()

    def _begin(self) -> None:
        self.publishers = []
        self._first, self._count, self._publisher = array("q"), array("l"), array("l")
        self._outcome, self._messages, self._key = array("b"), array("h"), array("Q")
        self._began_s, self._ended_s, self._intended_s = array("d"), array("d"), array("d")

    @property
    def workloads(self) -> list[Workload]:
        """What was sent, each once."""
        return list(dict.fromkeys(self.publishers))

    def new_publisher(self, workload: Workload) -> int:
        """The number of a connection that sends a workload from now on."""
        self.publishers.append(workload)
        return len(self.publishers) - 1

    def number(self, events: int) -> int:
        """The number of the first of some events that are about to be sent; the others follow."""
        first = self._next
        self._next += events
        return first

    def note(
        self,
        publisher: int,
        first: int,
        intended_s: Sequence[float],
        times_s: tuple[float, float],
        outcome: int,
        events: Sequence[Event],
        data_of: Callable[[Event], str],
    ) -> None:
        """Note a call that has ended.

        Args:
            publisher: the connection.
            first: the number of its first event.
            intended_s: when each event was meant to arrive at the publisher, seconds on ``time.monotonic``.
            times_s: when the call began and ended, likewise.
            outcome: what became of it, a place in ``published.OUTCOMES``.
            events: what it carried.
            data_of: the data of an event as its subscribers get it; asked for events without a stamp.
        """
        self._first.append(first)
        self._count.append(len(events))
        self._publisher.append(publisher)
        self._began_s.append(times_s[0])
        self._ended_s.append(times_s[1])
        self._outcome.append(outcome)
        self._messages.append(len(events[0].channels))
        self._intended_s.extend(intended_s)
        if self.identity is None:
            for event in events:
                data = data_of(event)
                self._key.extend(content_key(channel, event.name, data) for channel in event.channels)

    def take(self) -> Published:
        """What was sent since the last time; all calls have ended."""
        count = np.array(self._count, dtype=np.int64)
        first = np.array(self._first, dtype=np.int64)
        call = np.repeat(np.arange(len(count)), count)
        within = np.arange(len(call)) - np.repeat(np.cumsum(count) - count, count)
        sequence = first[call] + within
        # Calls are noted as they end.
        order = np.argsort(sequence, kind="stable")
        messages = np.array(self._messages, dtype=np.int16)
        key = np.array(self._key, dtype=np.uint64)
        if len(key):
            rank = np.empty(len(order), dtype=np.int64)
            rank[order] = np.arange(len(order))
            key = key[np.argsort(np.repeat(rank, messages[call]), kind="stable")]
        call = call[order]
        published = Published(
            sequence[order],
            np.array(self._intended_s)[order],
            np.array(self._began_s)[call],
            np.array(self._ended_s)[call],
            np.array(self._outcome, dtype=np.int8)[call],
            call,
            messages[call],
            np.array(self._publisher, dtype=np.int32)[call],
            key,
        )
        publishers = self.publishers
        self._begin()
        # Those of whoever asks are still known by their numbers.
        self.publishers = publishers
        return published
