"""The subscriber of an observed publisher, which gets each channel before the first event to it is forwarded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from wiretax.channels.request.parser import SentEvent
from wiretax.delivery.counting.delivery_bytes import DeliveryBytes
from wiretax.delivery.counting.received import Received
from wiretax.delivery.subscribing.subscriber_error import SubscriberError
from wiretax.wire.connections.target import Target

if TYPE_CHECKING:
    from wiretax.delivery.subscribing.process import SubscriberProcess

Answer = TypeVar("Answer")
# How long a server may take to confirm a connection or a subscription.
TIMEOUT_S = 10.0
# How long after the command's end, and after each delivery, the next one is waited for.
GRACE_S = 1.0


class ObservedSubscriptions:
    """One subscriber in its own process, asked from asyncio.

    Attributes:
        error: why deliveries can't be counted any more; empty if they can.
        received: what it received; None before ``finish``.
        ended_s: when the last delivery had been waited for, seconds on ``time.monotonic``.
        totals: what its connection carried, once it is closed.
    """

    def __init__(self, target: Target) -> None:
        """``target``: the server."""
        app = replace(target.endpoint.app, master_key=None)
        # Encrypted events are compared as they are sent: only the publisher need know the key.
        self._target = replace(target, endpoint=replace(target.endpoint, app=app))
        # The process is asked on gevent's loop, of which each thread has its own.
        self._thread = ThreadPoolExecutor(1)
        self._process: SubscriberProcess | None = None
        self._channels: set[str] = set()
        self.error = ""
        self.received: Received | None = None
        self.ended_s = 0.0
        self.totals = DeliveryBytes()

    async def open(self) -> None:
        """Connect.

        Raises:
            SubscriberError: the server accepts no subscriber.
        """
        await self._ask(self._open)

    def lacking(self, events: Sequence[SentEvent]) -> list[str]:
        """The channels of these events that are not subscribed to yet."""
        if self.error:
            return []
        named = dict.fromkeys(channel for event in events for channel in event.channels)
        return [each for each in named if each not in self._channels]

    async def add(self, channels: Sequence[str]) -> None:
        """Subscribe to channels. If that fails, no more deliveries are counted."""

        assert self._process is not None
        try:
            await self._ask(self._process.add_channels, channels)
        except SubscriberError as error:
            self.error = self.error or str(error)
        self._channels.update(channels)

    async def finish(self, expected: int) -> None:
        """Wait for the last deliveries of the acknowledged events, of which there should be ``expected``."""

        assert self._process is not None
        try:
            received = await self._ask(self._process.finish, expected, GRACE_S)
        except SubscriberError as error:
            self.error = self.error or str(error)
        else:
            self.error = self.error or received.error
            self.received = received
        self.ended_s = monotonic()

    async def close(self) -> None:
        """Disconnect, and end the process."""
        if self._process is not None:
            self.totals = await self._ask(self._process.close)
        self._thread.shutdown()

    def _open(self) -> None:
        # It loads gevent, which nothing else here needs.
        from wiretax.delivery.subscribing.process import SubscriberProcess

        self._process = SubscriberProcess(self._target, "", by_content=True, timeout_s=TIMEOUT_S)
        self._process.begin((), 1)

    @property
    def cpu_s(self) -> float:
        """The process's time since it connected (s)."""
        return 0.0 if self.received is None else self.received.cpu_s

    async def _ask(self, question: Callable[..., Answer], *arguments: object) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, *arguments)
