"""A hub that injects faults into what it delivers. The publisher's responses stay as they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from wiretax.channels.websocket.close_codes import RECONNECT
from wiretax.mock.delivery.hub import Hub
from wiretax.mock.delivery.published import Published
from wiretax.mock.faults import Fault
from wiretax.mock.protocols.timer import Timer

# Events that wait for those of the next request are sent after this time if there is none.
MOST_HELD_S = 0.2


class FaultyHub(Hub):
    """Loses, repeats, swaps or delays the events of some requests, or disconnects one of their subscribers."""

    def __init__(self, backpressure_bytes: int, timer: Timer, clock: Callable[[], float]) -> None:
        super().__init__(backpressure_bytes)
        self._timer = timer
        self._clock = clock
        self._held: list[Published] = []
        self._delayed: deque[tuple[float, Sequence[Published]]] = deque()

    def publish(self, events: Sequence[Published], fault: Fault | None = None) -> None:
        kind = "" if fault is None else fault.kind
        if kind == "drop":
            return
        if kind == "reorder":
            self._held += events
            self._timer.call_at(self._clock() + MOST_HELD_S, self._release)
            return
        if kind == "disconnect-subscriber":
            self._disconnect(events)
        if kind == "delay-delivery" or self._delayed:
            # What follows waits too: a slow server delivers late, but in order.
            assert fault is None or fault.wait_s >= 0
            wait_s = fault.wait_s if fault is not None and kind == "delay-delivery" else 0.0
            due_s = max(self._clock() + wait_s, self._delayed[-1][0] if self._delayed else 0.0)
            self._delayed.append((due_s, events))
            self._timer.call_at(due_s, self._send_due)
            return
        super().publish(events)
        if kind == "duplicate":
            super().publish(events)
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        super().publish(held)

    def _send_due(self) -> None:
        while self._delayed and self._delayed[0][0] <= self._clock():
            super().publish(self._delayed.popleft()[1])

    def _disconnect(self, events: Sequence[Published]) -> None:
        """Close the connection of one subscriber, which is told to connect again at once."""
        for event in events:
            for channel in event.channels:
                for subscriber in self.channels.get(channel, {}):
                    self.ledger.disconnected += 1
                    subscriber.disconnect(RECONNECT)
                    return
