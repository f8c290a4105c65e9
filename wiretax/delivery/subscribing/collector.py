"""What the subscribers of one process received, until it is asked for."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable

import numpy as np
from gevent.event import Event as Signal

from wiretax.delivery.counting.content_key import content_key
from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.delivery.counting.received import NOT_OURS, Gap, Received

SEQUENCE_DIGITS = 7


class Collector:
    """Collects deliveries in columns, and counts bytes by layer.

    Attributes:
        channels: the number of each channel that is subscribed to.
        reached: set once as many deliveries came as are waited for, or a subscriber gave up.
        latest_s: when the latest delivery came, seconds on ``time.monotonic``.
        backlog_bytes: the most that had arrived at a connection and was not read yet.
        error: why a subscriber gave up; empty if none did.
        deliveries: deliveries of this run's events, in all.
        told: told of each delivery, if somebody asked for that: its data, and when it arrived.
    """

    def __init__(self, prefix: str, by_content: bool) -> None:
        """
        Args:
            prefix: what a sequence number is preceded by in the data of this run's events.
            by_content: whether events carry none, and are identified by their channel, name and data.
        """
        self.channels: dict[str, int] = {}
        self.reached = Signal()
        self.latest_s = 0.0
        self.backlog_bytes = 0
        self.error = ""
        self.deliveries = 0
        self.told: Callable[[str, float], None] | None = None
        self._prefix = prefix
        self._by_content = by_content
        self._awaited = -1
        self._gaps: list[Gap] = []
        self._begin()
        self.messages = self.frame_header = self.envelope = self.payload = self.encryption = 0
        self.protocol = self.control = self.handshake = 0

    def _begin(self) -> None:
        self._subscriber, self._channel = array("h"), array("h")
        self._sequence, self._arrived_s, self._key = array("q"), array("d"), array("Q")

    def add(self, subscriber: int, channel: str, name: str, data: str, arrived_s: float) -> None:
        """Note a delivery.

        Args:
            subscriber: its number.
            channel: what the event came on.
            name: the event's.
            data: its data, decrypted.
            arrived_s: when the read returned that completed it, seconds on ``time.monotonic``.
        """
        sequence = NOT_OURS
        if self._by_content:
            self._key.append(content_key(channel, name, data))
            self.deliveries += 1
        else:
            at = data.find(self._prefix)
            if at >= 0:
                at += len(self._prefix)
                try:
                    sequence = int(data[at : at + SEQUENCE_DIGITS], 16)
                except ValueError:
                    sequence = NOT_OURS
                else:
                    self.deliveries += 1
        self._subscriber.append(subscriber)
        self._channel.append(self.channels.get(channel, len(self.channels)))
        self._sequence.append(sequence)
        self._arrived_s.append(arrived_s)
        self.latest_s = arrived_s
        if self.told is not None:
            self.told(data, arrived_s)

    def read(self) -> None:
        """Called after each read from a socket: whoever waits for deliveries is told that they have come."""
        if 0 <= self._awaited <= self.deliveries:
            self.reached.set()

    def await_(self, deliveries: int) -> None:
        """Have ``reached`` set once there are that many in all."""
        self._awaited = deliveries
        self.reached.clear()
        if self.error:
            self.reached.set()
        self.read()

    def add_gap(self, gap: Gap) -> None:
        """Note that a subscriber was not connected."""
        self._gaps.append(gap)

    def give_up(self, error: str) -> None:
        """Note why a subscriber can't go on."""
        self.error = self.error or error
        self.reached.set()

    def take(self, bytes_: DeliveryBytes, open_gaps: Iterable[Gap]) -> Received:
        """What was received since the last time.

        Args:
            bytes_: what connections carried since then.
            open_gaps: of subscribers that are not connected now.
        """
        received = Received(
            np.array(self._subscriber, dtype=np.int16),
            np.array(self._channel, dtype=np.int16),
            np.array(self._sequence, dtype=np.int64),
            np.array(self._arrived_s, dtype=np.float64),
            np.array(self._key, dtype=np.uint64),
            bytes_,
            (*self._gaps, *open_gaps),
            self.backlog_bytes,
            0.0,
            self.error,
        )
        self._gaps.clear()
        self.backlog_bytes = 0
        self._begin()
        return received

    def layers(self) -> DeliveryBytes:
        """The bytes by layer so far, on all connections."""
        return DeliveryBytes(
            messages=self.messages,
            frame_header=self.frame_header,
            envelope=self.envelope,
            payload=self.payload,
            encryption=self.encryption,
            protocol=self.protocol,
            control=self.control,
            handshake=self.handshake,
        )
